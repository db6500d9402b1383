"""What all pages have in common: the source, the line that says how current they are, and looking again and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import streamlit as st

import kube9
from kube9_dashboard.model.times import span
from kube9_dashboard.settings import Settings
from kube9_dashboard.source import Answer, Source
from kube9_dashboard.views.board import board
from kube9_dashboard.views.markup import Html, empty, joined, notice, tag

__all__ = ["Page", "ask", "live", "now", "param", "settings", "source", "state_line", "status"]

T = TypeVar("T")

#: An idle cluster is asked for its status only; that its events stand still says that nothing has changed. What nodes
#: measure, and how far drains are, changes without an event, so after so long it is asked all the same.
_STILL_S = 10.0


@st.cache_resource(show_spinner=False)
def source() -> Source:
    """One for all who look, so that many browsers ask the server no more often than one does."""
    return Source(settings().connect)


def settings() -> Settings:
    return Settings.of()


def now() -> datetime:
    """The time of this machine, in its zone."""
    return datetime.now().astimezone()


def param(name: str) -> str:
    """Of the query string; empty where it is not there."""
    return str(st.query_params.get(name, ""))


def status() -> Answer[dict[str, Any]]:
    return source().ask("status", lambda client: client.status())


def ask(key: tuple[object, ...], question: Callable[[kube9.Client], T]) -> Answer[T]:
    """What the source says, asked anew when something has happened, and now and then."""
    told = status()
    last = told.value["lastEventId"] if told.value else None
    answer: Answer[T] = source().ask(key, question, version=last, fresh_s=_STILL_S)
    return answer


class Page:
    """What is drawn in one look: gathered piece by piece, and drawn at once."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._parts: list[Html] = []

    def add(self, *parts: Html) -> None:
        self._parts += parts

    def draw(self) -> None:
        """Put what was gathered on the page, and begin anew below it."""
        board(joined(*self._parts), self._key)
        self._parts, self._key = [], f"{self._key}-more"


def live(draw: Callable[[Page], None], key: str) -> None:
    """Draw now and every few seconds; what is around it on the page stays as it is."""

    def look() -> None:
        page = Page(key)
        if status().value is not None:
            try:
                draw(page)
            except kube9.Kube9Error as exc:
                page.add(notice(str(exc), "bad"))
        page.draw()

    st.fragment(look, run_every=settings().refresh_s)()


def state_line() -> None:
    """Say whether what the page shows is so now, and go on saying so."""

    def look() -> None:
        told = status()
        board(_state_line(told) if told.value is not None else joined(_state_line(told), _NOTHING), "state")

    st.fragment(look, run_every=settings().refresh_s)()


_NOTHING = empty("Nothing is known of the cluster yet.", "This page goes on by itself once its server answers.")


def _state_line(told: Answer[dict[str, Any]]) -> Html:
    trouble = source().trouble or told.trouble
    if not trouble:
        version = f"kube9 {told.value['version']}" if told.value else ""
        reason = "" if told.value is None or told.value["ready"] else f"not ready: {told.value['reason']}"
        live_ = tag("span", tag("i", "●", aria_hidden="true"), "live", class_="phase tone-good")
        return tag("div", live_, tag("span", version), tag("span", reason), class_="state")
    parts = [f"The server is away: {trouble}."]
    if told.value is not None:
        parts.append(f"What you see is how it was {span(source().away_s)} ago.")
    parts.append("It is tried again all the time.")
    return tag("div", tag("b", parts[0]), *(tag("span", part) for part in parts[1:]), class_="state away", role="alert")
