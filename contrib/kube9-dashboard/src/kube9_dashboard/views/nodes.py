"""The page of nodes: all of them, or the one that is named in the query string."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from kube9_dashboard.model.nodes import NodeRow, node_row, resources_of
from kube9_dashboard.model.phases import CORDONED, DELETING, DRAINING, NODE_PHASES, look_of_node
from kube9_dashboard.model.quantities import share_text
from kube9_dashboard.model.times import age
from kube9_dashboard.views import node
from kube9_dashboard.views.filters import choice, words
from kube9_dashboard.views.forms import new_node
from kube9_dashboard.views.frame import Page, ask, live, now, param
from kube9_dashboard.views.markup import Column, Html, empty, joined, meter, node_link, phase, table, tag, under
from kube9_dashboard.views.paging import PAGE, pager

__all__ = ["phase_of", "show"]


def show() -> None:
    if name := param("name"):
        node.show(name)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choice("Phase", "phase", list(NODE_PHASES))
        words("Labels", "selector", "zone=a,disk!=hdd")
        if st.button("New node…", key="new-node"):
            new_node()
    live(_draw, "nodes")


def _draw(page: Page) -> None:
    wanted = {"phase": param("phase") or None, "selector": param("selector") or None, "after": param("after") or None}
    found = ask(("node-page", *wanted.values()), lambda client: client.node_page(limit=PAGE, **wanted))
    nodes = [node_row(document) for document in found["items"]]
    if not nodes:
        filtered = wanted["phase"] or wanted["selector"]
        hint = (
            "None is like that now." if filtered else tag("span", "New node… above adds one, as does ", _COMMAND, ".")
        )
        page.add(empty("No nodes to show.", hint))
        return
    page.add(_table(nodes, now()), pager("nodes", len(nodes), found["metadata"]))


_COMMAND = tag("code", "kube9 node add")


def _table(nodes: Sequence[NodeRow], at: datetime) -> Html:
    resources = resources_of(nodes)[:4]
    columns = [
        Column("Node", "name"),
        Column("Phase", "name"),
        Column("Pods", "num"),
        *(Column(resource, "num" if resource in ("cpu", "memory") else "num opt") for resource in resources),
        Column("Backend", "name opt"),
        Column("Age", "num opt"),
        Column("Reason", "wide opt"),
    ]
    return table(columns, ((each.name, _cells(each, resources, at)) for each in nodes), "Nodes")


def _cells(row: NodeRow, resources: Sequence[str], at: datetime) -> list[str]:
    return [
        joined(node_link(row.name), under(row.reason)),
        phase_of(row),
        f"{row.pods:,}",
        *(_load(row, resource) for resource in resources),
        row.backend,
        age(row.created_at, at),
        row.reason,
    ]


def _load(row: NodeRow, resource: str) -> Html:
    capacity = row.capacity.get(resource, 0.0)
    text = share_text(row.used.get(resource, 0.0), capacity)
    return tag("div", text, meter(row.load(resource)), class_="load") if capacity else joined(text)


def phase_of(row: NodeRow) -> Html:
    """With what is being done to it."""
    parts = [phase(look_of_node(row.phase))]
    if row.cordoned:
        parts.append(phase(DRAINING if row.draining else CORDONED))
    if row.deleting:
        parts.append(phase(DELETING))
    return joined(*(part if at == 0 else joined(" ", part) for at, part in enumerate(parts)))
