"""Specs as documents, for a store: all that is in them, secrets too, and nothing that is as it would be anyway.

Read back with :func:`~kube9.manifest.parser.parse_document` and the ``kind``, each is the same spec again.
"""

from __future__ import annotations

from kube9.core.deployments import DeploymentSpec
from kube9.core.nodes import DeviceGroup, NodeSpec
from kube9.core.pods import PodSpec
from kube9.manifest.written import Document, quantities, taint
from kube9.manifest.writtenpod import pod_spec

__all__ = ["deployment_spec_document", "node_spec_document", "pod_spec_document"]


def pod_spec_document(spec: PodSpec) -> Document:
    """``metadata`` and ``spec`` of a pod, with the texts of its secrets."""
    return {"metadata": metadata_of(spec), "spec": pod_spec(spec, secrets=True)}


def deployment_spec_document(spec: DeploymentSpec) -> Document:
    """``metadata`` and ``spec`` of a deployment, with the texts of its pods' secrets."""
    return {"metadata": metadata_of(spec), "spec": deployment_spec(spec, secrets=True)}


def node_spec_document(spec: NodeSpec) -> Document:
    """``metadata`` and ``spec`` of a node."""
    return {"metadata": node_metadata(spec), "spec": node_spec(spec)}


def metadata_of(spec: PodSpec | DeploymentSpec) -> Document:
    metadata: Document = {"name": spec.name}
    if spec.namespace != "default":
        metadata["namespace"] = spec.namespace
    if spec.labels:
        metadata["labels"] = dict(spec.labels)
    if spec.annotations:
        metadata["annotations"] = dict(spec.annotations)
    return metadata


def deployment_spec(spec: DeploymentSpec, *, secrets: bool) -> Document:
    written: Document = {}
    if spec.replicas != 1:
        written["replicas"] = spec.replicas
    if spec.max_unavailable != 1:
        written["strategy"] = {"rollingUpdate": {"maxUnavailable": spec.max_unavailable}}
    template, metadata = spec.template, metadata_of(spec.template)
    del metadata["name"]
    metadata.pop("namespace", None)
    written["template"] = {"metadata": metadata} if metadata else {}
    written["template"]["spec"] = pod_spec(template, secrets=secrets)
    return written


def node_metadata(spec: NodeSpec) -> Document:
    return {"name": spec.name, "labels": dict(spec.labels)} if spec.labels else {"name": spec.name}


def node_spec(spec: NodeSpec) -> Document:
    written: Document = {}
    if spec.backend:
        written["backend"] = spec.backend
    kinds = {device.kind for device in spec.devices}
    if capacity := {name: amount for name, amount in spec.capacity.items() if name not in kinds}:
        written["capacity"] = quantities(capacity)
    if spec.devices:
        written["devices"] = [_device(each) for each in spec.devices]
    if spec.taints:
        written["taints"] = [taint(each) for each in spec.taints]
    if spec.options:
        written["options"] = dict(spec.options)
    return written


def _device(group: DeviceGroup) -> Document:
    written: Document = {"kind": group.kind, "count": group.count}
    if group.milli != 1000:
        written["milli"] = group.milli
    if group.model:
        written["model"] = group.model
    return written
