"""What happened: as a table wherever it belongs, and on a page of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from kube9_dashboard.model.events import tone_of
from kube9_dashboard.model.times import clock_time
from kube9_dashboard.views.filters import choice, words
from kube9_dashboard.views.frame import Page, ask, live, now, param
from kube9_dashboard.views.markup import Column, Html, empty, joined, link, node_link, table, tag, under

__all__ = ["events_table", "show"]

_SHOWN = 200
_SIGNS = {"good": "●", "warn": "!", "bad": "✕", "busy": "↻"}
_COLUMNS = (Column("When", "num"), Column("What", "name"), Column("About", "name opt"), Column("Message", "wide"))


def show() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choice("About", "kind", ("Node", "Pod", "Deployment"))
        words("Type", "type", "PodBound")
        words("Name", "name", "web")
    live(_draw, "events")


def _draw(page: Page) -> None:
    filters: dict[str, Any] = {name: param(name) or None for name in ("kind", "type", "name")}
    key = ("events", *filters.values())
    events = ask(key, lambda client: client.events(limit=_SHOWN, **filters))
    if not events:
        page.add(empty("No events.", "None of this kind has happened, or it is so long ago that it is forgotten."))
        return
    page.add(events_table(events, now()))
    if len(events) == _SHOWN:
        page.add(tag("div", f"The latest {_SHOWN}. ", tag("code", "kube9 events"), " tells of all.", class_="foot"))


def events_table(events: Sequence[Mapping[str, Any]], at: datetime, *, about: bool = True) -> Html:
    """The latest first."""
    rows = [(str(event["id"]), _cells(event, at, about=about)) for event in reversed(events)]
    return table([column for column in _COLUMNS if about or column.title != "About"], rows, "Events")


def _cells(event: Mapping[str, Any], at: datetime, *, about: bool) -> list[str]:
    tone = tone_of(event["type"])
    sign = tag("i", _SIGNS.get(tone, "·"), aria_hidden="true")
    what = tag("span", sign, event["type"], class_=f"phase tone-{tone}")
    when = tag("span", clock_time(event["timestamp"], at), class_="muted")
    if not about:
        return [when, what, event["message"]]
    return [when, what, _about(event), joined(under(_about(event)), event["message"])]


def _about(event: Mapping[str, Any]) -> Html:
    name, kind = event["name"], event["kind"]
    if kind == "Node":
        return node_link(name)
    if kind == "Pod":
        return link("pods", name, query={"namespace": event["namespace"], "name": name})
    return tag("span", name)
