"""What a store would have by now, to hold a cluster against and to begin another one from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from kube9.core.cluster import Cluster
from kube9.core.deployments import Deployment
from kube9.core.nodes import Node
from kube9.core.outcome import Change, DeploymentStored, NodeRemoved, NodeStored, Outcome, PodRemoved, PodStored
from kube9.core.pods import Pod

__all__ = ["Stored"]

T = TypeVar("T", Node, Pod, Deployment)


class Stored:
    """Nodes, pods and deployments by uid, made from the changes of every outcome and from nothing else."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.pods: dict[str, Pod] = {}
        self.deployments: dict[str, Deployment] = {}

    def take(self, outcome: Outcome) -> None:
        """Write down what changed.

        :raises AssertionError: there are two changes for one thing.
        """
        about = [_uid(change) for change in outcome.changes]
        assert len(set(about)) == len(about), f"more than one change for one uid: {sorted(about)}"
        for change in outcome.changes:
            self._write(change)

    def _write(self, change: Change) -> None:
        if isinstance(change, NodeStored):
            self.nodes[change.node.uid] = change.node
        elif isinstance(change, PodStored):
            self.pods[change.pod.uid] = change.pod
        elif isinstance(change, DeploymentStored):
            self.deployments[change.deployment.uid] = change.deployment
        elif isinstance(change, NodeRemoved):
            del self.nodes[change.uid]
        elif isinstance(change, PodRemoved):
            # It may have come in the same turn, and then nothing was ever written of it.
            self.pods.pop(change.uid, None)
        else:
            del self.deployments[change.uid]

    def check(self, cluster: Cluster) -> None:
        """Assert that ``cluster`` has what is stored, and in the order of arrival."""
        _same("nodes", self.nodes, cluster.nodes)
        _same("pods", self.pods, cluster.pods)
        _same("deployments", self.deployments, cluster.deployments)

    def restart(self, make_cluster: Callable[[], Cluster], at_ms: int) -> tuple[Cluster, Outcome]:
        """A new cluster that goes on from what is stored, and what it said to that.

        It has all of it but for what it says it changed, and every pod that had a node has that node under that epoch.
        """
        before = dict(self.pods)
        cluster = make_cluster()
        # A store owes nobody an order.
        outcome = cluster.restore(
            reversed(self.nodes.values()),
            reversed(self.pods.values()),
            reversed(self.deployments.values()),
            at_ms=at_ms,
        )
        self.take(outcome)
        self.check(cluster)
        for uid, pod in before.items():
            now = cluster.pods.get(uid)
            if pod.node_uid is not None:
                assert now is not None, f"{uid} was on {pod.node_uid} and is gone after a restart"
                assert (now.node_uid, now.epoch, now.phase) == (pod.node_uid, pod.epoch, pod.phase), (
                    f"a restart made {now} of {pod}"
                )
        return cluster, outcome


def _uid(change: Change) -> str:
    if isinstance(change, NodeStored):
        return change.node.uid
    if isinstance(change, PodStored):
        return change.pod.uid
    if isinstance(change, DeploymentStored):
        return change.deployment.uid
    return change.uid


def _same(what: str, stored: Mapping[str, T], present: Mapping[str, T]) -> None:
    assert stored == dict(present), f"a store would have other {what} than the cluster"
    ordinals = [each.ordinal for each in present.values()]
    assert ordinals == sorted(ordinals), f"{what} are not in the order in which they came"
