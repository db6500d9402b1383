"""Calls back when a time has come."""

from __future__ import annotations

import heapq
import threading
import time
from typing import Callable  # noqa: UP035  (Python 3.8)

__all__ = ["Alarms", "now_ms"]


def now_ms() -> int:
    """On the node's own monotonic clock."""
    return time.monotonic_ns() // 1_000_000


class Alarms:
    """One thread; whoever is called back is not to keep it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: list[tuple[int, int, Callable[[], None]]] = []
        self._serial = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="kube9-alarms", daemon=True)
        self._thread.start()

    def call_at(self, at_ms: int, callback: Callable[[], None]) -> None:
        """Call back once, at that time of :func:`now_ms` or soon after."""
        with self._changed:
            self._serial += 1
            heapq.heappush(self._calls, (at_ms, self._serial, callback))
            self._changed.notify()

    def close(self) -> None:
        """Call nobody any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._calls or self._calls[0][0] > now_ms()):
                    self._changed.wait((self._calls[0][0] - now_ms()) / 1000 if self._calls else None)
                if self._closed:
                    return
                _, _, callback = heapq.heappop(self._calls)
            callback()
