"""Who exists and who is where, and a note of every change since the turn began."""

from __future__ import annotations

from copy import copy
from typing import Any

from kube9.core.deployments import Deployment
from kube9.core.errors import UnknownName
from kube9.core.events import Event, StaleReport
from kube9.core.livetable import LiveTable
from kube9.core.nodes import Node
from kube9.core.outcome import (
    Change,
    DeploymentRemoved,
    DeploymentStored,
    Instruction,
    NodeRemoved,
    NodeStored,
    Outcome,
    PodRemoved,
    PodStored,
)
from kube9.core.pods import Owner, Pod, PodSpec
from kube9.core.replicas import Replicas
from kube9.core.stimuli import Stimulus

__all__ = ["Ledger"]


class Ledger:
    """Nodes, pods, deployments and the table, kept in step with each other. It decides nothing."""

    def __init__(self) -> None:
        #: Grows with whatever may make room for somebody who fits nowhere, or make somebody else of him.
        self.room = 0
        #: The last number given to a node, pod or deployment; they count together.
        self.ordinal = 0
        #: By uid, in join order.
        self.nodes: dict[str, Node] = {}
        #: By uid, in order of arrival.
        self.pods: dict[str, Pod] = {}
        self.node_uids: dict[str, str] = {}
        #: Uids of the nodes that are drained, in the order in which that began.
        self.draining: dict[str, None] = {}
        #: By namespace and name.
        self.pod_uids: dict[tuple[str, str], str] = {}
        #: By uid, in order of arrival.
        self.deployments: dict[str, Deployment] = {}
        #: By namespace and name.
        self.deployment_uids: dict[tuple[str, str], str] = {}
        #: The pods of a deployment; a key for every deployment.
        self.owned: dict[str, Replicas] = {}
        #: Deployments that may wish for something since something happened to them or to one of their pods.
        self.unsettled: dict[str, None] = {}
        #: Uids of the pods bound to a node, in order of binding; a key for every node.
        self.bound: dict[str, dict[str, None]] = {}
        #: Uids of finished pods, oldest first.
        self.finished: dict[str, None] = {}
        #: Pods of deployments that ended in this turn.
        self.ended: list[Pod] = []
        self._nodes: dict[str, Node | None] = {}
        self._deployments: dict[str, Deployment | None] = {}
        self.table = LiveTable()
        self.begin(0)

    def begin(self, now_ms: int) -> None:
        """Begin a turn: forget what the last one noted."""
        self.now_ms = now_ms
        self._pods: dict[str, Pod | None] = {}
        self.instructions: list[Instruction] = []
        self.events: list[Event] = []
        if self._nodes or self._deployments or self.ended:  # seldom, and every decision begins a turn
            self._nodes, self._deployments, self.ended = {}, {}, []

    def twin(self) -> Ledger:
        """The same once more, which goes its own way from here. Values are shared, as none ever changes."""
        twin = Ledger()
        for name, value in vars(self).items():
            setattr(twin, name, copy(value) if isinstance(value, (dict, list, set)) else value)
        twin.bound = {uid: dict(pods) for uid, pods in self.bound.items()}
        twin.owned = {uid: replicas.twin() for uid, replicas in self.owned.items()}
        twin.table = self.table.twin()
        twin.begin(self.now_ms)
        return twin

    def outcome(self) -> Outcome:
        """What has been noted since the turn began."""
        changes: list[Change] = []
        if self._nodes:
            changes += [NodeRemoved(uid) if node is None else NodeStored(node) for uid, node in self._nodes.items()]
        for uid, deployment in self._deployments.items():
            changes.append(DeploymentRemoved(uid) if deployment is None else DeploymentStored(deployment))
        for uid, pod in self._pods.items():
            changes.append(PodRemoved(uid) if pod is None else PodStored(pod))
        return Outcome(tuple(changes), tuple(self.instructions), tuple(self.events))

    def add_node(self, node: Node) -> None:
        self.nodes[node.uid] = self._nodes[node.uid] = node
        self.node_uids[node.name] = node.uid
        self.bound[node.uid] = {}
        self.table.add(node)
        if node.drain is not None:
            self.draining[node.uid] = None

    def put_node(self, node: Node) -> None:
        """Replace a node by its next value."""
        self.room += 1
        if node.drain is not None:
            self.draining[node.uid] = None
        else:
            self.draining.pop(node.uid, None)
        self.nodes[node.uid] = self._nodes[node.uid] = node
        self.table.update(node)

    def remove_node(self, node: Node) -> None:
        """Take out a node that no pod is bound to."""
        del self.nodes[node.uid], self.node_uids[node.name], self.bound[node.uid]
        self._nodes[node.uid] = None
        self.draining.pop(node.uid, None)
        self.table.remove(node.uid)

    def put_pod(self, pod: Pod) -> None:
        """Add a pod, or replace it by its next value; where it is does not change."""
        self.pods[pod.uid] = self._pods[pod.uid] = pod
        if pod.owner is not None and self.owned[pod.owner.uid].note(pod):
            self.unsettled[pod.owner.uid] = None

    def bind(self, pod: Pod) -> None:
        """``pod`` takes its place on its node."""
        assert pod.node_uid is not None, f"pod {pod.uid} is to be bound to no node"
        self.put_pod(pod)
        self.bound[pod.node_uid][pod.uid] = None
        self.table.place(pod)

    def unbind(self, pod: Pod) -> int:
        """``pod``, as it was bound, gives up its place; returns the row where room was made."""
        assert pod.node_uid is not None, f"pod {pod.uid} is bound to no node"
        self.room += 1
        del self.bound[pod.node_uid][pod.uid]
        self.table.release(pod)
        return self.table.row_of[pod.node_uid]

    def add_pod(self, uid: str, spec: PodSpec, owner: Owner | None) -> None:
        """A new pod takes its name; whoever binds or queues it puts it in."""
        self.pod_uids[spec.namespace, spec.name] = uid
        if owner is not None:
            self.owned[owner.uid].members[uid] = None

    def remove_pod(self, pod: Pod) -> None:
        """Forget a pod that holds no place."""
        uid, spec = pod.uid, pod.spec
        del self.pods[uid], self.pod_uids[spec.namespace, spec.name]
        self.finished.pop(uid, None)
        self._pods[uid] = None
        if pod.owner is not None:
            self.owned[pod.owner.uid].forget(uid)
            self.unsettled[pod.owner.uid] = None

    def pods_on(self, node: Node) -> list[Pod]:
        """The pods bound to ``node``, in order of binding."""
        return [self.pods[uid] for uid in self.bound[node.uid]]

    def put_deployment(self, deployment: Deployment) -> None:
        """Add a deployment, or replace it by its next value."""
        self.room += 1
        self.deployments[deployment.uid] = self._deployments[deployment.uid] = deployment
        self.deployment_uids[deployment.namespace, deployment.name] = deployment.uid
        self.owned.setdefault(deployment.uid, Replicas(deployment.revision)).turn_to(deployment.revision)
        self.unsettled[deployment.uid] = None

    def remove_deployment(self, deployment: Deployment) -> None:
        """Forget a deployment that has no pods."""
        del self.deployments[deployment.uid], self.deployment_uids[deployment.namespace, deployment.name]
        del self.owned[deployment.uid]
        self.unsettled.pop(deployment.uid, None)
        self._deployments[deployment.uid] = None

    # What several rooms look up or note.

    def node_of(self, pod: Pod) -> Node:
        """The node ``pod`` is bound to."""
        assert pod.node_uid is not None, f"pod {pod.uid} is bound to no node"
        return self.nodes[pod.node_uid]

    def next_ordinal(self) -> int:
        self.ordinal += 1
        return self.ordinal

    def tell(self, event: type[Any], **about: Any) -> None:
        """Note an event of this moment."""
        self.events.append(event(at_ms=self.now_ms, **about))

    def asked_node(self, uid: str) -> Node:
        """The node a request is about.

        :raises UnknownName: there is none.
        """
        if uid not in self.nodes:
            raise UnknownName(f"there is no node with uid {uid!r}")
        return self.nodes[uid]

    def asked_pod(self, uid: str) -> Pod:
        """The pod a request is about.

        :raises UnknownName: there is none.
        """
        if uid not in self.pods:
            raise UnknownName(f"there is no pod with uid {uid!r}")
        return self.pods[uid]

    def asked_deployment(self, uid: str) -> Deployment:
        """The deployment a request is about.

        :raises UnknownName: there is none.
        """
        if uid not in self.deployments:
            raise UnknownName(f"there is no deployment with uid {uid!r}")
        return self.deployments[uid]

    def known_node(self, report: Any) -> Node | None:
        """The node a report is about; of one that is gone only the report itself is told."""
        node = self.nodes.get(report.uid)
        if node is None:
            self.stale(report)
        return node

    def present_copy(self, report: Any) -> Pod | None:
        """The pod a report is about, if it is bound and of the report's epoch."""
        pod = self.pods.get(report.uid)
        if pod is None or pod.epoch != report.epoch or pod.node_uid is None or pod.uid in self.finished:
            self.stale(report)
            return None
        return pod

    def stale(self, report: Stimulus) -> None:
        self.tell(StaleReport, what=str(report))
