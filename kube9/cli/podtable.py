"""Pods as rows of a table, and one pod as lines."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from kube9.cli.cells import age, amounts, colour_of_phase, pairs
from kube9.cli.listing import Field
from kube9.cli.nodetable import taint_text
from kube9.cli.output import Column

__all__ = ["NAMESPACE", "POD_FIELDS", "pod_fields", "pod_lines", "pod_name", "pod_status", "requested"]

Document = Mapping[str, Any]


def pod_name(pod: Document) -> str:
    """``namespace/name``, without the namespace where that is the default."""
    namespace, name = pod["metadata"].get("namespace", "default"), str(pod["metadata"]["name"])
    return name if namespace == "default" else f"{namespace}/{name}"


#: What ails a pod that has a node, in one word, and then in more.
_AILMENT = re.compile(r"([A-Z][A-Za-z]+): (.*)", re.DOTALL)


def pod_status(pod: Document) -> str:
    """Its phase, or what ails it, and what is being done to it, as in ``Running,deleting``."""
    status = pod["status"]
    ailment = _ailment(status)
    first = status["phase"] if ailment is None else ailment[1]
    return ",".join([first, *(word for word in ("deleting", "evicting", "leaving") if status.get(word))])


def _ailment(status: Document) -> re.Match[str] | None:
    if status["phase"] not in ("Starting", "Running") or status.get("ready"):
        return None
    return _AILMENT.fullmatch(status.get("reason", ""))


def _why(pod: Document) -> str:
    """Its reason, without the word that its status shows."""
    ailment = _ailment(pod["status"])
    return pod["status"].get("reason", "") if ailment is None else ailment[2]


def _ready(pod: Document) -> str:
    status = pod["status"]
    # A word in every row, whatever the pod does: then a program can tell the cells by the spaces between them.
    return "yes" if status["phase"] == "Running" and status.get("ready") else "no"


def _requests(pod: Document) -> str:
    return "+".join(filter(None, map(amounts, requested(pod))))


def requested(pod: Document) -> list[Mapping[str, str]]:
    """What it asks for as a whole or, where that is unsaid, container by container."""
    spec = pod["spec"]
    if spec.get("requests"):
        return [spec["requests"]]
    return [asked for each in spec.get("containers", ()) if (asked := _of_container(each))]


def _of_container(container: Document) -> Mapping[str, str] | None:
    resources = container.get("resources", {})
    asked: Mapping[str, str] | None = resources.get("requests") or resources.get("limits")
    return asked


def _exit_code(pod: Document) -> str:
    code = pod["status"].get("exitCode")
    return "" if code is None else str(code)


#: The namespace of a pod or deployment.
NAMESPACE = Field(Column("namespace"), lambda pod: pod["metadata"].get("namespace", "default"))

POD_FIELDS = (
    Field(Column("name", whole=True), lambda pod: pod["metadata"]["name"]),
    Field(Column("ready", whole=True), _ready),
    Field(Column("status", whole=True, colour=colour_of_phase), pod_status),
    Field(Column("restarts", right=True), lambda pod: str(pod["status"].get("restarts", 0))),
    Field(Column("node", whole=True), lambda pod: pod["status"].get("nodeName") or ""),
    Field(Column("age", right=True), lambda pod: age(pod["metadata"].get("creationTimestamp"))),
    Field(Column("reason"), _why),
    Field(Column("requests"), _requests, wide=True),
    Field(Column("scheduler"), lambda pod: pod["spec"].get("schedulerName", ""), wide=True),
    Field(Column("epoch", right=True), lambda pod: str(pod["status"].get("epoch", 0)), wide=True),
    Field(Column("exit code", right=True), _exit_code, wide=True),
    Field(Column("labels"), lambda pod: pairs(pod["metadata"].get("labels")), wide=True),
    Field(Column("uid"), lambda pod: pod["metadata"]["uid"], wide=True),
)


def pod_fields(*, namespaces: bool) -> tuple[Field, ...]:
    """The columns of pods, beginning with their namespace where there are ``namespaces`` to tell apart."""
    return (NAMESPACE, *POD_FIELDS) if namespaces else POD_FIELDS


def pod_lines(pod: Document) -> Iterable[tuple[str, str]]:
    """What there is to know of a pod, name by name."""
    meta, spec, status = pod["metadata"], pod["spec"], pod["status"]
    yield "Name", meta["name"]
    yield "Namespace", meta.get("namespace", "default")
    yield "Status", pod_status(pod)
    yield "Reason", _why(pod)
    yield "Ready", _ready(pod)
    yield "Restarts", str(status.get("restarts", 0))
    yield "Node", status.get("nodeName") or ""
    yield "Devices", ", ".join(f"{kind} {' '.join(map(str, which))}" for kind, which in _devices(status))
    yield "Epoch", str(status.get("epoch", 0))
    yield "Exit code", _exit_code(pod)
    yield "Age", age(meta.get("creationTimestamp"))
    yield "Started", status.get("startedAt", "")
    yield "Finished", status.get("finishedAt", "")
    yield "Requests", _requests(pod)
    yield "Priority", str(spec["priority"]) if spec.get("priority") else ""
    yield "Scheduler", spec.get("schedulerName", "")
    yield "Labels", pairs(meta.get("labels"))
    yield "Selector", pairs(spec.get("nodeSelector"))
    yield "Tolerations", ",".join(map(_toleration, spec.get("tolerations", ())))
    yield "Containers", "\n".join(map(_container, spec.get("containers", ())))
    yield "Uid", meta["uid"]


def _devices(status: Document) -> Iterable[tuple[str, list[int]]]:
    """The devices it holds of each kind, counted from 0."""
    held: Mapping[str, list[int]] = status.get("devices") or {}
    return held.items()


def _toleration(toleration: Document) -> str:
    key = toleration.get("key") or "*"
    effect = toleration.get("effect")
    if not effect:
        return pairs({key: toleration.get("value", "")})
    return taint_text({**toleration, "key": key})


def _container(container: Document) -> str:
    words = [*container.get("command", ()), *container.get("args", ())]
    command = f"  {shlex.join(words)}" if words else ""
    return f"{container['name']}  {container.get('image', '')}{command}"
