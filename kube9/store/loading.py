"""Reads all that a cluster is made of."""

from __future__ import annotations

from typing import Any, TypeVar

from attrs import frozen
from sqlalchemy import Connection, select

from kube9.core.deployments import Deployment
from kube9.core.errors import ManifestError, StoreError
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.store.leader import Term
from kube9.store.rows import DEPLOYMENTS, NODES, PODS, RowKind
from kube9.store.spectext import SpecReader

__all__ = ["Loaded", "load"]

V = TypeVar("V", Node, Pod, Deployment)


@frozen
class Loaded:
    """A cluster as it was stored, each kind in the order of its ordinals."""

    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    deployments: tuple[Deployment, ...]
    next_event_id: int
    #: The latest time that was ever stored; cluster time goes on from there.
    now_ms: int
    #: The longest lease that a node may still have from the server before.
    lease_ms: int = 0


def load(connection: Connection, term: Term, place: str) -> Loaded:
    """:raises StoreError: a row makes no sense; the message names it."""
    specs = SpecReader()
    nodes = _read(connection, NODES, specs, place)
    pods = _read(connection, PODS, specs, place)
    deployments = _read(connection, DEPLOYMENTS, specs, place)
    made: tuple[Node | Pod | Deployment, ...] = (*nodes, *pods, *deployments)
    now_ms = max((term.now_ms, *(each.created_at_ms for each in made)))
    return Loaded(nodes, pods, deployments, term.last_event_id + 1, now_ms, term.lease_ms)


def _read(connection: Connection, kind: RowKind[V], specs: SpecReader, place: str) -> tuple[V, ...]:
    columns = kind.table.c
    query = select(*(columns[name] for name in kind.columns)).order_by(columns.ordinal, columns.uid)
    values, value_of = [], kind.value
    row: Any = None
    try:
        for row in connection.execute(query):
            values.append(value_of(row, specs))
    except (ValueError, TypeError, LookupError, AssertionError) as exc:
        uid = row.uid
        raise StoreError(
            f"{place}: the row {uid!r} of the table {kind.table.name!r} cannot be read ({_what(exc)}); the database is "
            f"damaged or was changed by hand: restore a backup"
        ) from exc
    return tuple(values)


def _what(exc: Exception) -> str:
    """What is wrong, without a word of the spec: messages of its reader repeat what they found."""
    if isinstance(exc, ManifestError):
        return ", ".join(problem.path for problem in exc.problems[:3]) or "its spec"
    return type(exc).__name__
