"""The latest events, for whoever lists or watches them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from itertools import islice

from kube9.store.record import StoredEvent

__all__ = ["EventLog"]


class EventLog:
    """The last events that are durable, under consecutive ids. Older ones are for the store to tell.

    :param kept: how many.
    """

    def __init__(self, kept: int) -> None:
        self._events: deque[StoredEvent] = deque(maxlen=kept)
        self._last_id = 0
        self._changed = threading.Condition()
        self._closed = False

    def begin(self, last_id: int) -> None:
        """Start after the event ``last_id`` of an earlier life."""
        with self._changed:
            self._last_id = last_id

    def add(self, events: Sequence[StoredEvent]) -> None:
        """Add events, whose ids go on where the last left off, and wake those who wait for them."""
        if not events:
            return
        with self._changed:
            self._events.extend(events)
            self._last_id = events[-1].id
            self._changed.notify_all()

    @property
    def last_id(self) -> int:
        """The id of the last event ever; 0 where there was none."""
        return self._last_id

    @property
    def first_id(self) -> int:
        """The id of the oldest event that is still here; one more than the last where none is."""
        with self._changed:
            return self._events[0].id if self._events else self._last_id + 1

    @property
    def closed(self) -> bool:
        """Whether no event will ever be added."""
        return self._closed

    def since(self, after_id: int, limit: int = 1000) -> tuple[StoredEvent, ...]:
        """Events with an id above ``after_id``, oldest first; those before :attr:`first_id` are left out."""
        with self._changed:
            if not self._events or after_id >= self._last_id:
                return ()
            skipped = max(0, after_id + 1 - self._events[0].id)
            return tuple(islice(self._events, skipped, skipped + limit))

    def wait(self, after_id: int, timeout_s: float) -> bool:
        """Wait until there is an event with an id above ``after_id``; ``False`` if none came, or none will."""
        with self._changed:
            self._changed.wait_for(lambda: self._last_id > after_id or self._closed, timeout_s)
            return self._last_id > after_id

    def close(self) -> None:
        """Wake all who wait: there will be no more events."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
