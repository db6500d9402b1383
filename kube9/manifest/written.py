"""The parts of documents that pods, deployments and nodes share, written as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm
from kube9.core.nodes import Taint
from kube9.core.pods import Toleration
from kube9.core.quantities import format_quantity

__all__ = ["Document", "affinity", "quantities", "seconds", "taint", "timestamp", "toleration", "without_empty"]

Document = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

#: As Kubernetes writes it.
quantity = lru_cache(maxsize=4096)(format_quantity)


def quantities(amounts: Mapping[str, int]) -> dict[str, str]:
    """Amounts of resources as Kubernetes writes them."""
    return {resource: quantity(amount, resource) for resource, amount in amounts.items()}


def seconds(time_ms: int) -> int | float:
    """A time in seconds; a whole number where it is one."""
    return time_ms // 1000 if time_ms % 1000 == 0 else time_ms / 1000


def timestamp(at_ms: int | None) -> str | None:
    """A moment in RFC 3339, in UTC, with milliseconds: ``2026-03-01T12:00:00.000Z``."""
    if at_ms is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def without_empty(document: Document) -> Document:
    """What is not empty, false or nothing of ``document``."""
    return {name: value for name, value in document.items() if value}


def toleration(wanted: Toleration) -> Document:
    return without_empty(
        {
            "key": wanted.key,
            "operator": "Exists" if wanted.exists else "",
            "value": wanted.value,
            "effect": wanted.effect.value if wanted.effect is not None else "",
        }
    )


def taint(of: Taint) -> Document:
    return without_empty({"key": of.key, "value": of.value, "effect": of.effect.value})


def affinity(terms: tuple[NodeSelectorTerm, ...]) -> Document:
    """``affinity`` with these terms required of the node."""
    written = [
        without_empty(
            {
                "matchExpressions": [_requirement(each) for each in term.expressions],
                "matchFields": [_requirement(each) for each in term.fields],
            }
        )
        for term in terms
    ]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": written}}
    return {"nodeAffinity": required}


def _requirement(wanted: NodeRequirement) -> Document:
    return without_empty({"key": wanted.key, "operator": wanted.operator.value, "values": list(wanted.values)})
