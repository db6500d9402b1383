"""How a cluster goes on after the control plane was away."""

from __future__ import annotations

from collections.abc import Iterable

from kube9.core.deployments import Deployment
from kube9.core.ledger import Ledger
from kube9.core.nodes import Node, NodePhase
from kube9.core.outcome import CreateNode, DestroyNode, InspectNode
from kube9.core.placing import Placing
from kube9.core.pods import Pod

__all__ = ["restore"]


def restore(
    ledger: Ledger,
    placing: Placing,
    *,
    nodes: Iterable[Node],
    pods: Iterable[Pod],
    deployments: Iterable[Deployment],
) -> None:
    """Fill an empty ledger with what was stored, and note what must be asked and done to go on."""
    _put_back(ledger, sorted(nodes, key=_ordinal), sorted(deployments, key=_ordinal))
    waiting: list[Pod] = []
    finished: list[Pod] = []
    for pod in sorted(pods, key=_ordinal):
        ledger.add_pod(pod.uid, pod.spec, pod.owner)
        ledger.ordinal = max(ledger.ordinal, pod.ordinal)
        if pod.node_uid is not None and not pod.phase.finished:
            ledger.bind(pod)
            continue
        ledger.put_pod(pod)
        (finished if pod.phase.finished else waiting).append(pod)
    finished.sort(key=lambda pod: (pod.finished_at_ms or 0, pod.ordinal))
    ledger.finished.update((pod.uid, None) for pod in finished)
    ledger.begin(ledger.now_ms)  # all this is stored already
    for node in ledger.nodes.values():
        _go_on(ledger, node)
    for pod in waiting:
        placing.enqueue(pod)


def _put_back(ledger: Ledger, nodes: Iterable[Node], deployments: Iterable[Deployment]) -> None:
    for node in nodes:
        ledger.add_node(node)
        ledger.ordinal = max(ledger.ordinal, node.ordinal)
    for deployment in deployments:
        ledger.put_deployment(deployment)
        ledger.ordinal = max(ledger.ordinal, deployment.ordinal)


def _go_on(ledger: Ledger, node: Node) -> None:
    if node.deleting:
        ledger.instructions.append(DestroyNode(node))
    elif node.phase is NodePhase.PROVISIONING:
        ledger.instructions.append(CreateNode(node))
    elif node.phase is not NodePhase.LOST:
        # Pods that had to leave one node must not move on to the next that turns out to be gone.
        ledger.table.awaited.add(node.uid)
        ledger.table.update(node)
        ledger.instructions.append(InspectNode(node))


def _ordinal(thing: Node | Pod | Deployment) -> int:
    return thing.ordinal
