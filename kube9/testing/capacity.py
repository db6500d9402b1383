"""Whether what pods take a node has, by a plain sum, to hold the table's counting against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kube9.core.nodes import Node
from kube9.core.pods import Pod

__all__ = ["assert_within_capacity"]


def assert_within_capacity(node: Node, pods: Sequence[Pod]) -> None:
    """What ``pods`` take together, ``node`` has, and of each device no more than that has."""
    taken: Counter[str] = Counter()
    shares: Counter[tuple[str, int]] = Counter()
    for pod in pods:
        taken.update({**pod.spec.requests, "pods": 1})
        for request in pod.spec.devices:
            indices = pod.devices[request.kind]
            assert len(set(indices)) == request.count, f"{pod.uid} has devices {indices}, asked for {request.count}"
            shares.update({(request.kind, index): request.milli for index in indices})
    for resource, amount in taken.items():
        limit = node.spec.capacity.get(resource, None if resource == "pods" else 0)
        assert limit is None or amount <= limit, f"{node.name} gives {amount} {resource} of {limit}"
    sizes = {(group.kind, index): group.milli for group in node.spec.devices for index in range(group.count)}
    for device, milli in shares.items():
        assert milli <= sizes[device], f"{node.name} gives {milli} milli of device {device}, which has {sizes[device]}"
