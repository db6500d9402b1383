"""Pods, deployments and nodes as they are shown: what was asked for and what became of it, without any secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kube9.core.deployments import Deployment
from kube9.core.drains import Drain
from kube9.core.nodes import Node
from kube9.core.pods import Pod, PodPhase
from kube9.manifest.documents import deployment_spec, metadata_of, node_metadata, node_spec
from kube9.manifest.parser import API_VERSION
from kube9.manifest.written import Document, quantities, timestamp
from kube9.manifest.writtenpod import pod_spec

__all__ = ["deployment_document", "node_document", "pod_document", "usage_document"]


def pod_document(pod: Pod, node_name: str | None, use: tuple[int, int] | None = None) -> Document:
    """A pod as it is shown; of a secret's texts only the keys.

    :param node_name: of the node it is bound to; ``None`` while it waits.
    :param use: what was measured of it, as :func:`usage_document` takes it.
    """
    spec = pod.spec
    metadata = _metadata(metadata_of(spec), pod.uid, pod.created_at_ms)
    metadata.setdefault("namespace", spec.namespace)
    if pod.owner is not None:
        metadata["ownerReferences"] = [
            {
                "apiVersion": API_VERSION,
                "kind": "Deployment",
                "name": pod.owner_name,
                "uid": pod.owner.uid,
                "revision": pod.owner.revision,
            }
        ]
    return {
        "apiVersion": API_VERSION,
        "kind": "Pod",
        "metadata": metadata,
        "spec": pod_spec(spec, secrets=False),
        "status": {
            "phase": pod.phase.value,
            "nodeName": node_name,
            "epoch": pod.epoch,
            "ready": pod.ready,
            "restarts": pod.restarts,
            "reason": pod.reason,
            "exitCode": pod.exit_code,
            "startedAt": timestamp(pod.started_at_ms),
            "finishedAt": timestamp(pod.finished_at_ms),
            "devices": {kind: list(indices) for kind, indices in pod.devices.items()},
            "deleting": pod.deleting,
            "evicting": pod.evicting,
            "leaving": pod.leaving,
            **({} if use is None else {"usage": usage_document(*use)}),
        },
    }


def usage_document(cpu_milli: int, memory_bytes: int) -> Document:
    """What was measured, as quantities."""
    return quantities({"cpu": cpu_milli, "memory": memory_bytes})


def deployment_document(deployment: Deployment, pods: Iterable[Pod]) -> Document:
    """A deployment as it is shown.

    :param pods: its own, those that ended included.
    """
    spec, present = deployment.spec, [pod for pod in pods if not pod.phase.finished]
    metadata = _metadata(metadata_of(spec), deployment.uid, deployment.created_at_ms)
    metadata.setdefault("namespace", spec.namespace)
    staying = [pod for pod in present if not pod.deleting]
    updated = [pod for pod in present if pod.owner is not None and pod.owner.revision == deployment.revision]
    return {
        "apiVersion": API_VERSION,
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"replicas": spec.replicas, **deployment_spec(spec, secrets=False)},
        "status": {
            "replicas": len(present),
            "readyReplicas": sum(pod.ready for pod in staying),
            "pendingReplicas": sum(pod.phase is PodPhase.PENDING for pod in staying),
            "updatedReplicas": len(updated),
            "revision": deployment.revision,
            "failures": deployment.failures,
            "deleting": deployment.deleting,
        },
    }


def node_document(node: Node, used: Mapping[str, int], pods: int, use: tuple[int, int] | None = None) -> Document:
    """A node as it is shown.

    :param used: what is set aside on it, by resource.
    :param pods: how many pods are on it.
    :param use: what was measured of them, as :func:`usage_document` takes it.
    """
    spec = node.spec
    used = {resource: amount for resource, amount in used.items() if amount and resource != "pods"}
    capacity = spec.capacity
    free = {resource: amount - used.get(resource, 0) for resource, amount in capacity.items()}
    if "pods" in capacity:
        free["pods"] = capacity["pods"] - pods
    return {
        "apiVersion": API_VERSION,
        "kind": "Node",
        "metadata": _metadata(node_metadata(spec), node.uid, node.created_at_ms),
        "spec": {"backend": spec.backend, **node_spec(spec), "unschedulable": node.cordoned},
        "status": {
            "phase": node.phase.value,
            "reason": node.reason,
            "failures": node.failures,
            "deleting": node.deleting,
            "capacity": quantities(capacity),
            "allocatable": quantities(free),
            "used": quantities(used),
            "pods": pods,
            "drain": None if node.drain is None else _drain(node.drain, pods),
            **({} if use is None else {"usage": usage_document(*use)}),
        },
    }


def _drain(drain: Drain, left: int) -> Document:
    return {
        "total": drain.pods,
        "left": left,
        "moving": len(drain.moving),
        "waitingFor": drain.waiting_for,
        "startedAt": timestamp(drain.began_at_ms),
        "deadline": timestamp(drain.deadline_at_ms),
    }


def _metadata(metadata: Document, uid: str, created_at_ms: int) -> Document:
    return {**metadata, "uid": uid, "creationTimestamp": timestamp(created_at_ms)}
