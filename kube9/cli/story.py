"""Events told as sentences."""

from __future__ import annotations

from kube9.core import events
from kube9.simulator.demo import NodeDied

__all__ = ["Story"]


class Story:
    """Tells events in the order they come, each as one line for people, without the time."""

    def __init__(self) -> None:
        #: Names of nodes that have been up.
        self._known: set[str] = set()

    def tell(self, event: events.Event) -> str:
        """Empty where there is nothing to say that another event does not say."""
        if isinstance(event, events.NodeEvent | NodeDied):
            return self._of_node(event)
        if isinstance(event, events.PodEvent):
            return self._of_pod(event)
        what = {events.MovesHeld: "stay", events.MovesResumed: "move again"}.get(type(event))
        return f"pods of nodes that are down {what}" if what else ""

    def _of_node(self, event: events.NodeEvent | NodeDied) -> str:
        node = event.node
        if isinstance(event, events.NodeReady):
            back = node.name in self._known
            self._known.add(node.name)
            return f"node {node.name} {'is back' if back else 'joins'}"
        what = {
            events.NodeAdded: "is asked for",
            events.NodeFailed: f"has failed: {node.reason}",
            events.NodeFenced: "surely runs nothing any more",
            events.NodeLost: f"is lost: {node.reason}",
            events.NodeRecovering: "is being restarted",
            NodeDied: "dies; nobody knows yet",
        }.get(type(event))
        return f"node {node.name} {what}" if what else ""

    def _of_pod(self, event: events.PodEvent) -> str:
        pod = event.pod
        if isinstance(event, events.PodBound):
            return f"pod {pod.name} {'goes' if pod.epoch == 1 else 'moves'} to {event.node.name}"
        what = {
            events.PodEvicted: "has lost its node",
            events.PodFinished: "is done",
            events.PodUnschedulable: f"waits: {pod.reason}",
        }.get(type(event))
        return f"pod {pod.name} {what}" if what else ""
