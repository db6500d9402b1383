"""The plugin: one function for each hook, all of which hand a message to the courier and return."""

from __future__ import annotations

import atexit
import logging
import time
from typing import TYPE_CHECKING, Any

import kube9
from kube9_notify.courier import Courier
from kube9_notify.messages import Message, about_node, about_pod

if TYPE_CHECKING:
    from kube9.core.ports import Node, Pod
    from kube9_notify.settings import Settings

__all__ = ["Notifier"]

_log = logging.getLogger("kube9.notify")

#: Simulations announce the same events on clocks of their own; what is further from now than this is of one.
_NOW_MS = 3_600_000


class Notifier:
    """Tells a webhook of the events that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._events = settings.events if settings.url else frozenset()
        self._courier = Courier(settings)
        self._elsewhen = False
        # The only word of the server's end that a plugin gets.
        atexit.register(self.close)

    def close(self) -> None:
        """Deliver what is left, as far as the time of grace goes."""
        atexit.unregister(self.close)
        self._courier.close()

    @kube9.hookimpl
    def kube9_pod_bound(self, pod: Pod, node: Node, at_ms: int) -> None:
        self._tell("pod-bound", at_ms, **about_pod(pod), **about_node(node))

    @kube9.hookimpl
    def kube9_pod_evicted(self, pod: Pod, node_name: str, at_ms: int) -> None:
        self._tell("pod-evicted", at_ms, **about_pod(pod), nodeName=node_name)

    @kube9.hookimpl
    def kube9_pod_ready(self, pod: Pod, at_ms: int) -> None:
        self._tell("pod-ready", at_ms, **about_pod(pod))

    @kube9.hookimpl
    def kube9_pod_unready(self, pod: Pod, at_ms: int) -> None:
        self._tell("pod-unready", at_ms, **about_pod(pod))

    @kube9.hookimpl
    def kube9_container_restarted(self, pod: Pod, at_ms: int) -> None:
        self._tell("container-restarted", at_ms, **about_pod(pod))

    @kube9.hookimpl
    def kube9_pod_finished(self, pod: Pod, at_ms: int) -> None:
        self._tell("pod-finished", at_ms, **about_pod(pod))

    @kube9.hookimpl
    def kube9_node_ready(self, node: Node, at_ms: int) -> None:
        self._tell("node-ready", at_ms, **about_node(node))

    @kube9.hookimpl
    def kube9_node_failed(self, node: Node, at_ms: int) -> None:
        self._tell("node-failed", at_ms, **about_node(node))

    @kube9.hookimpl
    def kube9_node_fenced(self, node: Node, at_ms: int) -> None:
        self._tell("node-fenced", at_ms, **about_node(node))

    @kube9.hookimpl
    def kube9_node_lost(self, node: Node, at_ms: int) -> None:
        self._tell("node-lost", at_ms, **about_node(node))

    @kube9.hookimpl
    def kube9_node_drained(self, node: Node, at_ms: int) -> None:
        self._tell("node-drained", at_ms, **about_node(node))

    @kube9.hookimpl
    def kube9_moves_held(self, reason: str, at_ms: int) -> None:
        self._tell("moves-held", at_ms, reason=reason)

    @kube9.hookimpl
    def kube9_moves_resumed(self, reason: str, at_ms: int) -> None:
        self._tell("moves-resumed", at_ms, reason=reason)

    def _tell(self, event: str, at_ms: int, **about: Any) -> None:
        if event not in self._events:
            return
        if abs(time.time() * 1000 - at_ms) > _NOW_MS:
            if not self._elsewhen:
                self._elsewhen = True
                _log.warning("what happens at another time than now is of a simulation, and is not posted")
            return
        self._courier.put(Message(event=event, at_ms=at_ms, about=about))
