"""What callers ask of the cluster, each done on the loop's thread within one turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kube9.controlplane.answers import AddedNode, Applied, Launched
from kube9.controlplane.turn import Turn
from kube9.controlplane.view import View
from kube9.core import stimuli as s
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.errors import Conflict, DuplicateName, InvariantViolation, Kube9Error, UnknownName
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pipeline import Explanation
from kube9.core.pods import Pod, PodSpec

__all__ = ["Orders"]


class Orders:
    """Asks the cluster for things by name. Creation may be asked for again: what is there as asked for is the answer.

    A name is looked up in the view first, which has an index; only what this very turn brought is not in it yet.
    """

    def __init__(self, view: View) -> None:
        self._view = view

    # Nodes.

    def add_node(self, turn: Turn, spec: NodeSpec, uid: str) -> AddedNode:
        node = turn.cluster.nodes.get(uid) or self._find_node(turn, spec.name)
        if node is not None:
            # What was not asked for it may have been found to have.
            as_asked = node.spec == spec.filled_up(node.spec.capacity, node.spec.labels)
            _check_same("node", spec.name, node.deleting, as_asked)
            return AddedNode(node, None, created=False)
        digest = turn.tickets.issue(uid)
        try:
            turn.tell(s.AddNode, uid=uid, spec=spec, token_digest=digest)
        except Kube9Error:
            turn.tickets.drop(uid)
            raise
        return AddedNode(turn.cluster.nodes[uid], turn.tickets.ticket(uid), created=True)

    def cordon_node(self, turn: Turn, name: str, cordoned: bool) -> Node:
        uid = self._node(turn, name).uid
        turn.tell(s.CordonNode, uid=uid, cordoned=cordoned)
        return turn.cluster.nodes[uid]

    def drain_node(self, turn: Turn, name: str, **how: Any) -> Node:
        uid = self._node(turn, name).uid
        turn.tell(s.DrainNode, uid=uid, **how)
        return turn.cluster.nodes[uid]

    def cancel_drain(self, turn: Turn, name: str, cordoned: bool) -> Node:
        uid = self._node(turn, name).uid
        turn.tell(s.CancelDrain, uid=uid, cordoned=cordoned)
        return turn.cluster.nodes[uid]

    def delete_node(self, turn: Turn, name: str, force: bool) -> Node | None:
        uid = self._node(turn, name).uid
        turn.tell(s.ForgetNode if force else s.DeleteNode, uid=uid)
        return turn.cluster.nodes.get(uid)

    # Pods.

    def launch_pods(self, turn: Turn, wanted: Iterable[tuple[str, PodSpec]]) -> list[Launched | Kube9Error]:
        """One answer for each, in order; one that is refused is no matter to the others."""
        answers: list[Launched | Kube9Error] = []
        for uid, spec in wanted:
            try:
                answers.append(self.launch_pod(turn, uid, spec))
            except InvariantViolation:
                raise
            except Kube9Error as exc:
                answers.append(exc)
        return answers

    def launch_pod(self, turn: Turn, uid: str, spec: PodSpec) -> Launched:
        pods = turn.cluster.pods
        pod = pods.get(uid)
        if pod is None:
            try:
                turn.handle(s.LaunchPod(at_ms=turn.now_ms, uid=uid, spec=spec))
            except DuplicateName:
                pod = self._pod(turn, spec.namespace, spec.name)
            else:
                return Launched(pods[uid], created=True)
        _check_same("pod", spec.name, pod.deleting, pod.spec == spec)
        return Launched(pod, created=False)

    def delete_pod(self, turn: Turn, namespace: str, name: str, grace_ms: int | None) -> Pod:
        pod = self._pod(turn, namespace, name)
        turn.tell(s.DeletePod, uid=pod.uid, grace_ms=grace_ms)
        return turn.cluster.pods.get(pod.uid, pod)

    # Deployments.

    def apply_deployment(self, turn: Turn, spec: DeploymentSpec, uid: str) -> Applied:
        deployments = turn.cluster.deployments
        old = deployments.get(uid) or self._find_deployment(turn, spec.namespace, spec.name)
        if old is not None and (old.deleting or old.name != spec.name or old.namespace != spec.namespace):
            _check_same("deployment", spec.name, old.deleting, False)
        if old is not None and old.spec == spec:
            return Applied(old, created=False, changed=False)
        turn.tell(s.ApplyDeployment, uid=uid if old is None else old.uid, spec=spec)
        return Applied(deployments[uid if old is None else old.uid], created=old is None, changed=True)

    def scale_deployment(self, turn: Turn, namespace: str, name: str, replicas: int) -> Deployment:
        deployment = self._deployment(turn, namespace, name)
        turn.tell(s.ScaleDeployment, uid=deployment.uid, replicas=replicas)
        return turn.cluster.deployments[deployment.uid]

    def delete_deployment(self, turn: Turn, namespace: str, name: str, grace_ms: int | None) -> Deployment:
        deployment = self._deployment(turn, namespace, name)
        turn.tell(s.DeleteDeployment, uid=deployment.uid, grace_ms=grace_ms)
        return turn.cluster.deployments.get(deployment.uid, deployment)

    # Questions.

    def explain_pod(self, turn: Turn, namespace: str, name: str) -> Explanation:
        return turn.cluster.explain(self._pod(turn, namespace, name).uid)

    # Names.

    def _find_node(self, turn: Turn, name: str) -> Node | None:
        uid = self._view.node_uid(name)
        node = None if uid is None else turn.cluster.nodes.get(uid)
        return node or turn.new_node(name)

    def _node(self, turn: Turn, name: str) -> Node:
        node = self._find_node(turn, name)
        if node is None:
            raise UnknownName(f"there is no node {name!r}; 'kube9 node list' shows those there are")
        return node

    def _pod(self, turn: Turn, namespace: str, name: str) -> Pod:
        uid = self._view.pod_uid(namespace, name)
        pod = None if uid is None else turn.cluster.pods.get(uid)
        pod = pod or turn.new_pod(namespace, name)
        if pod is None:
            raise UnknownName(
                f"there is no pod {name!r} in namespace {namespace!r}; 'kube9 pod list' shows those there are"
            )
        return pod

    def _find_deployment(self, turn: Turn, namespace: str, name: str) -> Deployment | None:
        uid = self._view.deployment_uid(namespace, name)
        deployment = None if uid is None else turn.cluster.deployments.get(uid)
        return deployment or turn.new_deployment(namespace, name)

    def _deployment(self, turn: Turn, namespace: str, name: str) -> Deployment:
        deployment = self._find_deployment(turn, namespace, name)
        if deployment is None:
            raise UnknownName(f"there is no deployment {name!r} in namespace {namespace!r}")
        return deployment


def _check_same(kind: str, name: str, deleting: bool, same: bool) -> None:
    """Let a thing that is there be the answer to the wish for it, if it is what was asked for and there to stay."""
    if deleting:
        raise Conflict(f"{kind} {name!r} is being deleted; ask again when it is gone")
    if not same:
        raise DuplicateName(
            f"there is a {kind} {name!r} already, and it is another than what was asked for; "
            f"choose another name, or delete that {kind} first"
        )
