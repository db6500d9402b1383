"""Long lists page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from kube9_dashboard.views.markup import Html, link, tag

__all__ = ["PAGE", "pager"]

#: So many rows are drawn.
PAGE = 100


def pager(page: str, shown: int, metadata: Mapping[str, Any]) -> Html:
    """What more there is, and the way there and back."""
    here = dict(st.query_params.to_dict())
    after, more = metadata.get("continue"), metadata.get("remainingItemCount", 0)
    parts: list[str] = [tag("span", f"{shown:,} shown" + (f", {more:,} more" if more else ""))]
    if "after" in here:
        parts.append(link(page, "First page", query={key: value for key, value in here.items() if key != "after"}))
    if after:
        parts.append(link(page, f"Next {min(PAGE, more)}", query={**here, "after": after}))
    return tag("div", *parts, class_="foot")
