"""Filters: what is chosen stands in the query string, so that a link or a reload shows the same."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kube9_dashboard.views.frame import param

__all__ = ["choice", "words"]


def choice(label: str, name: str, options: Sequence[str], none: str = "any") -> str:
    """One of ``options``, or ``none``; as the parameter ``name``."""
    here = param(name)
    known = [none, *options, *([here] if here and here not in options else [])]
    key = f"filter-{name}"
    # A link may have led here with another choice.
    if st.session_state.get(key) != (here or none):
        st.session_state[key] = here or none
    st.selectbox(label, known, key=key, on_change=_chosen, args=(name, none), width=150)
    return param(name)


def words(label: str, name: str, example: str, width: int = 170) -> str:
    """A text, as the parameter ``name``."""
    key = f"filter-{name}"
    if st.session_state.get(key) != param(name):
        st.session_state[key] = param(name)
    st.text_input(label, key=key, on_change=_chosen, args=(name,), placeholder=example, width=width)
    return param(name)


def _chosen(name: str, none: str = "") -> None:
    value = str(st.session_state[f"filter-{name}"] or "").strip()
    # Whoever filters anew begins at the first page.
    st.query_params.pop("after", None)
    if value in ("", none):
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value
