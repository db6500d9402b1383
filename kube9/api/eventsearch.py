"""Events, out of memory where they are all there, else out of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from kube9.controlplane import EventLog
from kube9.store.record import StoredEvent

if TYPE_CHECKING:
    from kube9.store import Store

__all__ = ["EventFilter", "EventSearch"]


@frozen(kw_only=True)
class EventFilter:
    """Which events are wanted; ``None`` for any."""

    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    type: str | None = None

    def takes(self, event: StoredEvent) -> bool:
        return (
            (self.kind is None or event.object_kind == self.kind)
            and (self.name is None or event.name == self.name)
            and (self.namespace is None or event.namespace == self.namespace)
            and (self.type is None or event.type == self.type)
        )


_ALL = EventFilter()


class EventSearch:
    """Looks for events. What is in memory is found while the database is away, too."""

    def __init__(self, log: EventLog, store: Store) -> None:
        self._log, self._store = log, store

    def after(self, after_id: int, limit: int, wanted: EventFilter = _ALL) -> Sequence[StoredEvent]:
        """Those behind an id, at most ``limit``, oldest first.

        :raises StoreUnavailable: some are in the database alone, which is away.
        """
        if after_id + 1 < self._log.first_id:
            return self._stored(after_id, limit, wanted)
        if wanted is _ALL:
            return self._log.since(after_id, limit)
        return [event for event in self._remembered(after_id) if wanted.takes(event)][:limit]

    def last(self, limit: int, wanted: EventFilter = _ALL) -> Sequence[StoredEvent]:
        """The last ones, at most ``limit``, oldest first.

        :raises StoreUnavailable: as above.
        """
        found = [event for event in self._remembered(0) if wanted.takes(event)]
        if len(found) >= limit or self._log.first_id <= 1:
            return found[-limit:]
        return self._stored(0, limit, wanted, newest_first=True)[::-1]

    def _remembered(self, after_id: int) -> Sequence[StoredEvent]:
        return self._log.since(after_id, max(1, self._log.last_id - after_id))

    def _stored(
        self, after_id: int, limit: int, wanted: EventFilter, *, newest_first: bool = False
    ) -> Sequence[StoredEvent]:
        return self._store.events(
            after=after_id,
            limit=limit,
            newest_first=newest_first,
            object_kind=wanted.kind,
            name=wanted.name,
            namespace=wanted.namespace,
            types=() if wanted.type is None else (wanted.type,),
        )
