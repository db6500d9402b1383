"""Deployments as rows of a table, and one deployment as lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kube9.cli.cells import age, pairs
from kube9.cli.listing import Field
from kube9.cli.output import Column
from kube9.cli.podtable import NAMESPACE

__all__ = ["DEPLOYMENT_FIELDS", "deployment_fields", "deployment_lines"]

Document = Mapping[str, Any]


def _ready(deployment: Document) -> str:
    return f"{deployment['status'].get('readyReplicas', 0)}/{deployment['spec'].get('replicas', 1)}"


DEPLOYMENT_FIELDS = (
    Field(Column("name", whole=True), lambda deployment: deployment["metadata"]["name"]),
    Field(Column("ready", right=True), _ready),
    Field(Column("updated", right=True), lambda deployment: str(deployment["status"].get("updatedReplicas", 0))),
    Field(Column("age", right=True), lambda deployment: age(deployment["metadata"].get("creationTimestamp"))),
    Field(Column("labels"), lambda deployment: pairs(deployment["metadata"].get("labels")), wide=True),
    Field(Column("uid"), lambda deployment: deployment["metadata"]["uid"], wide=True),
)


def deployment_fields(*, namespaces: bool) -> tuple[Field, ...]:
    """The columns of deployments, beginning with their namespace where there are ``namespaces`` to tell apart."""
    return (NAMESPACE, *DEPLOYMENT_FIELDS) if namespaces else DEPLOYMENT_FIELDS


def deployment_lines(deployment: Document) -> Iterable[tuple[str, str]]:
    """What there is to know of a deployment, name by name."""
    meta, status = deployment["metadata"], deployment["status"]
    yield "Name", meta["name"]
    yield "Namespace", meta.get("namespace", "default")
    yield "Ready", _ready(deployment)
    yield "Updated", str(status.get("updatedReplicas", 0))
    yield "Pending", str(status["pendingReplicas"]) if status.get("pendingReplicas") else ""
    yield "Revision", str(status.get("revision", 1))
    yield "Deleting", "yes" if status.get("deleting") else ""
    yield "Age", age(meta.get("creationTimestamp"))
    yield "Labels", pairs(meta.get("labels"))
    yield "Uid", meta["uid"]
