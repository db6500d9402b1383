"""An iterator that waits for what comes, read in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

__all__ = ["Reading"]

T = TypeVar("T")


class Reading(Generic[T]):
    """Reads ``pieces`` from now on."""

    def __init__(self, pieces: Iterable[T]) -> None:
        self._pieces = pieces
        self._changed = threading.Condition()
        #: What came so far.
        self.came: list[T] = []
        #: Whether that is all.
        self.ended = False
        threading.Thread(target=self._read, name="kube9-reading", daemon=True).start()

    def wait_for(self, wanted: Callable[[Reading[T]], bool], patience_s: float) -> bool:
        """Wait until something holds of it, in real time; whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: wanted(self), patience_s)

    def _read(self) -> None:
        try:
            for piece in self._pieces:
                with self._changed:
                    self.came.append(piece)
                    self._changed.notify_all()
        finally:
            with self._changed:
                self.ended = True
                self._changed.notify_all()
