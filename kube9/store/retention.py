"""How long events stay."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from kube9.store.schema import events

__all__ = ["Retention"]

#: At most so many ids are gone through by one commit, so that a lower limit after a long time delays none by much.
SWEEP_MAX = 20_000


class Retention:
    """Deletes the oldest events within commits, some at a time.

    :param kept: how many of the latest stay; up to a tenth more are there between two sweeps.
    """

    def __init__(self, connection: Connection, kept: int) -> None:
        self._kept, self._slack = kept, max(1, min(kept // 10, 1000))
        #: No event below this id is there.
        self._oldest: int = connection.scalar(select(func.min(events.c.id))) or 0

    def sweep(self, connection: Connection, last_id: int, added: int) -> int:
        """Delete what is too old once enough of it is; returns the id below which there is none, if this is committed.

        :param last_id: of the latest event, which this commit may be adding.
        :param added: how many it adds.
        """
        end = last_id - self._kept + 1
        if end - self._oldest < self._slack:
            return self._oldest
        end = min(end, self._oldest + max(SWEEP_MAX, 2 * added))
        connection.execute(delete(events).where(events.c.id < end))
        return end

    def settle(self, oldest: int) -> None:
        """The sweep that returned ``oldest`` was committed."""
        self._oldest = oldest
