"""Who may write: each server that opens the database gets an epoch, and only the latest one's commits go through."""

from __future__ import annotations

from attrs import frozen
from sqlalchemy import Connection, bindparam, select, update

from kube9.core.errors import StoreError
from kube9.store.schema import leader

__all__ = ["Term", "begin_term", "hold_term", "read_term"]


# Part of every commit, and so not made anew for each.
_HOLD = (
    update(leader)
    .where(leader.c.epoch == bindparam("held_epoch"))
    .values(last_event_id=bindparam("told_id"), now_ms=bindparam("told_ms"), lease_ms=bindparam("given_ms"))
)


@frozen
class Term:
    """What the leader's row says."""

    epoch: int
    #: The highest that was ever given.
    last_event_id: int
    #: The latest cluster time that was ever stored.
    now_ms: int
    #: The longest lease that a node may still have.
    lease_ms: int
    #: What tells this cluster from others.
    cluster: str


def begin_term(connection: Connection, place: str) -> Term:
    """Raise the epoch: no commit of a server that had the database before goes through any more.

    :raises StoreError: the row is missing.
    """
    connection.execute(update(leader).values(epoch=leader.c.epoch + 1))
    return read_term(connection, place)


def read_term(connection: Connection, place: str) -> Term:
    """The latest term, whoever's it is.

    :raises StoreError: as :func:`begin_term`.
    """
    columns = leader.c
    query = select(columns.epoch, columns.last_event_id, columns.now_ms, columns.lease_ms, columns.cluster)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise StoreError(f"{place} has lost the row of its table 'leader'; restore a backup")
    return Term(*row)


def hold_term(connection: Connection, term: Term, place: str) -> None:
    """Say within a commit that the term goes on.

    :raises StoreError: another server has begun a later one.
    """
    told = {
        "held_epoch": term.epoch,
        "told_id": term.last_event_id,
        "told_ms": term.now_ms,
        "given_ms": term.lease_ms,
    }
    held = connection.execute(_HOLD, told)
    if held.rowcount != 1:
        raise taken_over(place)


def taken_over(place: str) -> StoreError:
    return StoreError(f"another server has taken over {place}; this one cannot go on and must be stopped")
