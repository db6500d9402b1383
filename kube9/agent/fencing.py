"""Kills copies of pods that may not run any more, all at once, and until it is done."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.runtime import Runtime

__all__ = ["Fencing"]

#: How many are killed at a time.
_KILLERS_MAX = 32
_PAUSE_S, _PAUSE_S_MAX = 0.2, 2.0

_log = logging.getLogger("kube9.agent.fencing")


class Fencing:
    """:param done: is told, from any thread, when a copy surely does not run any more."""

    def __init__(self, runtime: Runtime, done: Callable[[], None]) -> None:
        self._runtime, self._done = runtime, done
        self._lock = threading.Lock()
        self._dying: set[tuple[str, int]] = set()
        self._closed = threading.Event()

    def kill(self, copies: Sequence[tuple[str, int]]) -> None:
        """Begin to kill them; returns at once."""
        with self._lock:
            new = [copy for copy in copies if copy not in self._dying]
            self._dying.update(new)
        waiting = deque(new)
        for _ in range(min(len(new), _KILLERS_MAX)):
            threading.Thread(target=self._work, args=(waiting,), name="kube9-killer", daemon=True).start()

    def dies(self, uid: str) -> bool:
        """Whether a copy of this pod is still to be killed, so that no other may start."""
        with self._lock:
            return any(each == uid for each, _ in self._dying)

    @property
    def busy(self) -> bool:
        """Whether anything is still to be killed."""
        with self._lock:
            return bool(self._dying)

    def close(self) -> None:
        """Try nothing again."""
        self._closed.set()

    def _work(self, waiting: deque[tuple[str, int]]) -> None:
        while True:
            try:
                uid, epoch = waiting.popleft()
            except IndexError:
                return
            self._kill(uid, epoch)
            with self._lock:
                self._dying.discard((uid, epoch))
            self._done()

    def _kill(self, uid: str, epoch: int) -> None:
        pause_s = _PAUSE_S
        while True:
            try:
                self._runtime.kill(uid, epoch)
                break
            except Exception as exc:
                _log.warning("pod=%s epoch=%d could not be killed, and is tried again: %s", uid, epoch, exc)
            if self._closed.wait(pause_s):
                return
            pause_s = min(_PAUSE_S_MAX, pause_s * 2)
        # Nobody will ask any more for what is left of it.
        self._runtime.stop(uid, epoch, 0)
