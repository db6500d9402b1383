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

__all__ = [
    "NotKnown",
    "Page",
    "ask",
    "is_there",
    "known",
    "live",
    "now",
    "param",
    "settings",
    "source",
    "state_line",
    "status",
]

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


class NotKnown(Exception):
    """The server is away, and was not asked this before."""


def ask(key: tuple[object, ...], question: Callable[[kube9.Client], T]) -> T:
    """What the source says, asked anew when something has happened, and now and then.

    :raises NotKnown: rather than that what is not known is taken for nothing.
    """
    told = status()
    last = told.value["lastEventId"] if told.value else None
    return known(source().ask(key, question, version=last, fresh_s=_STILL_S))


def known(answer: Answer[T]) -> T:
    """:raises NotKnown: the answer has no value."""
    if answer.value is None:
        raise NotKnown(answer.trouble)
    return answer.value


def is_there(look: Callable[[], object]) -> bool:
    """Whether the server does not deny what ``look`` asks for; while it is away it may be there."""
    try:
        look()
    except NotKnown:
        return True
    except kube9.Kube9Error:
        return False
    return True


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
            except NotKnown:
                page.add(_NOT_KNOWN)
        page.draw()

    st.fragment(look, run_every=settings().refresh_s)()


def state_line(title: str) -> None:
    """Say whether what the page shows is so now, and go on saying so.

    :param title: of the page, for where the navigation has no room to say it; empty where the page says it.
    """

    def look() -> None:
        told = status()
        line = joined(tag("div", title, class_="page") if title else "", _state_line(told))
        board(line if told.value is not None else joined(line, _NOTHING), "state")

    st.fragment(look, run_every=settings().refresh_s)()


_NOT_KNOWN = empty("This is not known.", "The server went away before it was asked. It goes on by itself.")
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
