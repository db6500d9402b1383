"""What comes now and then, read in a thread of its own, so that whoever waits for it can look at other things too."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

__all__ = ["Relay"]

T = TypeVar("T")

#: So many pieces may wait to be taken; then nothing more is read.
_WAITING_MAX = 64


class Relay(Generic[T]):
    """Reads ``pieces`` from the first :meth:`take` on.

    :param close: called once, by :meth:`leave`, to end a wait for the next piece; it may raise ``ValueError``, as a
        generator does that is busy, and then the thread ends with the piece after.
    """

    def __init__(self, pieces: Iterable[T], close: Callable[[], None]) -> None:
        self._pieces, self._close = pieces, close
        self._changed = threading.Condition()
        self._waiting: deque[T] = deque()
        self._begun = self._ended = self._left = False
        self._error: Exception | None = None

    def take(self, timeout_s: float) -> list[T]:
        """What has come by now, waiting a while for the first piece.

        :raises Exception: whatever was raised while reading, once all that came before it is taken.
        """
        with self._changed:
            self._begin()
            self._changed.wait_for(lambda: self._waiting or self._ended, timeout_s)
            taken = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
            if not taken and self._error is not None:
                raise self._error
        return taken

    @property
    def ended(self) -> bool:
        """Whether all of it was taken."""
        with self._changed:
            return self._ended and not self._waiting and self._error is None

    def leave(self) -> None:
        """Nobody takes anything any more. May be called again."""
        with self._changed:
            if self._left:
                return
            self._left = self._ended = True
            self._waiting.clear()
            self._changed.notify_all()
        try:
            self._close()
        except ValueError:
            return

    def _begin(self) -> None:
        if not self._begun and not self._left:
            self._begun = True
            threading.Thread(target=self._read, name="kube9-relay", daemon=True).start()

    def _read(self) -> None:
        error: Exception | None = None
        try:
            for piece in self._pieces:
                if not self._put(piece):
                    return
        except Exception as exc:
            # It is the taker's to tell of; here nobody would see it.
            error = exc
        with self._changed:
            self._error, self._ended = (None if self._left else error), True
            self._changed.notify_all()

    def _put(self, piece: T) -> bool:
        """Whether anybody still wants it."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < _WAITING_MAX or self._left)
            if self._left:
                return False
            self._waiting.append(piece)
            self._changed.notify_all()
            return True
