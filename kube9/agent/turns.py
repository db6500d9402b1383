"""Has what happens to one thing taken in by one thread at a time, in turns, and wakes it when its time has come."""

from __future__ import annotations

import threading
from typing import Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.alarms import Alarms
from kube9.agent.pool import Pool

__all__ = ["Turns"]


class Turns:
    """:param step: does one thing that is due; ``False`` where nothing was.

    :param next_ms: when there will be something; ``None`` for when something has happened.
    """

    def __init__(self, pool: Pool, alarms: Alarms, step: Callable[[], bool], next_ms: Callable[[], int | None]) -> None:
        self._pool, self._alarms, self._step, self._next_ms = pool, alarms, step, next_ms
        self._lock, self._turning = threading.Lock(), threading.Lock()
        self._inbox: list[Callable[[], None]] = []
        self._queued = False
        self._alarm_ms: int | None = None

    def post(self, happened: Callable[[], None]) -> None:
        """Have it taken in, soon."""
        with self._lock:
            self._inbox.append(happened)
            if self._queued:
                return
            self._queued = True
        self._pool.submit(self._turn)

    def wake(self) -> None:
        """Go on with whatever is due."""
        self.post(lambda: None)

    def wait(self) -> bool:
        """Wait for the step that is under way; ``False`` where there was none."""
        idle = self._turning.acquire(blocking=False)
        if not idle:
            self._turning.acquire()
        self._turning.release()
        return not idle

    def _turn(self) -> None:
        more = True
        while more:
            with self._lock:
                inbox, self._inbox = self._inbox, []
            with self._turning:
                for happened in inbox:
                    happened()
                moved = self._step()
            self._set_alarm()
            with self._lock:
                more = self._queued = moved or bool(self._inbox)

    def _set_alarm(self) -> None:
        next_ms = self._next_ms()
        if next_ms is not None and (self._alarm_ms is None or next_ms < self._alarm_ms):
            self._alarm_ms = next_ms
            self._alarms.call_at(next_ms, lambda: self.post(self._rung))

    def _rung(self) -> None:
        self._alarm_ms = None
