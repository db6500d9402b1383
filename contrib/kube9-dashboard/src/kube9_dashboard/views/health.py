"""How the nodes are heard, and what they went through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from kube9_dashboard.model.events import incidents, node_history
from kube9_dashboard.model.phases import look_of_node
from kube9_dashboard.model.times import span
from kube9_dashboard.views.charts import timeline
from kube9_dashboard.views.frame import Page, ask, known, live, now, source
from kube9_dashboard.views.markup import Column, Html, empty, joined, node_link, notice, phase, section, table, under

__all__ = ["show"]

#: Nodes that are not well, some that are, and lines of the chart.
_NODES_SHOWN, _WELL_SHOWN, _LINES = 50, 5, 25
_EVENTS_READ = 2_000
#: What goes on has its end at a multiple of this.
_STEP_S = 10
_UNWELL = ("Lost", "Failed", "Recovering", "Suspect", "Provisioning")


def show() -> None:
    live(_draw, "health")


def _draw(page: Page) -> None:
    told = known(source().ask("health", lambda client: client.node_health()))
    if told["movesHeld"]:
        page.add(notice(f"No pods move for now: {told['movesHeld']}", "warn"))
    nodes = sorted(told["items"], key=_worst_first)
    unwell = [node for node in nodes if node["phase"] != "Ready"]
    if nodes:
        drawn = nodes[: min(_NODES_SHOWN, len(unwell) + _WELL_SHOWN)]
        all_ = "all" if not unwell else f"{len(nodes) - len(unwell):,} of {len(nodes):,}"
        page.add(section("How they are heard", _heard(drawn), aside=f"{all_} are Ready; the worst come first"))
    else:
        page.add(empty("No nodes yet.", "Add one on the page of nodes."))
    _draw_history(page)


def _draw_history(page: Page) -> None:
    # A chart is drawn anew where a second has passed, and flickers.
    at = now().replace(microsecond=0)
    at -= timedelta(seconds=at.second % _STEP_S)
    events = ask(("events", "Node"), lambda client: client.events(kind="Node", limit=_EVENTS_READ))
    spans, left_out = incidents(node_history(events, at), _LINES)
    if not spans:
        none = empty("Nothing happened.", "No node was anything but well, as far back as events are remembered.")
        page.add(section("History", none))
        return
    more = f", {left_out:,} more are left out" if left_out else ""
    page.add(section("History", aside=f"of nodes that were not well, the latest first{more}"))
    page.draw()
    timeline(spans)


def _worst_first(node: Mapping[str, Any]) -> tuple[int, float, str]:
    phase_ = node["phase"]
    place = _UNWELL.index(phase_) if phase_ in _UNWELL else len(_UNWELL)
    return place, -(node["suspicion"] or 0.0), node["name"]


def _heard(nodes: Sequence[Mapping[str, Any]]) -> Html:
    columns = [
        Column("Node", "name"),
        Column("Phase", "name"),
        Column("Last heard", "num"),
        Column("Suspicion", "num"),
        Column("Failures", "num opt"),
        Column("Reason", "wide opt"),
    ]
    return table(columns, ((node["name"], _cells(node)) for node in nodes), "How nodes are heard")


def _cells(node: Mapping[str, Any]) -> list[str]:
    heard, suspicion = node["lastHeardMillisAgo"], node["suspicion"]
    return [
        joined(node_link(node["name"]), under(node["reason"])),
        phase(look_of_node(node["phase"])),
        "–" if heard is None else "< 1 s ago" if heard < 1000 else f"{span(heard / 1000)} ago",
        "–" if suspicion is None else f"{suspicion:,.1f}" if suspicion < 10 else f"{suspicion:,.0f}",
        f"{node['failures']:,}" if node["failures"] else "",
        node["reason"],
    ]
