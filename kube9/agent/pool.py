"""Threads that carry out what is to be done, no more of them at once than is good for whom they ask."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Callable, Deque  # noqa: UP035  (Python 3.8)

__all__ = ["Pool"]

_LOG = logging.getLogger(__name__)
#: After which a thread without work ends.
_IDLE_S = 10.0


class Pool:
    """:param threads_max: at most so many at once; they are begun when there is work for them."""

    def __init__(self, name: str, threads_max: int) -> None:
        self._name, self._threads_max = name, threads_max
        self._work: Deque[Callable[[], None]] = deque()  # noqa: UP006
        self._changed = threading.Condition()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._closed = False

    def submit(self, work: Callable[[], None]) -> None:
        """Have it done; nothing is begun any more once the pool is closed."""
        with self._changed:
            if self._closed:
                return
            self._work.append(work)
            if self._idle >= len(self._work):
                self._changed.notify()
            elif len(self._threads) < self._threads_max:
                thread = threading.Thread(target=self._run, name=f"kube9-{self._name}", daemon=True)
                self._threads.add(thread)
                thread.start()

    def close(self, wait_s: float = 0.0) -> None:
        """Begin nothing more, and wait so long for what is under way."""
        with self._changed:
            self._closed = True
            self._work.clear()
            self._changed.notify_all()
            threads = list(self._threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(wait_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._work and not self._closed:
                    self._idle += 1
                    self._changed.wait(_IDLE_S)
                    self._idle -= 1
                if not self._work:
                    self._threads.discard(threading.current_thread())
                    return
                work = self._work.popleft()
            try:
                work()
            except Exception:
                _LOG.exception("work=%r", work)
