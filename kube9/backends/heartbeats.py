"""Heartbeats of nodes in memory: one timer for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from kube9.core.ports import Clock
from kube9.core.stimuli import Heartbeat, Stimulus

__all__ = ["Heartbeats"]


class Heartbeats:
    """Delivers a heartbeat of every node that is up, again and again.

    :param interval_ms: 0 for never.
    :param up: the uids of those that are up now.
    """

    def __init__(
        self, clock: Clock, interval_ms: int, up: Callable[[], Iterable[str]], deliver: Callable[[Stimulus], None]
    ) -> None:
        self._clock, self._interval_ms, self._up, self._deliver = clock, interval_ms, up, deliver
        self._lock = threading.Lock()
        self._running = False

    def start(self) -> None:
        """Begin, unless that was done already or there is nothing to do."""
        with self._lock:
            if self._running or not self._interval_ms:
                return
            self._running = True
        self._clock.call_at(self._clock.now_ms() + self._interval_ms, self._beat)

    def close(self) -> None:
        """Deliver nothing more after the round that is under way."""
        self._interval_ms = 0

    def _beat(self) -> None:
        interval_ms = self._interval_ms
        if not interval_ms:
            return
        now_ms = self._clock.now_ms()
        for uid in self._up():
            self._deliver(Heartbeat(at_ms=now_ms, uid=uid))
        self._clock.call_at(now_ms + interval_ms, self._beat)
