"""Events: what was when, and the phases that a node went through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from kube9_dashboard.model.times import moment

__all__ = ["PhaseSpan", "incidents", "node_history", "tone_of"]

#: The phase that a node is in from such an event on.
_BEGINS = {
    "NodeAdded": "Provisioning",
    "NodeReady": "Ready",
    "NodeSuspected": "Suspect",
    "NodeFailed": "Failed",
    "NodeRecovering": "Recovering",
    "NodeLost": "Lost",
}
_TONES = {
    "NodeSuspected": "warn",
    "NodeFailed": "bad",
    "NodeLost": "bad",
    "NodeRecovering": "busy",
    "NodeReady": "good",
    "PodUnschedulable": "warn",
    "PodUnready": "warn",
    "PodEvicted": "warn",
    "ContainerRestarted": "warn",
    "MovesHeld": "warn",
    "SchedulerFailed": "bad",
    "PodRunning": "good",
    "PodReady": "good",
}


@frozen(kw_only=True)
class PhaseSpan:
    """From when to when a node was in a phase."""

    node: str
    phase: str
    start: datetime
    end: datetime
    message: str


def tone_of(event_type: str) -> str:
    """Of :class:`~kube9_dashboard.model.phases.Look`; ``idle`` for what is neither good nor bad."""
    return _TONES.get(event_type, "idle")


def node_history(events: Iterable[Mapping[str, Any]], now: datetime) -> list[PhaseSpan]:
    """The phases of each node that there are events about, in their order; the last goes on until ``now``."""
    spans: list[PhaseSpan] = []
    open_: dict[str, tuple[str, datetime, str]] = {}
    for event in events:
        phase, at = _BEGINS.get(event["type"]), moment(event["timestamp"])
        gone = event["type"] == "NodeDeleted"
        if at is None or not (phase or gone) or event["kind"] not in ("Node", ""):
            continue
        name = event["name"]
        if (before := open_.pop(name, None)) is not None:
            spans.append(PhaseSpan(node=name, phase=before[0], start=before[1], end=at, message=before[2]))
        if phase:
            open_[name] = (phase, at, event["message"])
    for name, (phase, start, message) in open_.items():
        spans.append(PhaseSpan(node=name, phase=phase, start=start, end=max(start, now), message=message))
    return spans


def incidents(spans: Iterable[PhaseSpan], nodes_max: int) -> tuple[list[PhaseSpan], int]:
    """Those of nodes that were once anything but well, the latest first, and how many such nodes are left out."""
    by_node: dict[str, list[PhaseSpan]] = {}
    for span in spans:
        by_node.setdefault(span.node, []).append(span)
    troubled = {name: own for name, own in by_node.items() if any(span.phase in _TROUBLE for span in own)}
    latest = sorted(
        troubled, key=lambda name: max(s.start for s in troubled[name] if s.phase in _TROUBLE), reverse=True
    )
    return [span for name in latest[:nodes_max] for span in troubled[name]], max(0, len(latest) - nodes_max)


_TROUBLE = ("Suspect", "Failed", "Recovering", "Lost")
