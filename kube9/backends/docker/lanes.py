"""Work in order for one node, side by side for several."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["Lanes"]

_log = logging.getLogger(__name__)

Job = Callable[[], None]


class Lanes:
    """A pool of threads, which start when there is something to do."""

    def __init__(self, threads: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(threads, name)
        self._lock = threading.Lock()
        #: What waits behind the job that is being done, by key; there is an entry as long as a thread has the key.
        self._waiting: dict[str, deque[Job]] = {}
        self._closed = False

    def put(self, key: str, job: Job) -> None:
        """Do ``job`` after all that was put under the same key before; never after a close."""
        with self._lock:
            if self._closed:
                return
            waiting = self._waiting.get(key)
            if waiting is not None:
                waiting.append(job)
                return
            self._waiting[key] = deque([job])
            self._pool.submit(self._run, key)

    def close(self) -> None:
        """Drop what waits, and return when what was begun has ended."""
        with self._lock:
            self._closed = True
            for waiting in self._waiting.values():
                waiting.clear()
        self._pool.shutdown(wait=True)

    def _run(self, key: str) -> None:
        while True:
            with self._lock:
                waiting = self._waiting[key]
                if not waiting:
                    del self._waiting[key]
                    return
                job = waiting.popleft()
            try:
                job()
            except Exception:
                # One job that fails in a way nobody foresaw must not stop those behind it.
                _log.exception("work for %s failed", key)
