"""Nodes by how full they are, a column per resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from kube9.cli.cells import colour_of_phase
from kube9.cli.listing import Field
from kube9.cli.nodetable import node_status
from kube9.cli.output import Column
from kube9.core.quantities import format_quantity, parse_quantity

__all__ = ["by_use", "measured_text", "use_fields"]

Document = Mapping[str, Any]

#: From here on a resource is shown as nearly full, and as full.
_HIGH, _FULL = 0.7, 0.9
_MIB = 1024 * 1024


def by_use(nodes: Iterable[Document]) -> list[Document]:
    """The fullest first, by the resource of which it has the least left; equals as they joined."""
    return sorted(nodes, key=lambda node: -max((_share(node, resource) for resource in _resources(node)), default=0.0))


def use_fields(nodes: Sequence[Document]) -> list[Field]:
    """The columns for ``nodes``: used, whole, and per cent of each resource that one of them has.

    Used is what pods asked for. What they really take has columns of its own where it is measured.
    """
    resources = dict.fromkeys(resource for node in nodes for resource in _resources(node) if resource != "pods")
    measured = dict.fromkeys(resource for node in nodes for resource in node["status"].get("usage") or ())
    return [
        Field(Column("node", whole=True), lambda node: node["metadata"]["name"]),
        Field(Column("status", whole=True, colour=colour_of_phase), node_status),
        *(Field(Column(resource, right=True, colour=_colour), partial(_use, resource)) for resource in resources),
        *(
            Field(Column(f"{resource} now", right=True, colour=_colour), partial(_now, resource))
            for resource in measured
        ),
        Field(Column("free"), partial(_free, tuple(resources)), wide=True),
        Field(Column("pods", right=True), lambda node: str(node["status"].get("pods", 0))),
    ]


def _resources(node: Document) -> Iterable[str]:
    capacity: Mapping[str, str] = node["status"].get("capacity", {})
    return capacity


def _amounts(node: Document, resource: str) -> tuple[int, int]:
    """What is in use of a resource, and the whole, in its own units."""
    whole = parse_quantity(str(node["status"].get("capacity", {}).get(resource, "0")), resource)
    return parse_quantity(str(node["status"].get("used", {}).get(resource, "0")), resource), whole


def _share(node: Document, resource: str) -> float:
    used, whole = _amounts(node, resource)
    return used / whole if whole else 0.0


def _use(resource: str, node: Document) -> str:
    used, whole = _amounts(node, resource)
    if not whole:
        return ""
    return f"{format_quantity(used, resource)}/{format_quantity(whole, resource)} {used / whole:4.0%}"


def measured_text(usage: Mapping[str, str] | None, resource: str) -> str:
    """What was measured, short enough to be read; empty where nothing was."""
    if not usage or resource not in usage:
        return ""
    amount = parse_quantity(usage[resource], resource)
    if resource == "memory" and amount >= _MIB:
        # To the byte it would be as long as it is out of date.
        return f"{amount // _MIB}Mi"
    return format_quantity(amount, resource)


def _now(resource: str, node: Document) -> str:
    usage, (_, whole) = node["status"].get("usage"), _amounts(node, resource)
    text = measured_text(usage, resource)
    return f"{text} {parse_quantity(usage[resource], resource) / whole:4.0%}" if text and whole else text


def _free(resources: Sequence[str], node: Document) -> str:
    amounts = ((resource, *_amounts(node, resource)) for resource in resources)
    return " ".join(
        f"{resource} {format_quantity(whole - used, resource)}" for resource, used, whole in amounts if whole
    )


def _colour(cell: str) -> str:
    share = int(cell.rpartition(" ")[2].rstrip("%")) / 100 if cell.endswith("%") else 0.0
    return "red" if share >= _FULL else "yellow" if share >= _HIGH else "green"
