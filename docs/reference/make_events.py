"""Writes events.md, beside this file, from kube9/core/events.py; run it after a change there.

``--check`` writes nothing and fails if the page is not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from attrs import fields
from pages import class_of, comments, markdown, write_or_check

from kube9.core import events
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.drains import Drain
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.plugins.door import hook_of
from kube9.store.record import event_record

PAGE = Path(__file__).with_name("events.md")

HEAD = """\
# Events

<!-- Written by docs/reference/make_events.py from kube9/core/events.py: change it there, and run the script. -->

What happened, for people, logs and plugins. `kube9 events` lists them, `/v1/events` and `/v1/events/stream` give them
to programs as [documents](api.md#event) with a `type` that is a name of this page, and some have a [hook](hooks.md)
by which plugins hear of them. An event is told after the change that it tells of is stored, once, under a number that
grows.

Below each event are its fields, as a simulation or a hook sees them, and the message that the document has for
people: with `n1` for a node, `web` for a pod or a deployment, and REASON where the reason stands, which may be
missing. Fields are values as of right after it happened: a [`Node`, a `Pod`](ports.md#values) or a deployment.
`at_ms` is cluster time in milliseconds.
"""

#: What the events tell of, in the order of the page.
CHAPTERS = {
    "Nodes": events.NodeEvent,
    "Pods": events.PodEvent,
    "Deployments": events.DeploymentEvent,
    "The cluster": events.Event,
}

SPEC = NodeSpec(name="n1")
NODE = Node(uid="n1", spec=SPEC, ordinal=1, phase=NodePhase.READY, reason="REASON")
DRAIN = Drain(began_at_ms=0, deadline_at_ms=3_600_000, pods=3, parallel=1)
POD = Pod(
    uid="web",
    spec=PodSpec(name="web"),
    ordinal=2,
    created_at_ms=0,
    phase=PodPhase.SUCCEEDED,
    epoch=1,
    exit_code=0,
    restarts=1,
    reason="REASON",
)
SHOWN = {
    "at_ms": 0,
    "node": NODE,
    "node_name": "n1",
    "pod": POD,
    "deployment": Deployment(
        uid="web", spec=DeploymentSpec(name="web", template=PodSpec(name="web")), ordinal=3, created_at_ms=0
    ),
    "reason": "REASON",
    "message": "REASON",
    "what": "REPORT",
}


def page() -> str:
    """The whole page."""
    told: set[type[events.Event]] = set()
    parts = [HEAD]
    for title, base in CHAPTERS.items():
        kinds = [kind for kind in kinds_of(base) if kind not in told]
        told.update(kinds)
        parts += [f"## {title}\n", *(entry(kind) for kind in kinds)]
    return "\n".join(parts)


def kinds_of(base: type[events.Event]) -> Iterator[type[events.Event]]:
    """What really happens: the classes that have none below them, in the order of the module."""
    below = base.__subclasses__()
    if not below:
        yield base
    for kind in below:
        yield from kinds_of(kind)


def entry(kind: type[events.Event]) -> str:
    """One event."""
    source = inspect.getsource(events)
    told, hook = comments(source, class_of(source, kind.__name__)), hook_of(kind)
    about = "\n\n".join(markdown(paragraph) for paragraph in (inspect.getdoc(kind) or "").split("\n\n"))
    shown = [field_text(each.name, str(each.type), told.get(each.name, "")) for each in fields(kind)]
    lines = [
        f"### {kind.__name__}\n",
        f"{about}\n",
        f"- Fields: {', '.join(shown)}",
        f"- Message: `{message(kind)}`",
        f"- Hook: {f'[{hook}](hooks.md#{hook})' if hook else 'none'}{with_condition(kind)}\n",
    ]
    return "\n".join(lines)


def field_text(name: str, type_name: str, said: str) -> str:
    plain = re.sub(r"<class '(?:[\w.]*\.)?(\w+)'>", r"\1", type_name)
    return f"`{name}: {plain}`" + (f" ({said[0].lower()}{said[1:].rstrip('.')})" if said else "")


def message(kind: type[events.Event]) -> str:
    """What its document says for people."""
    shown = {each.name: SHOWN[each.name] for each in fields(kind)}
    if kind is events.NodeDrainStarted:
        shown["node"] = Node(uid="n1", spec=SPEC, ordinal=1, drain=DRAIN)
    if kind is events.NodeRecovering:
        shown["node"] = Node(uid="n1", spec=SPEC, ordinal=1, recovery_attempts=1, reason="REASON")
    return event_record(1, kind(**shown), "n1").message


def with_condition(kind: type[events.Event]) -> str:
    return ", where the pod is ready as soon as it runs" if kind is events.PodRunning else ""


if __name__ == "__main__":
    write_or_check(PAGE, page())
