"""The page of pods: all of them, or the one that is named in the query string."""

from __future__ import annotations

import streamlit as st

from kube9_dashboard.model.phases import POD_PHASES
from kube9_dashboard.model.pods import pod_row
from kube9_dashboard.views import pod
from kube9_dashboard.views.filters import choice, words
from kube9_dashboard.views.forms import new_pod
from kube9_dashboard.views.frame import Page, ask, live, now, param
from kube9_dashboard.views.markup import empty, tag
from kube9_dashboard.views.paging import PAGE, pager
from kube9_dashboard.views.podtable import pod_table

__all__ = ["show"]

_FILTERS = ("phase", "namespace", "node", "selector", "after")


def show() -> None:
    if name := param("name"):
        pod.show(param("namespace") or "default", name)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choice("Phase", "phase", list(POD_PHASES))
        words("Namespace", "namespace", "default", 140)
        words("Node", "node", "node-0001", 140)
        words("Labels", "selector", "app=web,tier!=db")
        if st.button("New pod…", key="new-pod"):
            new_pod()
    live(_draw, "pods")


def _draw(page: Page) -> None:
    wanted = {name: param(name) or None for name in _FILTERS}
    found = ask(("pod-page", *wanted.values()), lambda client: client.pod_page(limit=PAGE, **wanted))
    pods = [pod_row(document) for document in found["items"]]
    if not pods:
        filtered = any(wanted.values())
        hint = "None is like that now." if filtered else tag("span", "New pod… above runs one, as does ", _COMMAND, ".")
        page.add(empty("No pods to show.", hint))
        return
    page.add(pod_table(pods, now()), pager("pods", len(pods), found["metadata"]))


_COMMAND = tag("code", "kube9 pod run")
