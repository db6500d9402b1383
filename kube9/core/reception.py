"""Takes beats of nodes in: whether they are of today, and whether what the node runs is what it should run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import frozen

from kube9.core import podlife
from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.nodes import Node, NodePhase
from kube9.core.pods import Pod, PodPhase, PodReport
from kube9.core.roll import Roll, Standing
from kube9.core.watch import NodeWatch

__all__ = ["CopyTold", "NodeBeat", "Reception", "Welcome", "report_of"]

_PHASES = {phase.value: phase for phase in PodPhase}


class NodeBeat(Protocol):
    """What a node tells with a beat; the agent's own type has the same names."""

    @property
    def boot(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def sequence(self) -> int: ...


class CopyTold(Protocol):
    """What a beat tells of one copy of a pod; likewise."""

    @property
    def uid(self) -> str: ...
    @property
    def epoch(self) -> int: ...
    @property
    def phase(self) -> str: ...
    @property
    def exit_code(self) -> int | None: ...
    @property
    def error(self) -> str: ...
    @property
    def ready(self) -> bool: ...
    @property
    def restarts(self) -> int: ...
    @property
    def reason(self) -> str: ...


def report_of(copy: CopyTold) -> PodReport:
    """What a beat tells of a copy, as a value of the core."""
    return PodReport(
        pod_uid=copy.uid,
        epoch=copy.epoch,
        phase=_PHASES[copy.phase],
        exit_code=copy.exit_code,
        error=copy.error,
        ready=copy.ready,
        restarts=copy.restarts,
        reason=copy.reason,
    )


@frozen
class Welcome:
    """What to answer to a beat, and what the cluster is to be told before that."""

    #: What the node is to say with its next beats.
    token: str = ""
    #: What the beat renews the node's lease to, counted from its sending; 0 for nothing.
    lease_ms: int = 0
    #: The node is not known, and is to run nothing.
    gone: bool = False
    #: Nothing is to be answered.
    silent: bool = False
    stimulus: s.Stimulus | None = None


class Reception:
    """Hears every beat, and has the cluster told of few.

    All that a node reports it reports as a list of what it runs, with every beat. So whatever was lost on the way is
    said again with the next beat, and what comes late or twice is known by its number.

    :param make_token: makes a text that nobody can guess.
    """

    def __init__(self, watch: NodeWatch, make_token: Callable[[], str]) -> None:
        self._watch, self._roll = watch, Roll(make_token)
        #: When each node was last told again what it had not done yet.
        self._reminded_ms: dict[str, int] = {}

    def take(self, cluster: Cluster, node_uid: str, beat: NodeBeat, pods: Sequence[PodReport], at_ms: int) -> Welcome:
        """Take a beat in.

        :param pods: all that runs on the node, and what ended there.
        """
        node = cluster.nodes.get(node_uid)
        if node is None:
            return Welcome(gone=True)
        standing = self._roll.receive(node, beat.boot, beat.token, beat.sequence)
        if standing is Standing.LATE:
            return Welcome(silent=True)
        token = self._roll.token(node, beat.boot)
        if standing is Standing.UNPROVED:
            return Welcome(token)
        self._watch.heard(node_uid, at_ms)
        # One that is down and being deleted never comes up again, and its pods move when the lease it has is over.
        lease_ms = 0 if node.down and node.deleting else self._watch.lease_ms
        if standing is Standing.JOINED:
            self._reminded_ms.pop(node_uid, None)
            return Welcome(token, lease_ms, stimulus=s.NodeJoined(at_ms=at_ms, uid=node_uid, incarnation=beat.boot))
        return Welcome(token, lease_ms, stimulus=self._news(cluster, node, pods, at_ms))

    def latest(self, node_uid: str) -> tuple[str, int]:
        """The start of a node and the beat after which it is told what is told now.

        A node starts a pod only when told after its latest beat. So what a beat does not list does not run and never
        will, unless it is told again: nothing that was said before is still on its way.
        """
        return self._roll.latest(node_uid)

    def forget(self, node_uid: str) -> None:
        """The node is gone."""
        self._roll.forget(node_uid)
        self._reminded_ms.pop(node_uid, None)

    def _news(self, cluster: Cluster, node: Node, pods: Sequence[PodReport], at_ms: int) -> s.Stimulus | None:
        """What the cluster does not know yet; ``None`` where it knows all."""
        if node.deleting or node.phase is NodePhase.PROVISIONING:
            return None
        if (
            node.down
            or node.uid in cluster.table.awaited
            or self._is_news(cluster.pods_on(node.uid), pods, node, at_ms)
        ):
            return s.NodeReported(at_ms=at_ms, uid=node.uid, pods=tuple(pods))
        return s.Heartbeat(at_ms=at_ms, uid=node.uid) if node.phase is NodePhase.SUSPECT else None

    def _is_news(self, bound: Sequence[Pod], pods: Sequence[PodReport], node: Node, at_ms: int) -> bool:
        said = {(copy.pod_uid, copy.epoch): copy for copy in pods}
        undone = False
        for pod in bound:
            copy = said.pop((pod.uid, pod.epoch), None)
            if pod.deleting or pod.evicting:
                if copy is None or copy.phase.finished:
                    return True
                undone = True
            elif copy is None:
                if pod.started_at_ms is not None:
                    return True
                undone = True
            elif copy.phase is not pod.phase or podlife.health(pod, copy.ready, copy.restarts, copy.reason) is not None:
                return True
        if not undone and all(copy.phase.finished for copy in said.values()):
            return False
        # It was told to start or to stop something, and that may still be on its way to it.
        pause_ms = self._watch.interval_ms // 4
        if at_ms - self._reminded_ms.get(node.uid, -pause_ms) < pause_ms:
            return False
        self._reminded_ms[node.uid] = at_ms
        return True
