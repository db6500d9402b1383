"""Copies of pods that may run on nodes that nobody hears, to hold a cluster against: no pod may have two at once."""

from __future__ import annotations

from attrs import evolve, frozen

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.nodes import Node, NodePhase
from kube9.core.outcome import Outcome, StartPod

__all__ = ["Copies"]

#: What says of a node that it runs nothing any more, or what it runs.
_CERTAINTIES = (s.DestroyNodeDone, s.GiveUpNode, s.NodeAbsent, s.NodeDied, s.NodeFenced, s.NodeJoined, s.NodeReported)
#: What says of one copy that it does not run any more.
_ENDS = (s.PodExited, s.StartPodFailed, s.StopPodDone)


@frozen(kw_only=True)
class _Copy:
    node_uid: str
    epoch: int
    #: How long it could run after its node failed, and until when that is.
    lease_ms: int
    until_ms: int


class Copies:
    """The copies on nodes that failed with a lease, from what is told to a cluster rather than from what it decides."""

    def __init__(self) -> None:
        #: By uid of the pod.
        self._copies: dict[str, _Copy] = {}

    def note(self, stimulus: s.Stimulus, cluster: Cluster) -> None:
        """What ``stimulus`` means for the copies, before ``cluster`` has it."""
        node = cluster.nodes.get(getattr(stimulus, "uid", ""))
        if isinstance(stimulus, s.FailNode) and node is not None and node.phase in (NodePhase.READY, NodePhase.SUSPECT):
            self._begin(stimulus, cluster)
        elif isinstance(stimulus, _CERTAINTIES) and node is not None and not _is_old(stimulus, node):
            self._copies = {uid: copy for uid, copy in self._copies.items() if copy.node_uid != node.uid}
        elif isinstance(stimulus, _ENDS):
            copy = self._copies.get(stimulus.uid)
            if copy is not None and copy.epoch == stimulus.epoch:
                del self._copies[stimulus.uid]

    def check(self, outcome: Outcome, cluster: Cluster) -> None:
        """Assert that what ``cluster`` has just done leaves every pod that may run where it may run.

        :raises AssertionError: it does not.
        """
        self._copies = {uid: copy for uid, copy in self._copies.items() if copy.until_ms > cluster.now_ms}
        for start in outcome.instructions:
            if isinstance(start, StartPod) and (copy := self._copies.get(start.pod.uid)) is not None:
                assert start.node.uid == copy.node_uid, (
                    f"{start.pod.uid} is started on {start.node.uid} at {cluster.now_ms} and may run on "
                    f"{copy.node_uid} until {copy.until_ms}"
                )
        for uid, copy in self._copies.items():
            pod = cluster.pods.get(uid)
            bound = None if pod is None else (pod.node_uid, pod.epoch)
            assert bound == (copy.node_uid, copy.epoch), (
                f"{uid} may run on {copy.node_uid} until {copy.until_ms}, and at {cluster.now_ms} it is {pod}"
            )

    def restart(self, at_ms: int) -> None:
        """The control plane went away and came back: nobody counted meanwhile, and every lease begins again."""
        self._copies = {uid: evolve(copy, until_ms=at_ms + copy.lease_ms) for uid, copy in self._copies.items()}

    def _begin(self, stimulus: s.FailNode, cluster: Cluster) -> None:
        for uid, pod in cluster.pods.items():
            if pod.node_uid == stimulus.uid and not pod.phase.finished and stimulus.lease_left_ms:
                self._copies[uid] = _Copy(
                    node_uid=stimulus.uid,
                    epoch=pod.epoch,
                    lease_ms=stimulus.lease_left_ms,
                    until_ms=stimulus.at_ms + stimulus.lease_left_ms,
                )


def _is_old(stimulus: s.Stimulus, node: Node) -> bool:
    """Whether it says nothing of what ``node`` runs now."""
    if isinstance(stimulus, s.NodeJoined):
        return stimulus.incarnation != "" and stimulus.incarnation == node.incarnation
    if isinstance(stimulus, s.NodeAbsent | s.NodeDied | s.NodeFenced):
        return stimulus.incarnation not in ("", node.incarnation)
    return isinstance(stimulus, s.NodeReported) and node.deleting
