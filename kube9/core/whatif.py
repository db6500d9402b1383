"""What would become of a cluster: were nodes to fail, or drained, or added, and pods asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import field, frozen

from kube9.core.errors import ManifestError, PluginError, Problem
from kube9.core.frozen import frozen_tuple
from kube9.core.losses import Losses, losses
from kube9.core.nodes import Node, NodeSpec
from kube9.core.plan import Planned
from kube9.core.pods import Pod, PodSpec
from kube9.core.twin import Twin

__all__ = ["DRAINED", "FAILED", "WAITING", "Foreseeing", "PodMove", "Prospect", "WhatIf", "foresee", "problems_of"]

#: Why a pod would move: its node is gone, its node is emptied, or it waited and there is room now.
FAILED, DRAINED, WAITING = "failed", "drained", "waiting"


@frozen(kw_only=True)
class WhatIf:
    """What to suppose, all of it at one moment."""

    #: Names of nodes that are gone.
    fail: tuple[str, ...] = field(default=(), converter=frozen_tuple)
    #: Names of nodes that take no more pods, and whose pods move one after the other, node by node.
    drain: tuple[str, ...] = field(default=(), converter=frozen_tuple)
    #: Nodes that are there, Ready and empty, having joined in this order.
    add: tuple[NodeSpec, ...] = field(default=(), converter=frozen_tuple)
    #: Pods that are asked for after all that, in this order.
    pods: tuple[PodSpec, ...] = field(default=(), converter=frozen_tuple)
    #: Whether to find out as well how many nodes can be lost after all that.
    losses: bool = False


@frozen(kw_only=True)
class PodMove:
    """A pod that would not be any more where it is, or could not."""

    pod: Pod
    cause: str
    #: ``None`` for one that waits now.
    from_node: str | None
    #: ``None`` where it fits on no other node: it then waits, or, where its node is drained, stays.
    to_node: str | None
    #: Why it fits on no other node.
    reason: str = ""


@frozen(kw_only=True)
class Prospect:
    """What would become of the cluster."""

    #: Off failed nodes, then off drained ones, then out of the queue.
    moves: tuple[PodMove, ...]
    planned: tuple[Planned, ...]
    #: How many pods wait now and still would.
    still_waiting: int
    #: ``None`` where nobody asked.
    losses: Losses | None


#: Steps between which others can be served; the last one returns the answer.
Foreseeing: TypeAlias = Generator[None, None, Prospect]


def problems_of(wanted: WhatIf, nodes: Mapping[str, str], schedulers: Iterable[str]) -> list[Problem]:
    """All that keeps ``wanted`` from being supposed.

    :param nodes: uids by the names of the nodes there are.
    """
    named = [(f"{word}[{i}]", name) for word in ("fail", "drain") for i, name in enumerate(getattr(wanted, word))]
    problems = [
        Problem(path, f"there is no node {name!r}; see 'kube9 node list'") for path, name in named if name not in nodes
    ]
    problems += _twice(named)
    added = [(f"add[{index}].metadata.name", spec.name) for index, spec in enumerate(wanted.add)]
    problems += [
        Problem(path, f"there is a node {name!r} already; give the new one another name")
        for path, name in added
        if name in nodes
    ]
    problems += _twice(added)
    known = sorted(filter(None, schedulers))
    problems += [
        Problem("", f"pod {pod.name!r}: there is no scheduler {pod.scheduler_name!r}; installed: {', '.join(known)}")
        for pod in wanted.pods
        if pod.scheduler_name and pod.scheduler_name not in known
    ]
    return problems


def _twice(named: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for path, name in named:
        if (before := first.setdefault(name, path)) != path:
            yield Problem(path, f"node {name!r} is in {before} already; expected each node once in all")


def foresee(wanted: WhatIf, twin: Twin) -> Foreseeing:
    """Find out what would become of ``twin``, bit by bit; it is of no use afterwards.

    :raises ManifestError: with every problem, before the first bit.
    """
    if problems := problems_of(wanted, twin.ledger.node_uids, twin.binder.pipelines):
        raise ManifestError(problems)
    return _foresee(wanted, twin)


def _foresee(wanted: WhatIf, twin: Twin) -> Foreseeing:
    for spec in wanted.add:
        twin.add(spec)
    ledger = twin.ledger
    failing, draining = _named(twin, wanted.fail), _named(twin, wanted.drain)
    waiting = [pod for uid, pod in ledger.pods.items() if pod.node_uid is None and not pod.phase.finished]
    leaving = _pods_on(twin, failing)
    yield from _begin(twin, failing, draining)
    emptied = _pods_on(twin, draining)
    for pod in emptied:
        yield from twin.move(pod)
    planned = yield from _launch(twin, wanted.pods)
    moves = [
        *(_move(twin, pod, FAILED) for pod in leaving),
        *(_move(twin, pod, DRAINED) for pod in emptied),
        *(_move(twin, pod, WAITING) for pod in waiting if ledger.pods[pod.uid].node_uid is not None),
    ]
    still_waiting = sum(ledger.pods[pod.uid].node_uid is None for pod in waiting)
    absorbed = (yield from losses(twin)) if wanted.losses else None
    return Prospect(moves=tuple(moves), planned=tuple(planned), still_waiting=still_waiting, losses=absorbed)


def _begin(twin: Twin, failing: Sequence[Node], draining: Sequence[Node]) -> Iterator[None]:
    """What happens at once: nodes go, and whoever has none is tried."""
    for node in draining:
        twin.cordon(node)
    for node in failing:
        twin.ledger.put_node(twin.failed(node))
    for node in failing:
        twin.evict_all(node)
        yield
    yield from twin.settle()


def _launch(twin: Twin, specs: Sequence[PodSpec]) -> Generator[None, None, list[Planned]]:
    planned: list[Planned] = []
    for number, spec in enumerate(specs):
        uid = f"planned/{number}"
        try:
            yield from twin.launch(uid, spec)
        except PluginError as exc:
            planned.append(Planned(spec, None, exc.message))
        else:
            pod = twin.ledger.pods[uid]
            planned.append(Planned(spec, _node_name(twin, pod), "" if pod.node_uid is not None else twin.why(uid)))
    return planned


def _named(twin: Twin, names: Iterable[str]) -> list[Node]:
    ledger = twin.ledger
    return [ledger.nodes[ledger.node_uids[name]] for name in names]


def _pods_on(twin: Twin, nodes: Iterable[Node]) -> list[Pod]:
    """The pods that leave ``nodes``; whoever is being deleted goes nowhere."""
    return [pod for node in nodes for pod in twin.ledger.pods_on(node) if not pod.deleting]


def _move(twin: Twin, pod: Pod, cause: str) -> PodMove:
    now = twin.ledger.pods[pod.uid]
    before, after = _node_name(twin, pod), _node_name(twin, now)
    moved = after is not None and now.epoch != pod.epoch
    return PodMove(
        pod=pod,
        cause=cause,
        from_node=before,
        to_node=after if moved else None,
        reason="" if moved else twin.why(pod.uid),
    )


def _node_name(twin: Twin, pod: Pod) -> str | None:
    return None if pod.node_uid is None else twin.ledger.nodes[pod.node_uid].name
