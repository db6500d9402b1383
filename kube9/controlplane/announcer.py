"""Tells plugins what happened, on a thread of its own: a slow plugin is slow for itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from kube9.core.errors import PluginError
from kube9.core.events import Event

__all__ = ["Announcer"]

_log = logging.getLogger(__name__)


class Announcer:
    """Announces events in order.

    :param announce: tells one event to whoever wants to know.
    :param waiting_max: how many events may wait; while there are more, new ones are not told.
    """

    def __init__(self, announce: Callable[[Event], None], *, waiting_max: int) -> None:
        self._announce, self._waiting_max = announce, waiting_max
        self._queue: SimpleQueue[Sequence[Event] | None] = SimpleQueue()
        self._put = self._told = 0
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="kube9-announcer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, events: Sequence[Event]) -> None:
        """Let events be announced; to be called by one thread."""
        if not events:
            return
        if self._put - self._told + len(events) > self._waiting_max and self._put != self._told:
            if not self.dropped:
                _log.warning("plugins are slower than the cluster: some events are not told to them")
            self.dropped += len(events)
            return
        self._put += len(events)
        self._queue.put(events)

    def close(self, timeout_s: float) -> None:
        """End after what is waiting, or when the time is over."""
        self._queue.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while (events := self._queue.get()) is not None:
            for event in events:
                try:
                    self._announce(event)
                except PluginError:
                    # Only where plugins are strict. In a server there is nobody to raise it to, and the cluster itself
                    # is none the worse.
                    _log.exception("a plugin failed on %s", type(event).__name__)
            self._told += len(events)
