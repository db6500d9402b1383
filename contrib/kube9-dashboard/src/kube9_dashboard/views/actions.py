"""What can be done to nodes and pods. Whatever takes something away asks first, in a dialog that says what is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

import kube9
from kube9_dashboard.views.board import open_page
from kube9_dashboard.views.frame import source

__all__ = ["act", "delete_node", "delete_pod", "drain_node", "fail_node"]

_MINUTE_S = 60


def act(done: str, order: Callable[[kube9.Client], Any], failed: Callable[[str], Any] = st.error) -> bool:
    """Have it done, and say so; or let ``failed`` say why not."""
    try:
        source().tell(order)
    except kube9.Kube9Error as exc:
        failed(str(exc))
        return False
    st.toast(done)
    return True


def drain_node(name: str) -> None:
    def ask() -> None:
        st.write("New pods stay off it, and those that are there move as soon as there is room elsewhere.")
        minutes = st.number_input("Stop whatever is left after so many minutes; 0 for never", 0, 10_080, 10)
        parallel = st.number_input("Pods under way at a time", 1, 10_000, 1)
        deadline: dict[str, Any] = {"deadline_s": minutes * _MINUTE_S} if minutes else {"no_deadline": True}
        if _confirmed(f"Drain {name}"):
            _close(
                act(f"{name} is being drained", lambda client: client.drain_node(name, parallel=parallel, **deadline))
            )

    st.dialog(f"Drain {name}?")(ask)()


def fail_node(name: str) -> None:
    def ask() -> None:
        st.write("It goes down as if its machine had died. Nobody is told: that is for its heartbeats to show.")
        permanent = st.checkbox("It never comes back")
        seconds = st.number_input("Down for so many seconds; 0 for until its backend restarts it", 0, 86_400, 0)
        for_s = None if permanent or not seconds else float(seconds)
        if _confirmed(f"Fail {name}"):
            _close(act(f"{name} is down", lambda client: client.fail_node(name, for_s=for_s, permanent=permanent)))

    st.dialog(f"Fail {name}?")(ask)()


def delete_node(name: str) -> None:
    def ask() -> None:
        st.write("It is taken away with whatever is on it. Its pods run elsewhere once it is gone.")
        force = st.checkbox("Forget it although it cannot be reached", help="Only for a node that is down for good.")
        if _confirmed(f"Delete {name}") and act(
            f"{name} is being deleted", lambda client: client.delete_node(name, force=force)
        ):
            open_page("nodes")

    st.dialog(f"Delete {name}?")(ask)()


def delete_pod(namespace: str, name: str) -> None:
    def ask() -> None:
        st.write(f"{namespace}/{name} is stopped, and forgotten with its log.")
        if _confirmed(f"Delete {name}") and act(
            f"{name} is being deleted", lambda client: client.delete_pod(name, namespace=namespace)
        ):
            open_page("pods")

    st.dialog(f"Delete {name}?")(ask)()


def _confirmed(title: str) -> bool:
    with st.container(horizontal=True):
        yes = st.button(title, type="primary", key="confirm")
        if st.button("Cancel", key="cancel"):
            st.rerun()
    return bool(yes)


def _close(done: bool) -> None:
    if done:
        st.rerun()
