"""The one door through which the rest of kube9 tells plugins what happened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from kube9.core import events
from kube9.core.errors import PluginError
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.plugins.fault import fault

__all__ = ["Door", "Subscriber", "hook_of"]

_log = logging.getLogger(__name__)


@frozen
class Subscriber:
    """One plugin's function for one hook."""

    plugin: str
    #: Package and version, or the file, for messages.
    owner: str
    function: Callable[..., object]
    #: Those of the hook's arguments that the function asks for.
    arguments: tuple[str, ...]

    def call(self, values: Mapping[str, object]) -> None:
        self.function(*[values[name] for name in self.arguments])


class Door:
    """Calls subscribers one by one, so that a fault is known by its plugin and stops nobody else.

    :param subscribers: by hook, in the order they are called; hooks that nobody subscribed to are left out.
    :param strict: raise the first fault as :class:`~kube9.core.errors.PluginError` rather than log it.
    """

    def __init__(self, subscribers: Mapping[str, tuple[Subscriber, ...]], *, strict: bool = False) -> None:
        self._subscribers = subscribers
        self._strict = strict
        #: Plugins and hooks of which a traceback was logged; a fault may come with every event.
        self._traced: set[tuple[str, str]] = set()
        # Nearly always nobody listens: an event without a subscriber then costs one lookup.
        self._announcers = {kind: announcer for kind, (hook, announcer) in _ANNOUNCERS.items() if subscribers.get(hook)}

    def announce(self, event: events.Event) -> None:
        """Tell whoever wants to know of ``event``.

        :raises PluginError: a subscriber failed, and plugins are strict.
        """
        announcer = self._announcers.get(type(event))
        if announcer is not None:
            announcer(self, event)

    def pod_bound(self, *, pod: Pod, node: Node, at_ms: int) -> None:
        """A pod was bound to a node."""
        self._tell("kube9_pod_bound", pod=pod, node=node, at_ms=at_ms)

    def pod_evicted(self, *, pod: Pod, node_name: str, at_ms: int) -> None:
        """A pod lost its node and is queued again."""
        self._tell("kube9_pod_evicted", pod=pod, node_name=node_name, at_ms=at_ms)

    def pod_ready(self, *, pod: Pod, at_ms: int) -> None:
        """A pod runs and is ready."""
        self._tell("kube9_pod_ready", pod=pod, at_ms=at_ms)

    def pod_unready(self, *, pod: Pod, at_ms: int) -> None:
        """A pod is not ready."""
        self._tell("kube9_pod_unready", pod=pod, at_ms=at_ms)

    def container_restarted(self, *, pod: Pod, at_ms: int) -> None:
        """A container was started again on its node."""
        self._tell("kube9_container_restarted", pod=pod, at_ms=at_ms)

    def pod_finished(self, *, pod: Pod, at_ms: int) -> None:
        """A pod ended by itself."""
        self._tell("kube9_pod_finished", pod=pod, at_ms=at_ms)

    def node_ready(self, *, node: Node, at_ms: int) -> None:
        """A node is up."""
        self._tell("kube9_node_ready", node=node, at_ms=at_ms)

    def node_failed(self, *, node: Node, at_ms: int) -> None:
        """A node is not counted on any more."""
        self._tell("kube9_node_failed", node=node, at_ms=at_ms)

    def node_fenced(self, *, node: Node, at_ms: int) -> None:
        """A node that failed surely runs nothing any more."""
        self._tell("kube9_node_fenced", node=node, at_ms=at_ms)

    def node_lost(self, *, node: Node, at_ms: int) -> None:
        """A node was given up."""
        self._tell("kube9_node_lost", node=node, at_ms=at_ms)

    def node_drained(self, *, node: Node, at_ms: int) -> None:
        """A node that was drained is empty."""
        self._tell("kube9_node_drained", node=node, at_ms=at_ms)

    def moves_held(self, *, reason: str, at_ms: int) -> None:
        """Pods of nodes that are down stay where they are."""
        self._tell("kube9_moves_held", reason=reason, at_ms=at_ms)

    def moves_resumed(self, *, reason: str, at_ms: int) -> None:
        """Pods of nodes that are down move again."""
        self._tell("kube9_moves_resumed", reason=reason, at_ms=at_ms)

    def _tell(self, hook: str, **values: object) -> None:
        for subscriber in self._subscribers.get(hook, ()):
            try:
                subscriber.call(values)
            except (Exception, SystemExit) as exc:
                message = f"plugin {subscriber.plugin!r} ({subscriber.owner}) failed in {hook}: {fault(exc)}"
                if self._strict:
                    raise PluginError(message) from exc
                key = (subscriber.plugin, hook)
                _log.error(message, exc_info=None if key in self._traced else exc)
                self._traced.add(key)


def hook_of(event: type[events.Event]) -> str | None:
    """The hook by which plugins hear of such events; ``None`` where there is none."""
    hook, _ = _ANNOUNCERS.get(event, (None, None))
    return hook


def _announce_if_ready(door: Door, event: events.PodRunning) -> None:
    """What is ready as soon as it runs is told of by one event."""
    if event.pod.ready:
        door.pod_ready(pod=event.pod, at_ms=event.at_ms)


#: Which hook an event goes to, and how. Events that are not here have no hook.
_ANNOUNCERS: Mapping[type[events.Event], tuple[str, Callable[[Door, Any], None]]] = {
    events.PodBound: (
        "kube9_pod_bound",
        lambda door, event: door.pod_bound(pod=event.pod, node=event.node, at_ms=event.at_ms),
    ),
    events.PodEvicted: (
        "kube9_pod_evicted",
        lambda door, event: door.pod_evicted(pod=event.pod, node_name=event.node_name, at_ms=event.at_ms),
    ),
    events.PodRunning: ("kube9_pod_ready", _announce_if_ready),
    events.PodReady: (
        "kube9_pod_ready",
        lambda door, event: door.pod_ready(pod=event.pod, at_ms=event.at_ms),
    ),
    events.PodUnready: (
        "kube9_pod_unready",
        lambda door, event: door.pod_unready(pod=event.pod, at_ms=event.at_ms),
    ),
    events.ContainerRestarted: (
        "kube9_container_restarted",
        lambda door, event: door.container_restarted(pod=event.pod, at_ms=event.at_ms),
    ),
    events.PodFinished: (
        "kube9_pod_finished",
        lambda door, event: door.pod_finished(pod=event.pod, at_ms=event.at_ms),
    ),
    events.NodeReady: (
        "kube9_node_ready",
        lambda door, event: door.node_ready(node=event.node, at_ms=event.at_ms),
    ),
    events.NodeFailed: (
        "kube9_node_failed",
        lambda door, event: door.node_failed(node=event.node, at_ms=event.at_ms),
    ),
    events.NodeFenced: (
        "kube9_node_fenced",
        lambda door, event: door.node_fenced(node=event.node, at_ms=event.at_ms),
    ),
    events.NodeLost: (
        "kube9_node_lost",
        lambda door, event: door.node_lost(node=event.node, at_ms=event.at_ms),
    ),
    events.NodeDrained: (
        "kube9_node_drained",
        lambda door, event: door.node_drained(node=event.node, at_ms=event.at_ms),
    ),
    events.MovesHeld: (
        "kube9_moves_held",
        lambda door, event: door.moves_held(reason=event.reason, at_ms=event.at_ms),
    ),
    events.MovesResumed: (
        "kube9_moves_resumed",
        lambda door, event: door.moves_resumed(reason=event.reason, at_ms=event.at_ms),
    ),
}
