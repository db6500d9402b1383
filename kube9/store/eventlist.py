"""Finds events among those that are kept."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from kube9.store.record import StoredEvent
from kube9.store.schema import events

__all__ = ["find_events"]


def find_events(
    connection: Connection,
    *,
    after: int,
    before: int | None,
    limit: int,
    newest_first: bool,
    types: Collection[str],
    **equal: str | None,
) -> tuple[StoredEvent, ...]:
    """What :meth:`kube9.store.Store.events` gives."""
    wanted = select(*(events.c[name] for name in StoredEvent._fields)).where(events.c.id > after)
    if before is not None:
        wanted = wanted.where(events.c.id < before)
    if types:
        wanted = wanted.where(events.c.type.in_(types))
    for name, value in equal.items():
        if value is not None:
            wanted = wanted.where(events.c[name] == value)
    wanted = wanted.order_by(events.c.id.desc() if newest_first else events.c.id).limit(limit)
    return tuple(map(StoredEvent._make, connection.execute(wanted)))
