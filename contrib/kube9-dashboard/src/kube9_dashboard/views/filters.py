"""Filters: what is chosen stands in the query string, so that a link or a reload shows the same."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kube9_dashboard.views.frame import param

__all__ = ["choice", "choices", "words"]


def choice(label: str, name: str, options: Sequence[str], none: str = "any") -> str:
    """One of ``options``, or ``none``; as the parameter ``name``."""
    here = param(name)
    known = [none, *options, *([here] if here and here not in options else [])]
    chosen = st.selectbox(label, known, key=_led_to(name, here or none), width=150)
    return _settled(name, "" if chosen == none else chosen)


def words(label: str, name: str, example: str, width: int = 170) -> str:
    """A text, as the parameter ``name``."""
    typed = st.text_input(label, key=_led_to(name, param(name)), placeholder=example, width=width)
    return _settled(name, typed.strip())


def choices(label: str, name: str, options: Sequence[str], hint: str) -> list[str]:
    """Any of ``options``; as the parameter ``name``, by commas."""
    here = [each for each in param(name).split(",") if each in options]
    chosen = st.multiselect(label, options, key=_led_to(name, here), placeholder=hint)
    _settled(name, ",".join(chosen))
    return chosen


def _led_to(name: str, value: str | list[str]) -> str:
    """The widget's key; it has ``value`` where a link led to another choice than was drawn last."""
    key = f"filter-{name}"
    if key not in st.session_state or st.session_state.get(_seen(name)) != param(name):
        st.session_state[key] = value
    return key


def _settled(name: str, value: str) -> str:
    """Put what was chosen in the query string.

    Not when the widget says that it was changed: a browser also says so of one that is no longer on the page, and the
    same parameter may mean something else there.
    """
    if value != param(name):
        # Whoever filters anew begins at the first page.
        st.query_params.pop("after", None)
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
    st.session_state[_seen(name)] = value
    return value


def _seen(name: str) -> str:
    return f"seen-{name}"
