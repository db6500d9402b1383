"""The page of one node: what it has, what runs there, what it went through, and what can be done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

import kube9
from kube9_dashboard.model.events import PhaseSpan, node_history
from kube9_dashboard.model.nodes import NodeRow, allocations, node_row
from kube9_dashboard.model.phases import look_of_node
from kube9_dashboard.model.pods import pod_row
from kube9_dashboard.model.quantities import share_text, shown
from kube9_dashboard.model.times import age, clock_time, span
from kube9_dashboard.views import nodes
from kube9_dashboard.views.actions import act, delete_node, drain_node, fail_node
from kube9_dashboard.views.events import events_table
from kube9_dashboard.views.frame import NotKnown, Page, ask, is_there, known, live, now, settings, source
from kube9_dashboard.views.markup import Html, empty, facts, joined, link, meters, section, tag
from kube9_dashboard.views.podtable import pod_table

__all__ = ["show"]

_PODS, _EVENTS = 50, 50


def show(name: str) -> None:
    live(lambda page: _draw_head(page, name), "node-head")
    if is_there(lambda: _node(name)):
        _buttons(name)
        live(lambda page: _draw(page, name), "node")


def _node(name: str) -> dict[str, Any]:
    return ask(("node", name), lambda client: client.node(name))


def _buttons(name: str) -> None:
    with st.container(horizontal=True, gap="small"):
        # Else it takes all the width that is left.
        with st.container(width="content"):
            st.fragment(lambda: _cordon_button(name), run_every=settings().refresh_s)()
        if st.button("Drain…", help="Move its pods elsewhere."):
            drain_node(name)
        if st.button("Fail…", help="Break it on purpose."):
            fail_node(name)
        if st.button("Delete…", help="Take it away."):
            delete_node(name)


def _cordon_button(name: str) -> None:
    """The one of the two that changes anything now, whoever cordoned it."""
    try:
        cordoned = bool(_node(name)["spec"].get("unschedulable"))
    except (kube9.Kube9Error, NotKnown):
        return
    if cordoned:
        pressed = st.button("Uncordon", help="Let new pods come again; this ends a drain.")
        done, order = f"{name} takes new pods", lambda client: client.uncordon_node(name)
    else:
        pressed = st.button("Cordon", help="Keep new pods off it.")
        done, order = f"{name} takes no new pods", lambda client: client.cordon_node(name)
    # In here an error would be gone with the next look.
    if pressed and act(done, order, lambda text: st.toast(text, duration="long")):
        st.rerun(scope="fragment")


def _draw_head(page: Page, name: str) -> None:
    shown = nodes.phase_of(node_row(_node(name)))
    page.add(tag("div", link("nodes", "Nodes"), tag("h1", name), shown, class_="head"))


def _draw(page: Page, name: str) -> None:
    document, at = _node(name), now()
    row = node_row(document)
    page.add(tag("div", _about(row, document, at), _allocated(row, document), class_="grid"), tag("br"))
    events = ask(("events", "Node", name), lambda client: client.events(kind="Node", name=name, limit=_EVENTS))
    page.add(_history(node_history(events, at), at))
    page.add(_pods(name, row.pods, at))
    about = "No event about it is remembered."
    page.add(section("Events", events_table(events, at, about=False) if events else empty("No events.", about)))


def _about(row: NodeRow, document: Mapping[str, Any], at: datetime) -> Html:
    health = known(source().ask("health", lambda client: client.node_health()))
    own: Mapping[str, Any] = next((each for each in health["items"] if each["name"] == row.name), {})
    heard = own.get("lastHeardMillisAgo")
    labels = document["metadata"].get("labels") or {}
    drain = document["status"]["drain"]
    return section(
        "About",
        facts(
            [
                ("Reason", row.reason),
                ("Drain", f"{drain['left']} of {drain['total']} pods left. {drain['waitingFor']}" if drain else ""),
                (
                    "Last heard",
                    "" if heard is None else "less than 5 s ago" if heard < 5000 else f"{span(heard / 1000)} ago",
                ),
                ("Failures", str(row.failures) if row.failures else ""),
                ("Backend", row.backend),
                ("Age", age(row.created_at, at)),
                ("Labels", ", ".join(f"{key}={value}" for key, value in labels.items())),
                ("Taints", ", ".join(f"{t['key']}:{t['effect']}" for t in document["spec"].get("taints") or ())),
            ]
        ),
    )


def _allocated(row: NodeRow, document: Mapping[str, Any]) -> Html:
    rows = [
        (
            each.resource,
            each.share,
            share_text(each.used, each.capacity),
            f"{shown(each.resource, each.used)} of {shown(each.resource, each.capacity)}",
        )
        for each in allocations([row])
    ]
    usage = document["status"].get("usage")
    measured = [tag("p", f"Measured: {usage['cpu']} cpu, {usage['memory']} memory", class_="foot")] if usage else []
    return section("Allocation", meters(rows), *measured)


def _history(spans: Sequence[PhaseSpan], at: datetime) -> Html:
    if not spans:
        return joined()
    whole_s = sum(_seconds(each) for each in spans) or 1.0
    strip = (
        tag(
            "span",
            look_of_node(each.phase).sign,
            class_=f"tone-{look_of_node(each.phase).tone}",
            # Of a thousand, so that it changes seldom.
            style=f"flex:{1000 * _seconds(each) / whole_s:.0f}",
            title=f"{each.phase} for {span(_seconds(each))}: {each.message}",
        )
        for each in spans
    )
    ends = tag("div", tag("span", clock_time(spans[0].start.isoformat(), at)), tag("span", "now"), class_="ends")
    words = ", then ".join(each.phase for each in spans)
    return section("Health history", tag("div", *strip, class_="strip", role="img", aria_label=words), ends)


def _seconds(of: PhaseSpan) -> float:
    return max(0.0, (of.end - of.start).total_seconds())


def _pods(name: str, count: int, at: datetime) -> Html:
    key = ("pods-of", name)
    pods = [pod_row(pod) for pod in ask(key, lambda client: client.pod_page(limit=_PODS, node=name))["items"]]
    if not pods:
        return section("Pods", empty("No pods are on it.", "New ones come when the scheduler chooses it."))
    foot = tag("div", link("pods", "All pods on it", query={"node": name}), class_="foot")
    return section("Pods", pod_table(pods, at, node=False), foot, aside=f"{count:,} there now")
