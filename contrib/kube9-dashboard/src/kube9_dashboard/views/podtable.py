"""Pods as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kube9_dashboard.model.phases import DELETING, look_of_pod
from kube9_dashboard.model.pods import PodRow
from kube9_dashboard.model.times import age
from kube9_dashboard.views.markup import Column, Html, joined, link, node_link, phase, table, under

__all__ = ["phase_of", "pod_table"]

_COLUMNS = (
    Column("Pod", "name"),
    Column("Namespace", "name opt"),
    Column("Phase", "name"),
    Column("Node", "name"),
    Column("Asks for", "name opt"),
    Column("Restarts", "num opt"),
    Column("Age", "num opt"),
    Column("Reason", "wide opt"),
)


def pod_table(pods: Sequence[PodRow], at: datetime, *, node: bool = True) -> Html:
    """:param node: whether to say where each is."""
    left_out = () if node else ("Node",)
    rows = ((f"{pod.namespace}/{pod.name}", _cells(pod, at, left_out)) for pod in pods)
    return table([column for column in _COLUMNS if column.title not in left_out], rows, "Pods")


def _cells(pod: PodRow, at: datetime, left_out: Sequence[str]) -> list[str]:
    cells: dict[str, str] = {
        "Pod": joined(
            link("pods", pod.name, query={"namespace": pod.namespace, "name": pod.name}),
            under(pod.namespace, f": {pod.reason}" if pod.reason else ""),
        ),
        "Namespace": pod.namespace,
        "Phase": phase_of(pod),
        "Node": node_link(pod.node) if pod.node else "–",
        "Asks for": pod.requests,
        "Restarts": f"{pod.restarts:,}" if pod.restarts else "",
        "Age": age(pod.created_at, at),
        "Reason": pod.reason,
    }
    return [cells[column.title] for column in _COLUMNS if column.title not in left_out]


def phase_of(pod: PodRow) -> Html:
    """With what is being done to it."""
    shown = phase(look_of_pod(pod.phase), "" if pod.ready or pod.phase != "Running" else ", not ready")
    return joined(shown, " ", phase(DELETING)) if pod.deleting else shown
