"""Has what happens to one thing taken in by one thread at a time, in turns, and wakes it when its time has come."""

from __future__ import annotations

import logging
import threading
from typing import Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.alarms import Alarms, now_ms
from kube9.agent.pool import Pool

__all__ = ["Turns"]

_LOG = logging.getLogger(__name__)
#: After a fault of ours, before it goes on.
_PAUSE_MS = 2_000


class Turns:
    """:param about: what they are the turns of, for the log.

    :param step: does one thing that is due; ``False`` where nothing was.
    :param next_ms: when there will be something; ``None`` for when something has happened.
    """

    def __init__(
        self, about: str, pool: Pool, alarms: Alarms, step: Callable[[], bool], next_ms: Callable[[], int | None]
    ) -> None:
        self._about, self._pool, self._alarms, self._step, self._next_ms = about, pool, alarms, step, next_ms
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

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return self._turning.locked()

    def wait(self) -> None:
        """Wait for the turn that is under way."""
        with self._turning:
            pass

    def _turn(self) -> None:
        more = True
        while more:
            with self._lock:
                inbox, self._inbox = self._inbox, []
            with self._turning:
                moved = self._take(inbox)
            with self._lock:
                more = self._queued = moved or bool(self._inbox)

    def _take(self, inbox: list[Callable[[], None]]) -> bool:
        """A fault of ours is not to keep what else happened from being taken in, nor anything waiting for ever."""
        sound = True
        for work in (*inbox, self._go_on):
            try:
                moved = work() is True
            except Exception:
                _LOG.exception("%s", self._about)
                sound = False
        if not sound:
            self._alarms.call_at(now_ms() + _PAUSE_MS, self.wake)
        return sound and moved

    def _go_on(self) -> bool:
        moved = self._step()
        next_ms = self._next_ms()
        if next_ms is not None and (self._alarm_ms is None or next_ms < self._alarm_ms):
            self._alarm_ms = next_ms
            self._alarms.call_at(next_ms, lambda: self.post(self._rung))
        return moved

    def _rung(self) -> None:
        self._alarm_ms = None
