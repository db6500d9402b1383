"""The end of a run: everything comes to rest, and then everything goes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable

from kube9.core.pods import PodPhase
from reliability.book import Book, Entry, Life, Violation
from reliability.documents import large_node_document
from reliability.exchange import Connection
from reliability.server import NotInTime, pause
from reliability.snapshot import Snapshot

__all__ = ["converge", "empty"]

_PATIENCE_S = 120.0
#: So many nodes that take whatever is left over.
_LARGE = 2
_PATHS = {
    "Deployment": "/v1/deployments/{}",
    "Pod": "/v1/pods/{}?gracePeriodSeconds=0",
    "Node": "/v1/nodes/{}",
}


def converge(connection: Connection, books: list[Book]) -> None:
    """Give the cluster all the room it needs, and wait until every pod runs and every deployment has its pods.

    :raises NotInTime: something never comes to rest; the message says what.
    """
    for number in range(_LARGE):
        name = f"large-{number}"
        entry = books[0].add(Entry(kind="Node", name=name, document=large_node_document(name), key=name))
        entry.set("cordoned", False)
        _demand(connection, "POST", "/v1/nodes", entry.document)
        entry.life = Life.THERE
    wanted = {entry.name: entry.is_now["replicas"] for book in books for entry in book.of("Deployment", Life.THERE)}
    _wait(connection, lambda snapshot: _unsettled(snapshot, wanted))


def empty(connection: Connection, books: Iterable[Book]) -> None:
    """Delete everything, and wait until it is gone.

    :raises NotInTime: something stays.
    """
    for kind, path in _PATHS.items():
        for entry in [entry for book in books for entry in book.of(kind, Life.THERE)]:
            entry.life = Life.ENDING
            _demand(connection, "DELETE", path.format(entry.name), None)
            entry.life = Life.ENDED
        _wait(connection, lambda snapshot, kind=kind: _left(snapshot, kind))  # type: ignore[misc]


def _unsettled(snapshot: Snapshot, wanted: dict[str, object]) -> str:
    """What has not come to rest yet; empty where everything has."""
    for pod in snapshot.pods:
        if pod.phase is not PodPhase.RUNNING or pod.deleting or pod.evicting:
            return f"pod {pod.name} is {pod.phase.value} ({pod.reason}), deleting {pod.deleting}"
    names = {deployment.uid: deployment.name for deployment in snapshot.deployments}
    running = Counter(names.get(pod.owner.uid, "") for pod in snapshot.pods if pod.owner is not None)
    for name, replicas in wanted.items():
        if running[name] != replicas:
            return f"deployment {name} has {running[name]} of {replicas} pods"
    for node in snapshot.nodes:
        if node.deleting:
            return f"node {node.name} is still being deleted"
    return ""


def _left(snapshot: Snapshot, kind: str) -> str:
    names = [thing.name for of_kind, thing in snapshot.everything() if of_kind == kind]
    return f"{len(names)} of kind {kind} are still there, such as {names[0]}" if names else ""


def _wait(connection: Connection, missing: Callable[[Snapshot], str]) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while problem := missing(Snapshot.told(connection)):
        if time.monotonic() > deadline_s:
            raise NotInTime(f"after {_PATIENCE_S:g} s without any load, {problem}")
        pause(0.1)


def _demand(connection: Connection, method: str, path: str, body: object) -> None:
    answer = connection.ask(method, path, body)  # type: ignore[arg-type]
    if not answer.done:
        raise Violation(f"{method} {path} was answered with {answer}")
