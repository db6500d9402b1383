"""A few threads for many lanes: what is put into one lane is done in order, lanes are done side by side."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

__all__ = ["Lanes"]

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Lanes(Generic[T]):
    """Does jobs on threads of its own.

    :param do: does one job. What it raises is logged, and the lane goes on.
    """

    def __init__(self, do: Callable[[T], None], *, threads: int, name: str) -> None:
        self._do = do
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        #: Lanes with something to do or being done; each stands below once, or is in the hands of one thread.
        self._jobs: dict[str, deque[T]] = {}
        self._ready: deque[str] = deque()
        self._waiting = 0
        self._closed = False
        # A backend that hangs for ever must not keep the process alive, hence daemons.
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def put_all(self, jobs: Iterable[tuple[str, T]]) -> None:
        """Put each job at the end of its lane; nothing once closed."""
        with self._lock:
            if self._closed:
                return
            for lane, job in jobs:
                queued = self._jobs.get(lane)
                if queued is None:
                    self._jobs[lane] = deque([job])
                    self._ready.append(lane)
                else:
                    queued.append(job)
                self._waiting += 1
            self._wake_another()

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is left to do; ``False`` if that took too long."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._jobs, timeout_s)

    def close(self, timeout_s: float) -> int:
        """Begin nothing more, and wait for what is under way; returns how many jobs were dropped."""
        with self._lock:
            self._closed = True
            dropped = self._waiting
            self._work.notify_all()
        until_s = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, until_s - time.monotonic()))
        return dropped

    def __len__(self) -> int:
        """How many jobs wait."""
        return self._waiting

    def _run(self) -> None:
        while (lane := self._take()) is not None:
            while (job := self._next(lane)) is not None:
                try:
                    self._do(job)
                except Exception:
                    # This thread serves every lane: one job that fails must not silence the rest.
                    _log.exception("a job for a backend failed; lane=%s job=%r", lane, job)

    def _take(self) -> str | None:
        """Wait for a lane with something to do; ``None`` once closed."""
        with self._lock:
            while not self._ready and not self._closed:
                self._work.wait()
            if self._closed:
                return None
            lane = self._ready.popleft()
            self._wake_another()
            return lane

    def _wake_another(self) -> None:
        # Each thread that takes a lane wakes the next one. Where jobs are done in no time few wake up; where they take
        # long, soon all do. To wake all for each little job would cost more than doing it.
        if self._ready:
            self._work.notify()

    def _next(self, lane: str) -> T | None:
        with self._lock:
            queued = self._jobs.get(lane)
            if queued and not self._closed:
                self._waiting -= 1
                return queued.popleft()
            self._jobs.pop(lane, None)
            if not self._jobs:
                self._idle.notify_all()
            return None
