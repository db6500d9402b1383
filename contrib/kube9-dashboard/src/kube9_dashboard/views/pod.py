"""The page of one pod: how it is, its log, why it is where it is, and its manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

import kube9
from kube9_dashboard.model.explanation import Explanation, Verdict, explanation
from kube9_dashboard.model.pods import PodRow, pod_row
from kube9_dashboard.model.times import age, clock_time
from kube9_dashboard.views.actions import delete_pod
from kube9_dashboard.views.board import board
from kube9_dashboard.views.events import events_table
from kube9_dashboard.views.filters import choice
from kube9_dashboard.views.frame import NotKnown, Page, ask, is_there, known, live, now, param, source
from kube9_dashboard.views.markup import (
    Column,
    Html,
    empty,
    facts,
    joined,
    link,
    node_link,
    notice,
    section,
    table,
    tabs,
    tag,
)
from kube9_dashboard.views.podtable import phase_of

__all__ = ["show"]

_EVENTS, _LOG_LINES, _NODES_SHOWN = 50, 300, 100


def show(namespace: str, name: str) -> None:
    live(lambda page: _draw_head(page, namespace, name), "pod-head")
    if not is_there(lambda: _pod(namespace, name)):
        return
    if st.button("Delete…", help="Stop it and forget it."):
        delete_pod(namespace, name)
    board(_tabs(namespace, name), "pod-tabs")
    part = param("show")
    if part == "log":
        _log_choices(namespace, name)
    draw = {"log": _draw_log, "explain": _draw_explanation, "manifest": _draw_manifest}.get(part, _draw_summary)
    live(lambda page: draw(page, namespace, name), f"pod-{part}")


def _pod(namespace: str, name: str) -> dict[str, Any]:
    return ask(("pod", namespace, name), lambda client: client.pod(name, namespace=namespace))


def _draw_head(page: Page, namespace: str, name: str) -> None:
    shown = phase_of(pod_row(_pod(namespace, name)))
    page.add(
        tag("div", link("pods", "Pods"), tag("h1", name), tag("span", namespace, class_="muted"), shown, class_="head")
    )


def _tabs(namespace: str, name: str) -> Html:
    here = {"namespace": namespace, "name": name}
    parts = (("", "Summary"), ("log", "Log"), ("explain", "Explain"), ("manifest", "Manifest"))
    return tabs(
        "pods", [(title, here | ({"show": part} if part else {}), param("show") == part) for part, title in parts]
    )


def _draw_summary(page: Page, namespace: str, name: str) -> None:
    document, at = _pod(namespace, name), now()
    page.add(section("About", _about(pod_row(document), document, at)))
    key = ("events", "Pod", namespace, name)
    events = ask(key, lambda client: client.events(kind="Pod", namespace=namespace, name=name, limit=_EVENTS))
    none = empty("No events.", "No event about it is remembered.")
    page.add(section("Events", events_table(events, at, about=False) if events else none))


def _about(row: PodRow, document: Mapping[str, Any], at: datetime) -> Html:
    spec, state = document["spec"], document["status"]
    owners = document["metadata"].get("ownerReferences") or ()
    images = ", ".join(each.get("image", "") for each in spec.get("containers", ()) if each.get("image"))
    usage = state.get("usage")
    return facts(
        [
            ("Node", node_link(row.node) if row.node else "none"),
            ("Reason", row.reason),
            ("Asks for", row.requests),
            ("Takes", f"{usage['cpu']} cpu, {usage['memory']} memory" if usage else ""),
            ("Image", images),
            ("Deployment", ", ".join(owner["name"] for owner in owners)),
            ("Restarts", str(row.restarts) if row.restarts else ""),
            ("Exit code", "" if state["exitCode"] is None else str(state["exitCode"])),
            ("Started", clock_time(state["startedAt"], at)),
            ("Ended", clock_time(state["finishedAt"], at)),
            ("Age", age(row.created_at, at)),
            ("Bound", f"{state['epoch']} times" if state["epoch"] > 1 else ""),
        ]
    )


def _log_choices(namespace: str, name: str) -> None:
    try:
        spec = _pod(namespace, name)["spec"]
    except NotKnown:
        spec = {}
    containers = [each["name"] for each in (*spec.get("initContainers", ()), *spec.get("containers", ()))]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(containers) > 1:
            choice("Container", "container", containers, "the first")
        choice("Run", "run", ("previous",), "present")


def _draw_log(page: Page, namespace: str, name: str) -> None:
    container, previous = param("container") or None, param("run") == "previous"

    def read(client: kube9.Client) -> str:
        parts = client.pod_logs(name, namespace=namespace, container=container, tail=_LOG_LINES, previous=previous)
        return b"".join(parts).decode("utf-8", "replace")

    text = known(source().ask(("log", namespace, name, container, previous), read))
    if not text:
        page.add(empty("The log is empty.", "What the container writes shows up here by itself."))
        return
    foot = tag("div", f"The last {_LOG_LINES} lines at the most.", class_="foot")
    page.add(tag("pre", text, tabindex="0", aria_label="Log"), foot)


def _draw_explanation(page: Page, namespace: str, name: str) -> None:
    # What a policy says to a thousand nodes is not asked for with every look.
    key = ("explain", namespace, name)
    told = ask(key, lambda client: explanation(client.explain_pod(name, namespace=namespace)))
    where = joined("It would go to ", node_link(told.winner)) if told.winner else "It fits on no node"
    here = joined("It is on ", node_link(told.node), ". ") if told.node else ""
    first = tag("p", here, where, f", says {told.scheduler}, were it placed now: {told.tally}.")
    page.add(first, tag("div", _refusals(told), _ranking(told), class_="grid"))


def _refusals(told: Explanation) -> Html:
    if not told.refusals:
        return joined()
    columns = [Column("Reason", "wide"), Column("Nodes", "num")]
    rows = ((reason, (reason, f"{count:,}")) for reason, count in told.refusals)
    return section("Why nodes do not fit", table(columns, rows, "Why nodes do not fit"))


def _ranking(told: Explanation) -> Html:
    columns = [Column("#", "num"), Column("Node", "name"), Column("Score", "num"), Column("Reason", "wide")]
    rows = ((each.node, _verdict(each)) for each in told.verdicts[:_NODES_SHOWN])
    more = len(told.verdicts) - _NODES_SHOWN
    foot = tag("div", f"{more:,} more nodes.", class_="foot") if more > 0 else ""
    return section("Nodes by score", table(columns, rows, "Nodes by score"), foot)


def _verdict(each: Verdict) -> list[str]:
    wins = tag("span", "✓ wins", class_="phase tone-good best") if each.wins else each.reason
    return [
        "" if each.rank is None else f"{each.rank:,}",
        node_link(each.node, class_="best" if each.wins else None),
        "–" if each.score is None else f"{each.score:,.4g}",
        wins,
    ]


def _draw_manifest(page: Page, namespace: str, name: str) -> None:
    document = _pod(namespace, name)
    shown = {key: document[key] for key in ("apiVersion", "kind", "metadata", "spec")}
    page.add(notice("As it was asked for; texts of secrets are not shown."))
    page.add(tag("pre", json.dumps(shown, indent=2, ensure_ascii=False), tabindex="0", aria_label="Manifest"))
