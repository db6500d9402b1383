"""Pods: one as a row, and why those that wait do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from kube9_dashboard.model.quantities import amount, shown

__all__ = ["PodRow", "pod_row", "queue_reasons"]


@frozen(kw_only=True)
class PodRow:
    """A pod as lists show it."""

    name: str
    namespace: str
    phase: str
    node: str | None
    ready: bool
    deleting: bool
    restarts: int
    reason: str
    created_at: str
    #: What it asks for, as text.
    requests: str


def pod_row(document: Mapping[str, Any]) -> PodRow:
    metadata, status = document["metadata"], document["status"]
    return PodRow(
        name=metadata["name"],
        namespace=metadata["namespace"],
        phase=status["phase"],
        node=status["nodeName"],
        ready=status["ready"],
        deleting=status["deleting"],
        restarts=status["restarts"],
        reason=status["reason"],
        created_at=metadata["creationTimestamp"],
        requests=_requests(document["spec"]),
    )


def _requests(spec: Mapping[str, Any]) -> str:
    """Of the pod and its containers, in one line."""
    asked: Counter[str] = Counter()
    for part in (spec, *spec.get("containers", ())):
        given = part.get("requests") or (part.get("resources") or {}).get("requests") or {}
        for name, quantity in given.items():
            asked[name] += amount(quantity)  # type: ignore[assignment]  # a Counter adds any numbers
    return ", ".join(f"{shown(name, value)} {name}" for name, value in asked.items())


def queue_reasons(pods: Iterable[PodRow]) -> list[tuple[str, int]]:
    """What pods wait for and how many do, the most first.

    The tallies tell a number of nodes, which differs from pod to pod for the same cause; so the causes are counted:
    of ``0 of 5 nodes fit: 3 insufficient cpu, 2 cordoned`` it is ``insufficient cpu, cordoned``.
    """
    return Counter(_cause(pod.reason) for pod in pods).most_common()


def _cause(reason: str) -> str:
    _, told, causes = reason.partition(" fit: ")
    if not told:
        return reason or "not decided yet"
    return ", ".join(re.sub(r"^\d+ ", "", cause) for cause in causes.split(", "))
