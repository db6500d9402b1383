"""What may be seen, by what was acknowledged: every difference is a violation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import singledispatch

from attrs import evolve

from kube9.core.deployments import Deployment
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from reliability.book import Book, Entry, Life
from reliability.documents import spec_of
from reliability.snapshot import Snapshot

__all__ = ["audit"]

#: At most so many violations of one sort are told.
_TOLD = 5


def audit(books: Iterable[Book], snapshot: Snapshot, epochs: dict[str, int]) -> list[str]:
    """Every violation in ``snapshot``, for people.

    What was open and is now seen is settled: it was on the disk, so it can never be otherwise again. Nothing may be
    under way while this runs.

    :param epochs: the highest that was ever seen, by uid of the pod; grows here.
    """
    entries = {at: entry for book in books for at, entry in book.entries.items()}
    found = [
        *_doubled(snapshot),
        *_strangers(entries, snapshot),
        *_overfull(snapshot),
        *_gone_back(snapshot, epochs),
    ]
    seen = {(kind, thing.name): thing for kind, thing in snapshot.everything()}
    for at, entry in entries.items():
        problem = _look(entry, seen.get(at))
        if problem:
            found.append(problem)
    return [f"{snapshot.source}: {problem}" for problem in found]


def _doubled(snapshot: Snapshot) -> Iterator[str]:
    for what, counted in (
        ("name", Counter((kind, getattr(thing, "namespace", ""), thing.name) for kind, thing in snapshot.everything())),
        ("uid", Counter(thing.uid for _, thing in snapshot.everything())),
    ):
        for value, times in counted.most_common(_TOLD):
            if times > 1:
                yield f"{what} {value!r} is there {times} times"


def _strangers(entries: Mapping[tuple[str, str], Entry], snapshot: Snapshot) -> Iterator[str]:
    """What nobody asked for, or what was gone already; pods of a deployment belong to it."""
    owners = {deployment.uid for deployment in snapshot.deployments}
    strangers = 0
    for kind, thing in snapshot.everything():
        if isinstance(thing, Pod) and thing.owner is not None:
            if thing.owner.uid in owners:
                continue
        elif (entry := entries.get((kind, thing.name))) is not None and entry.life is not Life.GONE:
            continue
        strangers += 1
        if strangers <= _TOLD:
            yield f"{kind} {thing.name} (uid {thing.uid}) is there, but nobody asked for it, or it was gone before"


def _overfull(snapshot: Snapshot) -> Iterator[str]:
    """Nodes that hold more than they have; what is on a node that is gone counts for nobody."""
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    shares: dict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
    for pod in snapshot.pods:
        if pod.node_uid is not None and not pod.phase.finished:
            taken[pod.node_uid].update({**pod.spec.requests, "pods": 1})
            wanted = {device.kind: device.milli for device in pod.spec.devices}
            held = {(kind, index): wanted[kind] for kind, indices in pod.devices.items() for index in indices}
            shares[pod.node_uid].update(held)
    for node in snapshot.nodes:
        capacity = node.spec.capacity
        for resource, amount in taken[node.uid].items():
            limit = capacity.get(resource)
            if amount > (limit if limit is not None else amount if resource == "pods" else 0):
                yield f"node {node.name} has {limit} of {resource}, and its pods take {amount}"
        whole = {group.kind: group for group in node.spec.devices}
        for (kind, index), milli in shares[node.uid].items():
            if kind not in whole or index >= whole[kind].count or milli > whole[kind].milli:
                yield f"node {node.name}: {milli} milli of {kind} {index} are taken, it has {whole.get(kind)}"


def _gone_back(snapshot: Snapshot, epochs: dict[str, int]) -> Iterator[str]:
    for pod in snapshot.pods:
        before = epochs.get(pod.uid, 0)
        if pod.epoch < before:
            yield f"pod {pod.name} has epoch {pod.epoch}, and had {before} before"
        epochs[pod.uid] = max(before, pod.epoch)


def _look(entry: Entry, seen: Node | Pod | Deployment | None) -> str:
    """What is wrong with it; empty where nothing is. Settles what was open."""
    if seen is None:
        return _missing(entry)
    if entry.uid is not None and seen.uid != entry.uid:
        return f"{entry.label} has uid {seen.uid}, and had {entry.uid} before"
    if entry.life is Life.THERE and seen.deleting:
        return f"{entry.label} is being deleted, which nobody asked for"
    if entry.life is Life.ENDED and not seen.deleting:
        return f"{entry.label} is there, although it was acknowledged as deleted"
    entry.uid, entry.certain = seen.uid, True
    if entry.life is Life.ASKED:
        entry.life = Life.THERE
    elif entry.life is Life.ENDING and seen.deleting:
        entry.life = Life.ENDED
    return _unlike(seen, entry)


def _missing(entry: Entry) -> str:
    if entry.life is Life.THERE or (entry.life is Life.ASKED and entry.certain):
        return f"{entry.label} (uid {entry.uid}) was acknowledged and is not there"
    if entry.life in (Life.ENDING, Life.ENDED):
        entry.life = Life.GONE
    return ""


@singledispatch
def _unlike(seen: object, entry: Entry) -> str:
    raise TypeError(f"there is nothing to compare {seen!r} with")


@_unlike.register
def _(seen: Pod, entry: Entry) -> str:
    asked = spec_of(entry.document, "Pod")
    return "" if seen.spec == asked else f"{entry.label} is {seen.spec}, and was asked for as {asked}"


@_unlike.register
def _(seen: Node, entry: Entry) -> str:
    asked = spec_of(entry.document, "Node")
    # Whoever names no backend gets the server's first one.
    asked = evolve(asked, backend=asked.backend or seen.spec.backend)
    if seen.spec != asked:
        return f"{entry.label} is {seen.spec}, and was asked for as {asked}"
    return entry.see("cordoned", seen.cordoned)


@_unlike.register
def _(seen: Deployment, entry: Entry) -> str:
    asked = spec_of(entry.document, "Deployment")
    if evolve(seen.spec, replicas=asked.replicas) != asked:
        return f"{entry.label} is {seen.spec}, and was asked for as {asked}"
    return "" if seen.deleting else entry.see("replicas", seen.spec.replicas)
