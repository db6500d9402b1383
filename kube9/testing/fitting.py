"""Whether a pod fits on a node, the plain way: one node at a time, to hold the column-wise filters against."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kube9.core.nodes import Taint, TaintEffect
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.core.ports import BoolArray
from kube9.core.table import NodeTable

__all__ = ["fits", "fitting"]


def fits(pod: PodSpec, nodes: NodeTable, row: int) -> bool:
    """Whether the node of ``row`` may take ``pod`` by every rule that kube9 itself has."""
    return (
        bool(nodes.schedulable[row])
        and all(nodes.labels[row].get(key) == value for key, value in pod.node_selector.items())
        and _met(pod, nodes.names[row], nodes.labels[row])
        and all(_tolerated(pod, taint) for taint in nodes.taint_sets[nodes.taint_code[row]])
        and int(nodes.free["pods"][row]) >= 1
        and all(_has_left(pod, nodes, row, resource, amount) for resource, amount in pod.requests.items())
        and all(_has_devices(request, nodes, row) for request in pod.devices)
    )


def fitting(pod: PodSpec, nodes: NodeTable) -> BoolArray:
    """:func:`fits` for every row."""
    return np.array([fits(pod, nodes, row) for row in range(len(nodes))], dtype=np.bool_)


def _met(pod: PodSpec, name: str, labels: Mapping[str, str]) -> bool:
    return not pod.node_affinity or any(term.matches(name, labels) for term in pod.node_affinity)


def _tolerated(pod: PodSpec, taint: Taint) -> bool:
    if taint.effect is TaintEffect.PREFER_NO_SCHEDULE:
        return True
    return any(toleration.tolerates(taint) for toleration in pod.tolerations)


def _has_left(pod: PodSpec, nodes: NodeTable, row: int, resource: str, amount: int) -> bool:
    if amount == 0:
        return True
    if resource not in nodes.free or int(nodes.free[resource][row]) < amount:
        return False
    # What a node has as devices is given out by the device, never as a bare amount.
    as_devices = resource in nodes.device_count and int(nodes.device_count[resource][row]) > 0
    return not as_devices or any(request.kind == resource for request in pod.devices)


def _has_devices(request: DeviceRequest, nodes: NodeTable, row: int) -> bool:
    if request.kind not in nodes.devices:
        return False
    count = int(nodes.device_count[request.kind][row])
    if request.models and (count == 0 or nodes.models[nodes.device_model[request.kind][row]] not in request.models):
        return False
    left: list[int] = nodes.devices[request.kind][row, :count].tolist()
    return sum(milli >= request.milli for milli in left) >= request.count
