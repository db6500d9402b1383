"""Nodes: one as a row, and all of them added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from kube9_dashboard.model.quantities import amount

__all__ = ["Allocation", "NodeRow", "allocations", "node_row", "pods_per_node", "resources_of"]

#: In this order, then the others by name. "pods" is a limit rather than something that is had.
_FIRST = ("cpu", "memory", "gpu")
_NOT_SHOWN = ("pods",)


@frozen(kw_only=True)
class NodeRow:
    """A node as lists and the map show it."""

    name: str
    phase: str
    cordoned: bool
    deleting: bool
    draining: bool
    backend: str
    pods: int
    reason: str
    created_at: str
    failures: int
    #: What it has and what is set aside of that, by resource.
    capacity: Mapping[str, float]
    used: Mapping[str, float]

    def load(self, resource: str | None = None) -> float:
        """The share that is set aside, from 0 to 1: of ``resource``, or of the one that is fullest."""
        wanted = [resource] if resource else resources_of([self])
        return max((self._share(name) for name in wanted), default=0.0)

    def _share(self, resource: str) -> float:
        whole = self.capacity.get(resource, 0.0)
        return min(1.0, self.used.get(resource, 0.0) / whole) if whole > 0 else 0.0


@frozen(kw_only=True)
class Allocation:
    """Of one resource, in the whole cluster."""

    resource: str
    used: float
    capacity: float

    @property
    def share(self) -> float:
        return self.used / self.capacity if self.capacity > 0 else 0.0


def node_row(document: Mapping[str, Any]) -> NodeRow:
    metadata, spec, status = document["metadata"], document["spec"], document["status"]
    return NodeRow(
        name=metadata["name"],
        phase=status["phase"],
        cordoned=bool(spec.get("unschedulable")),
        deleting=status["deleting"],
        draining=status["drain"] is not None,
        backend=spec.get("backend") or "",
        pods=status["pods"],
        reason=status["reason"],
        created_at=metadata["creationTimestamp"],
        failures=status["failures"],
        capacity={name: amount(quantity) for name, quantity in status["capacity"].items()},
        used={name: amount(quantity) for name, quantity in status["used"].items()},
    )


def resources_of(nodes: Iterable[NodeRow]) -> list[str]:
    """What any of them has: cpu, memory and gpu first, then the others by name."""
    found = {resource for node in nodes for resource in node.capacity} - set(_NOT_SHOWN)
    return [name for name in _FIRST if name in found] + sorted(found - set(_FIRST))


def allocations(nodes: Sequence[NodeRow]) -> list[Allocation]:
    """What all of them have and what is set aside, by resource; those that are down have it too."""
    return [
        Allocation(
            resource=name,
            used=sum(node.used.get(name, 0.0) for node in nodes),
            capacity=sum(node.capacity.get(name, 0.0) for node in nodes),
        )
        for name in resources_of(nodes)
    ]


def pods_per_node(nodes: Iterable[NodeRow], bars_max: int = 24) -> list[tuple[str, int]]:
    """How many nodes have how many pods: (``4`` or ``4–7``, nodes), in at most so many steps of one width."""
    counts = Counter(node.pods for node in nodes)
    if not counts:
        return []
    width = -(-(max(counts) + 1) // bars_max)
    steps = range(0, max(counts) + 1, width)
    return [(_range(low, low + width - 1), sum(counts[low + offset] for offset in range(width))) for low in steps]


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"
