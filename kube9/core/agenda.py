"""What a node is to do, by what it says it runs and what it should run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kube9.core.cluster import Cluster
from kube9.core.nodes import Node, NodePhase
from kube9.core.pods import Pod, PodPhase
from kube9.core.reception import CopyTold

__all__ = ["Agenda", "Stop", "agenda"]

_NOTHING_TOLD = (NodePhase.PROVISIONING, NodePhase.FAILED, NodePhase.RECOVERING, NodePhase.LOST)


class Stop(NamedTuple):
    """A copy that is to end; one that has ended is to be forgotten."""

    uid: str
    epoch: int
    grace_ms: int


class Agenda(NamedTuple):
    start: tuple[Pod, ...] = ()
    stop: tuple[Stop, ...] = ()


def agenda(cluster: Cluster, node: Node, copies: Iterable[CopyTold]) -> Agenda:
    """What ``node`` is to start and to stop.

    :param copies: all that its latest beat told of: what that does not list does not run there, and never will unless
        it is told to start.
    """
    if node.phase in _NOTHING_TOLD or node.deleting or node.uid in cluster.table.awaited:
        return Agenda()
    bound = {(pod.uid, pod.epoch): pod for pod in cluster.pods_on(node.uid)}
    stop = []
    for copy in copies:
        place = (copy.uid, copy.epoch)
        pod = bound.pop(place, None)
        if pod is None:
            if not _is_kept(cluster.pods.get(copy.uid), place, node):
                stop.append(Stop(*place, grace_ms=0))
        elif pod.deleting or pod.evicting:
            stop.append(Stop(*place, grace_ms=pod.spec.grace_ms))
    start = (pod for pod in bound.values() if pod.phase is PodPhase.STARTING and not pod.deleting and not pod.evicting)
    return Agenda(tuple(start), tuple(stop))


def _is_kept(pod: Pod | None, place: tuple[str, int], node: Node) -> bool:
    """Whether a copy has ended and is still somebody's: what it wrote may be asked for."""
    return pod is not None and pod.phase.finished and (pod.uid, pod.epoch) == place and pod.node_uid == node.uid
