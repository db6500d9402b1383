"""Who exists and who is where, and a note of every change since the turn began."""

from __future__ import annotations

from collections.abc import Iterable

from kube9.core.events import Event
from kube9.core.livetable import LiveTable
from kube9.core.nodes import Node
from kube9.core.outcome import Change, Instruction, NodeRemoved, NodeStored, Outcome, PodRemoved, PodStored
from kube9.core.pods import Pod

__all__ = ["Ledger"]


class Ledger:
    """Nodes, pods and the table, kept in step with each other. It decides nothing."""

    def __init__(self) -> None:
        #: By uid, in join order.
        self.nodes: dict[str, Node] = {}
        #: By uid, in order of arrival.
        self.pods: dict[str, Pod] = {}
        self.node_uids: dict[str, str] = {}
        #: By namespace and name.
        self.pod_uids: dict[tuple[str, str], str] = {}
        #: Uids of the pods bound to a node, in order of binding; a key for every node.
        self.bound: dict[str, dict[str, None]] = {}
        #: Uids of finished pods, oldest first.
        self.finished: dict[str, None] = {}
        self.table = LiveTable()
        self.begin()

    def begin(self) -> None:
        """Begin a turn: forget what the last one noted."""
        self._nodes: dict[str, Node | None] = {}
        self._pods: dict[str, Pod | None] = {}
        self.instructions: list[Instruction] = []
        self.events: list[Event] = []

    def outcome(self) -> Outcome:
        """What has been noted since the turn began."""
        changes: list[Change] = []
        for uid, node in self._nodes.items():
            changes.append(NodeRemoved(uid) if node is None else NodeStored(node))
        for uid, pod in self._pods.items():
            changes.append(PodRemoved(uid) if pod is None else PodStored(pod))
        return Outcome(tuple(changes), tuple(self.instructions), tuple(self.events))

    def add_node(self, node: Node) -> None:
        self.nodes[node.uid] = self._nodes[node.uid] = node
        self.node_uids[node.name] = node.uid
        self.bound[node.uid] = {}
        self.table.add(node)

    def put_node(self, node: Node) -> None:
        """Replace a node by its next value."""
        self.nodes[node.uid] = self._nodes[node.uid] = node
        self.table.update(node)

    def remove_node(self, node: Node) -> None:
        """Take out a node that no pod is bound to."""
        del self.nodes[node.uid], self.node_uids[node.name], self.bound[node.uid]
        self._nodes[node.uid] = None
        self.table.remove(node.uid)

    def put_pod(self, pod: Pod) -> None:
        """Add a pod, or replace it by its next value; where it is does not change."""
        self.pods[pod.uid] = self._pods[pod.uid] = pod

    def bind(self, pod: Pod) -> None:
        """``pod`` takes its place on its node."""
        assert pod.node_uid is not None, f"pod {pod.uid} is to be bound to no node"
        self.put_pod(pod)
        self.bound[pod.node_uid][pod.uid] = None
        self.table.place(pod)

    def unbind(self, pod: Pod) -> int:
        """``pod``, as it was bound, gives up its place; returns the row where room was made."""
        assert pod.node_uid is not None, f"pod {pod.uid} is bound to no node"
        del self.bound[pod.node_uid][pod.uid]
        self.table.release(pod)
        return self.table.row_of[pod.node_uid]

    def remove_pod(self, pod: Pod) -> None:
        """Forget a pod that holds no place."""
        del self.pods[pod.uid], self.pod_uids[pod.namespace, pod.name]
        self.finished.pop(pod.uid, None)
        self._pods[pod.uid] = None

    def pods_on(self, node: Node) -> Iterable[Pod]:
        """The pods bound to ``node``, in order of binding."""
        return [self.pods[uid] for uid in self.bound[node.uid]]
