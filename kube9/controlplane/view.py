"""What is durable, for any thread to read without asking the loop."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from kube9.core.deployments import Deployment
from kube9.core.errors import UnknownName
from kube9.core.nodes import Node
from kube9.core.outcome import (
    Change,
    DeploymentStored,
    NodeRemoved,
    NodeStored,
    PodRemoved,
    PodStored,
)
from kube9.core.pods import Pod

__all__ = ["Used", "View", "stored"]

K = TypeVar("K")


class Used(NamedTuple):
    """What the pods of one node hold."""

    #: By resource, in whole units; a resource that nobody holds is left out.
    amounts: Mapping[str, int]
    #: How many pods hold something.
    pods: int


_NOTHING = Used({}, 0)


class View:
    """Nodes, pods and deployments as of the last commit. Lists are copies that belong to the caller.

    A pod holds a place on its node from binding until it ends, is evicted or is gone.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._pods: dict[str, Pod] = {}
        self._deployments: dict[str, Deployment] = {}
        self._node_uids: dict[str, str] = {}
        self._pod_uids: dict[tuple[str, str], str] = {}
        self._deployment_uids: dict[tuple[str, str], str] = {}
        #: Uids of the pods that hold a place, by node.
        self._placed: dict[str, dict[str, None]] = {}
        self._used: dict[str, dict[str, int]] = {}
        #: Uids of pods by the deployment that owns them.
        self._owned: dict[str, dict[str, None]] = {}
        self._revision = 0
        self._closed = False
        # Held for every change and every copy, so that each list is of one commit. One look into one dict needs no
        # lock: it is a single step of the interpreter.
        self._changed = threading.Condition()

    def apply(self, changes: Sequence[Change]) -> None:
        """Take over the changes of one commit, and wake those who wait for them."""
        with self._changed:
            for change in changes:
                self._apply(change)
            self._revision += 1
            self._changed.notify_all()

    # Reading.

    @property
    def revision(self) -> int:
        """Grows with every commit."""
        return self._revision

    @property
    def closed(self) -> bool:
        """Whether nothing will ever change any more."""
        return self._closed

    def wait(self, revision: int, timeout_s: float) -> bool:
        """Wait until there is a revision above ``revision``; ``False`` if none came, or none will."""
        with self._changed:
            self._changed.wait_for(lambda: self._revision > revision or self._closed, timeout_s)
            return self._revision > revision

    def nodes(self) -> list[Node]:
        """Every node, in join order."""
        with self._changed:
            return list(self._nodes.values())

    def node(self, name: str) -> Node:
        """:raises UnknownName: there is no such node."""
        with self._changed:
            uid = self._node_uids.get(name)
            if uid is not None:
                return self._nodes[uid]
        raise UnknownName(f"there is no node {name!r}; 'kube9 node list' shows those there are")

    def node_uid(self, name: str) -> str | None:
        return self._node_uids.get(name)

    def node_by_uid(self, uid: str) -> Node | None:
        return self._nodes.get(uid)

    def node_name(self, uid: str | None) -> str | None:
        node = None if uid is None else self._nodes.get(uid)
        return None if node is None else node.name

    def pods(self) -> list[Pod]:
        """Every pod, in order of arrival."""
        with self._changed:
            return list(self._pods.values())

    def pod(self, namespace: str, name: str) -> Pod:
        """:raises UnknownName: there is no such pod."""
        with self._changed:
            uid = self._pod_uids.get((namespace, name))
            if uid is not None:
                return self._pods[uid]
        raise UnknownName(
            f"there is no pod {name!r} in namespace {namespace!r}; 'kube9 pod list' shows those there are"
        )

    def pod_uid(self, namespace: str, name: str) -> str | None:
        return self._pod_uids.get((namespace, name))

    def pod_by_uid(self, uid: str) -> Pod | None:
        return self._pods.get(uid)

    def pods_on(self, node_uid: str) -> list[Pod]:
        """The pods that hold a place on a node, in order of binding."""
        with self._changed:
            return [self._pods[uid] for uid in self._placed.get(node_uid, ())]

    def used(self, node_uid: str) -> Used:
        """What the pods on a node hold."""
        with self._changed:
            return self._used_on(node_uid)

    def node_usage(self) -> list[tuple[Node, Used]]:
        """Every node with what its pods hold, in join order."""
        with self._changed:
            return [(node, self._used_on(uid)) for uid, node in self._nodes.items()]

    def deployments(self) -> list[Deployment]:
        """Every deployment, in order of arrival."""
        with self._changed:
            return list(self._deployments.values())

    def deployment(self, namespace: str, name: str) -> Deployment:
        """:raises UnknownName: there is no such deployment."""
        with self._changed:
            uid = self._deployment_uids.get((namespace, name))
            if uid is not None:
                return self._deployments[uid]
        raise UnknownName(
            f"there is no deployment {name!r} in namespace {namespace!r}; 'kube9 deployment list' shows those there are"
        )

    def deployment_uid(self, namespace: str, name: str) -> str | None:
        return self._deployment_uids.get((namespace, name))

    def deployment_by_uid(self, uid: str) -> Deployment | None:
        return self._deployments.get(uid)

    def pods_of(self, deployment_uid: str) -> list[Pod]:
        """The pods that belong to a deployment, in order of arrival."""
        with self._changed:
            return [self._pods[uid] for uid in self._owned.get(deployment_uid, ())]

    def counts(self) -> tuple[int, int, int]:
        """How many nodes, pods and deployments there are."""
        with self._changed:
            return len(self._nodes), len(self._pods), len(self._deployments)

    # Changing; the lock is held.

    def close(self) -> None:
        """Wake all who wait: nothing will change any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _apply(self, change: Change) -> None:
        if isinstance(change, PodStored):
            self._put_pod(change.pod)
        elif isinstance(change, PodRemoved):
            self._remove_pod(change.uid)
        elif isinstance(change, NodeStored):
            self._nodes[change.node.uid] = change.node
            self._node_uids[change.node.name] = change.node.uid
        elif isinstance(change, NodeRemoved):
            if (node := self._nodes.pop(change.uid, None)) is not None:
                _drop_name(self._node_uids, node.name, node.uid)
        elif isinstance(change, DeploymentStored):
            deployment = change.deployment
            self._deployments[deployment.uid] = deployment
            self._deployment_uids[deployment.namespace, deployment.name] = deployment.uid
        elif (gone := self._deployments.pop(change.uid, None)) is not None:
            _drop_name(self._deployment_uids, (gone.namespace, gone.name), gone.uid)

    def _put_pod(self, pod: Pod) -> None:
        old = self._pods.get(pod.uid)
        self._pods[pod.uid] = pod
        if old is None:
            self._pod_uids[pod.namespace, pod.name] = pod.uid
            if pod.owner is not None:
                self._owned.setdefault(pod.owner.uid, {})[pod.uid] = None
        elif old.node_uid == pod.node_uid and old.phase.finished == pod.phase.finished:
            return
        else:
            self._displace(old)
        if pod.node_uid is not None and not pod.phase.finished:
            self._placed.setdefault(pod.node_uid, {})[pod.uid] = None
            used = self._used.setdefault(pod.node_uid, {})
            for resource, amount in pod.spec.requests.items():
                used[resource] = used.get(resource, 0) + amount

    def _remove_pod(self, uid: str) -> None:
        pod = self._pods.pop(uid, None)
        if pod is None:
            return
        _drop_name(self._pod_uids, (pod.namespace, pod.name), uid)
        self._displace(pod)
        if pod.owner is not None:
            _drop_from(self._owned, pod.owner.uid, uid)

    def _displace(self, pod: Pod) -> None:
        """Take away the place that ``pod``, as it was, held."""
        if pod.node_uid is None or pod.phase.finished:
            return
        _drop_from(self._placed, pod.node_uid, pod.uid)
        if pod.node_uid not in self._placed:
            self._used.pop(pod.node_uid, None)
            return
        used = self._used[pod.node_uid]
        for resource, amount in pod.spec.requests.items():
            used[resource] -= amount
            if not used[resource]:
                del used[resource]

    def _used_on(self, node_uid: str) -> Used:
        placed = self._placed.get(node_uid)
        return _NOTHING if placed is None else Used(dict(self._used.get(node_uid, {})), len(placed))


def _drop_name(uids: dict[K, str], name: K, uid: str) -> None:
    """Free a name, unless another has it by now."""
    if uids.get(name) == uid:
        del uids[name]


def _drop_from(groups: dict[str, dict[str, None]], key: str, uid: str) -> None:
    group = groups.get(key)
    if group is not None:
        group.pop(uid, None)
        if not group:
            del groups[key]


def stored(nodes: Iterable[Node], pods: Iterable[Pod], deployments: Iterable[Deployment]) -> list[Change]:
    """The changes that make all these."""
    return [*map(NodeStored, nodes), *map(DeploymentStored, deployments), *map(PodStored, pods)]
