"""Forms for a new node and a new pod."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

import kube9
from kube9_dashboard.model.manifests import node_manifest, pod_manifest
from kube9_dashboard.views.board import open_page
from kube9_dashboard.views.frame import source, status

__all__ = ["new_node", "new_pod"]

_RESTART = ("Always", "OnFailure", "Never")


def new_node() -> None:
    def fill() -> None:
        told = status().value or {"backends": ["memory"]}
        with st.form("new-node-form", border=False):
            name = st.text_input("Name", placeholder="node-a")
            backend = st.selectbox("Backend", told["backends"], help="Who makes the node.")
            left, right = st.columns(2)
            cpu = left.text_input("CPU", "4", help="Cores, such as 4 or 500m.")
            memory = right.text_input("Memory", "8Gi", help="Such as 8Gi.")
            others = st.text_input("Other resources", placeholder="gpu=2")
            labels = st.text_input("Labels", placeholder="zone=a, disk=ssd")
            sent = st.form_submit_button("Add node", type="primary")
        if sent:
            made = _created(
                lambda: node_manifest(name=name, backend=backend, cpu=cpu, memory=memory, others=others, labels=labels),
                lambda client, manifest: client.add_node(manifest)["node"],
            )
            if made:
                open_page("nodes", {"name": made["metadata"]["name"]})

    st.dialog("New node")(fill)()


def new_pod() -> None:
    def fill() -> None:
        told = status().value or {"schedulers": [], "defaultScheduler": ""}
        with st.form("new-pod-form", border=False):
            fields = _pod_fields(told["schedulers"], told["defaultScheduler"])
            sent = st.form_submit_button("Run pod", type="primary")
        if sent:
            made = _created(lambda: pod_manifest(**fields), lambda client, manifest: client.launch_pod(manifest))
            if made:
                metadata = made["metadata"]
                open_page("pods", {"namespace": metadata["namespace"], "name": metadata["name"]})

    st.dialog("New pod")(fill)()


def _pod_fields(schedulers: list[str], default: str) -> dict[str, Any]:
    name = st.text_input("Name", placeholder="web")
    image = st.text_input("Image", placeholder="nginx:1.27", help="In-memory nodes need none.")
    left, right = st.columns(2)
    fields: dict[str, Any] = {
        "cpu": left.text_input("CPU", "500m", help="Cores, such as 2 or 500m."),
        "memory": right.text_input("Memory", "256Mi", help="Such as 256Mi."),
    }
    with st.expander("More"):
        fields |= {
            "namespace": st.text_input("Namespace", placeholder="default"),
            "command": st.text_input("Command", placeholder="sleep 3600"),
            "others": st.text_input("Other resources", placeholder="gpu=1"),
            "labels": st.text_input("Labels", placeholder="app=web"),
            "node_selector": st.text_input("Node selector", placeholder="zone=a"),
            "scheduler": st.selectbox("Scheduler", schedulers, index=schedulers.index(default) if schedulers else None),
            "restart_policy": st.selectbox("Restart policy", _RESTART),
            "priority": st.number_input("Priority", value=0, step=1),
        }
    return {"name": name, "image": image, **fields}


def _created(
    manifest: Callable[[], dict[str, Any]], order: Callable[[kube9.Client, dict[str, Any]], dict[str, Any]]
) -> dict[str, Any] | None:
    """What was made of the manifest; ``None`` where it is told what is wrong with it."""
    try:
        document = manifest()
        return source().tell(lambda client: order(client, document))
    except (ValueError, kube9.Kube9Error) as exc:
        st.error(str(exc))
        return None
