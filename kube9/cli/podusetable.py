"""Pods by what they really take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from kube9.cli.listing import Field
from kube9.cli.output import Column
from kube9.cli.podtable import NAMESPACE, pod_status, requested
from kube9.cli.usetable import measured_text
from kube9.core.quantities import format_quantity, parse_quantity

__all__ = ["by_measured_use", "pod_use_fields"]

Document = Mapping[str, Any]


def by_measured_use(pods: Iterable[Document]) -> list[Document]:
    """The one that takes most cpu first, then most memory; those that nobody measured last, as they came."""
    return sorted(pods, key=lambda pod: tuple(-_amount(pod["status"].get("usage"), each) for each in ("cpu", "memory")))


def pod_use_fields(*, namespaces: bool) -> list[Field]:
    """What each takes now beside what it asked for."""
    columns = [
        Field(Column("pod", whole=True), lambda pod: pod["metadata"]["name"]),
        Field(Column("status", whole=True), pod_status),
        Field(Column("node", whole=True), lambda pod: pod["status"].get("nodeName") or ""),
    ]
    for resource in ("cpu", "memory"):
        columns.append(Field(Column(f"{resource} now", right=True), partial(_now, resource)))
        columns.append(Field(Column(f"{resource} asked", right=True), partial(_asked, resource)))
    return [NAMESPACE, *columns] if namespaces else columns


def _amount(amounts: Mapping[str, Any] | None, resource: str) -> int:
    """-1 for none."""
    return -1 if amounts is None or resource not in amounts else parse_quantity(str(amounts[resource]), resource)


def _now(resource: str, pod: Document) -> str:
    return measured_text(pod["status"].get("usage"), resource)


def _asked(resource: str, pod: Document) -> str:
    asked = sum(max(0, _amount(each, resource)) for each in requested(pod))
    return format_quantity(asked, resource) if asked else ""
