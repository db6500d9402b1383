"""Nodes as rows of a table, and one node as lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from kube9.cli.cells import age, amounts, colour_of_phase, pairs
from kube9.cli.listing import Field
from kube9.cli.output import Column

__all__ = ["NODE_FIELDS", "HoldWarning", "drain_text", "node_lines", "node_status", "taint_text"]

if TYPE_CHECKING:
    from kube9.client import Client

Document = Mapping[str, Any]

#: Resources with a column of their own.
_SHOWN = ("cpu", "memory", "pods")


def node_status(node: Document) -> str:
    """Its phase and what else keeps pods away, as in ``Ready,cordoned``; who is drained is cordoned."""
    cordoned = "draining" if node["status"].get("drain") else "cordoned"
    also = ((cordoned, node["spec"].get("unschedulable")), ("deleting", node["status"].get("deleting")))
    return ",".join([node["status"]["phase"], *(word for word, true in also if true)])


class HoldWarning:
    """Says on stderr if no pods move because too many nodes seem to be dead; once as long as that stays so."""

    def __init__(self, client: Client) -> None:
        self._client, self._told = client, False

    def look(self, nodes: Iterable[Document]) -> None:
        """Have a look where any of ``nodes`` is not ready: while moves are held, some are not."""
        if any(node["status"]["phase"] != "Ready" for node in nodes):
            held = self._client.node_health().get("movesHeld")
            if held and not self._told:
                click.echo(f"no pods move for now: {held}", err=True)
            self._told = bool(held)


def drain_text(drain: Document) -> str:
    """``2 of 5 pods left, 1 under way; waiting for pod web to stop``"""
    text = f"{drain['left']} of {drain['total']} pods left, {drain['moving']} under way"
    return f"{text}; waiting for {drain['waitingFor']}" if drain["waitingFor"] else text


def _reason(node: Document) -> str:
    drain = node["status"].get("drain")
    return node["status"].get("reason") or (drain_text(drain) if drain else "")


def taint_text(taint: Document) -> str:
    """``key=value:Effect``"""
    value = taint.get("value")
    return f"{taint['key']}{f'={value}' if value else ''}:{taint['effect']}"


def _use(node: Document, resource: str) -> str:
    capacity = node["status"].get("capacity", {}).get(resource)
    used = node["status"].get("used", {}).get(resource, "0")
    return used if capacity is None else f"{used}/{capacity}"


def _others(node: Document) -> str:
    names = [name for name in node["status"].get("capacity", {}) if name not in _SHOWN]
    return " ".join(f"{name} {_use(node, name)}" for name in names)


def _pods(node: Document) -> str:
    limit = node["status"].get("capacity", {}).get("pods")
    return str(node["status"].get("pods", 0)) + (f"/{limit}" if limit is not None else "")


def _taints(node: Document) -> str:
    return ",".join(map(taint_text, node["spec"].get("taints", ())))


NODE_FIELDS = (
    Field(Column("name", whole=True), lambda node: node["metadata"]["name"]),
    Field(Column("status", whole=True, colour=colour_of_phase), node_status),
    Field(Column("pods", right=True), _pods),
    Field(Column("cpu", right=True), lambda node: _use(node, "cpu")),
    Field(Column("memory", right=True), lambda node: _use(node, "memory")),
    Field(Column("other"), _others),
    Field(Column("age", right=True), lambda node: age(node["metadata"].get("creationTimestamp"))),
    Field(Column("reason"), _reason),
    Field(Column("backend"), lambda node: node["spec"].get("backend", ""), wide=True),
    Field(Column("labels"), lambda node: pairs(node["metadata"].get("labels")), wide=True),
    Field(Column("taints"), _taints, wide=True),
    Field(Column("uid"), lambda node: node["metadata"]["uid"], wide=True),
)


def _device(group: Document) -> str:
    model = f" {group['model']}" if group.get("model") else ""
    return f"{group['count']} x {group['kind']}{model} of {group.get('milli', 1000)} milli"


def node_lines(node: Document) -> Iterable[tuple[str, str]]:
    """What there is to know of a node, name by name."""
    meta, spec, status = node["metadata"], node["spec"], node["status"]
    yield "Name", meta["name"]
    yield "Status", node_status(node)
    yield "Reason", status.get("reason", "")
    if drain := status.get("drain"):
        yield "Drain", drain_text(drain)
        yield "Deadline", drain["deadline"] or "none"
    yield "Failures", str(status["failures"]) if status.get("failures") else ""
    yield "Age", age(meta.get("creationTimestamp"))
    yield "Backend", " ".join([spec.get("backend", ""), pairs(spec.get("options"))]).strip()
    yield "Labels", pairs(meta.get("labels"))
    yield "Taints", _taints(node)
    yield "Devices", "\n".join(map(_device, spec.get("devices", ())))
    yield "Capacity", amounts(status.get("capacity"))
    yield "Used", amounts(status.get("used"))
    yield "Pods", str(status.get("pods", 0))
    yield "Uid", meta["uid"]
