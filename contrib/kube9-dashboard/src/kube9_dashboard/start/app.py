"""What Streamlit runs: the pages, by the paths they are at."""

from __future__ import annotations

import gc

# Streamlit and Altair take it up when they first need it, and Altair looks into what another thread has half imported.
import pandas  # type: ignore[import-untyped]  # noqa: F401, ICN001
import streamlit as st

from kube9_dashboard.views import cluster_map, events, health, nodes, overview, pods, simulations
from kube9_dashboard.views.board import remember_pages
from kube9_dashboard.views.frame import state_line

_PAGES = {
    "": (overview.show, "Overview"),
    "map": (cluster_map.show, "Map"),
    "nodes": (nodes.show, "Nodes"),
    "pods": (pods.show, "Pods"),
    "health": (health.show, "Health"),
    "events": (events.show, "Events"),
    "simulations": (simulations.show, "Simulations"),
}

#: Streamlit leaves more room than a table wants to give away.
_STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding: 4.5rem clamp(1rem, 1.5vw, 1.5rem) 3rem; max-width: 1800px; }
</style>"""


@st.cache_resource(show_spinner=False)
def _settled() -> bool:
    """Take what is imported by now out of what garbage is looked for in: Streamlit looks after every turn of a page."""
    gc.collect()
    gc.freeze()
    return True


_settled()
st.set_page_config(page_title="kube9", layout="wide")
st.html(_STYLE)
pages = {path: st.Page(show, title=title, url_path=path, default=not path) for path, (show, title) in _PAGES.items()}
remember_pages(pages)
chosen = st.navigation(list(pages.values()), position="top")
# A page of one node or pod has the name for a title.
state_line("" if chosen in (pages["nodes"], pages["pods"]) and st.query_params.get("name") else chosen.title)
chosen.run()
