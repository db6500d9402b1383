"""The component that all HTML of the pages is drawn by, and what its links open."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import streamlit as st

from kube9_dashboard.views.markup import Html

__all__ = ["board", "open_page", "remember_pages"]

_HERE = files(__package__)
_draw = st.components.v2.component(
    "kube9_dashboard.board",
    css=_HERE.joinpath("board.css").read_text(encoding="utf-8"),
    js=_HERE.joinpath("board.js").read_text(encoding="utf-8"),
)

#: Where the pages are by the path they are at; filled by the script that makes them, anew each time it runs.
_PAGES = "kube9-pages"


def remember_pages(pages: Mapping[str, Any]) -> None:
    """Let links lead to these, by path."""
    st.session_state[_PAGES] = dict(pages)


def open_page(path: str, query: Mapping[str, str] | None = None) -> None:
    """Go to a page; does not return."""
    pages = st.session_state[_PAGES]
    st.switch_page(pages.get(path) or pages[""], query_params=dict(query or {}))


def board(html: Html, key: str) -> None:
    """Draw it.

    :param key: tells this place on the page from others.
    """
    _draw(key=key, data={"html": html})
