"""All nodes at once, one cell each: filled as far as they are loaded, marked by how they are."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kube9_dashboard.model.nodes import NodeRow, resources_of
from kube9_dashboard.model.phases import CORDONED, NODE_PHASES, Look, look_of_node
from kube9_dashboard.views.filters import choice
from kube9_dashboard.views.frame import NotKnown, Page, live, param
from kube9_dashboard.views.markup import Html, empty, joined, link, tag
from kube9_dashboard.views.overview import nodes_now

__all__ = ["show"]

#: Up to so many, cells are tiles with a name on them.
_TILES = 60


def show() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choice("Load of", "resource", _resources(), "the fullest")
        choice("Phase", "phase", list(NODE_PHASES))
    live(_draw, "map")


def _resources() -> list[str]:
    try:
        return resources_of(nodes_now())
    except NotKnown:
        return []


def _draw(page: Page) -> None:
    resource, phase = param("resource") or None, param("phase")
    nodes = [node for node in nodes_now() if not phase or node.phase == phase]
    if not nodes:
        hint = "None is in this phase now." if phase else "Add one on the page of nodes."
        page.add(empty("No nodes to show.", hint))
        return
    page.add(_legend(nodes, resource))
    tiles = len(nodes) <= _TILES
    cells = (_tile(node, resource) if tiles else _cell(node, resource) for node in nodes)
    page.add(
        tag("div", *cells, class_="map tiles" if tiles else "map", data_roving="", role="group", aria_label="Nodes")
    )


def _legend(nodes: Sequence[NodeRow], resource: str | None) -> Html:
    of = f"its {resource}" if resource else "the resource that is fullest there"
    ramp = (tag("span", class_="cell tone-good", style=f"--load:{load}%") for load in (10, 50, 90))
    present = {node.phase for node in nodes}
    signs = [joined(_swatch(look), look.word) for look in NODE_PHASES.values() if look.word in present - {"Ready"}]
    if any(node.cordoned for node in nodes):
        signs.append(
            joined(tag("span", CORDONED.sign, class_="cell tone-good cordoned", style="--load:0%"), "Cordoned")
        )
    filled = tag("span", *ramp, f"filled as far as {of} is set aside")
    return tag("div", filled, *(tag("span", sign) for sign in signs), class_="legend")


def _swatch(look: Look) -> Html:
    return tag("span", look.sign, class_=f"cell tone-{look.tone}", style="--load:0%")


def _sign(node: NodeRow) -> str:
    return CORDONED.sign if node.cordoned and node.phase == "Ready" else _look(node).sign


def _look(node: NodeRow) -> Look:
    return look_of_node(node.phase)


def _cell(node: NodeRow, resource: str | None) -> Html:
    sign = _sign(node) if node.cordoned or node.phase != "Ready" else ""
    return _linked(node, resource, sign)


def _tile(node: NodeRow, resource: str | None) -> Html:
    word = f"{_look(node).sign} {node.phase}" + (f", {CORDONED.sign} cordoned" if node.cordoned else "")
    load = f"{node.pods} pod{'' if node.pods == 1 else 's'}, {100 * node.load(resource):.0f} %"
    return _linked(node, resource, tag("b", node.name), word, tag("br"), load)


def _linked(node: NodeRow, resource: str | None, *inside: str) -> Html:
    load = node.load(resource)
    words = f"{node.name}: {node.phase}{', cordoned' if node.cordoned else ''}, {100 * load:.0f} %, {node.pods} pods"
    return link(
        "nodes",
        *inside,
        query={"name": node.name},
        class_=f"cell tone-{_look(node).tone}{' cordoned' if node.cordoned else ''}",
        style=f"--load:{100 * load:.0f}%",
        title=words,
        aria_label=words,
        data_key=node.name,
    )
