"""Events as they are kept and told: a line for people, and what to find it by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from kube9.core import events as e
from kube9.core.deployments import Deployment
from kube9.core.nodes import Node
from kube9.core.pods import Pod, PodPhase
from kube9.manifest.written import timestamp
from kube9.store.plaintext import plain_text

__all__ = ["StoredEvent", "event_record"]

#: Texts of backends and plugins are cut here.
MESSAGE_LENGTH_MAX = 1000


class StoredEvent(NamedTuple):
    """An event under its number. Its fields are the columns of its table, in their order: it is its own row."""

    #: Grows with every event and is never given twice.
    id: int
    at_ms: int
    #: The name of its class in :mod:`kube9.core.events`.
    type: str
    #: Pod, Node or Deployment; empty for a report about something gone, or what is about many nodes.
    object_kind: str
    object_uid: str
    #: Empty for nodes.
    namespace: str
    name: str
    #: The node it is about, or that the pod is or was on; empty where none is known.
    node_name: str
    #: For people. Of a spec it says names alone.
    message: str


def event_record(id: int, event: e.Event, node_name: str = "") -> StoredEvent:
    """``event`` as it is kept under the number ``id``.

    :param node_name: of the node that the pod is on, for those events that do not say it themselves.
    """
    told = type(event).__name__
    if isinstance(event, e.PodEvent):
        pod = event.pod
        if isinstance(event, e.PodBound):
            node_name = event.node.spec.name
            # Bindings come by the ten thousand, and of names and numbers nothing needs to be cut or cleaned.
            text = f"bound to node {node_name} (epoch {pod.epoch})"
        else:
            if isinstance(event, e.PodEvicted):
                node_name = event.node_name
            text = _fit(_POD_TEXTS[type(event)](event, node_name))
        spec = pod.spec
        return StoredEvent(id, event.at_ms, told, "Pod", pod.uid, spec.namespace, spec.name, node_name, text)
    if isinstance(event, e.NodeEvent):
        node = event.node
        text = _fit(_NODE_TEXTS[type(event)](node))
        return StoredEvent(id, event.at_ms, told, "Node", node.uid, "", node.name, node.name, text)
    if isinstance(event, e.DeploymentEvent):
        deployment = event.deployment
        text = _DEPLOYMENT_TEXTS[type(event)](deployment)
        found_by = (deployment.uid, deployment.namespace, deployment.name, "")
        return StoredEvent(id, event.at_ms, told, "Deployment", *found_by, text)
    return StoredEvent(id, event.at_ms, told, "", "", "", "", "", _fit(_OTHER_TEXTS[type(event)](event)))


def _fit(text: str) -> str:
    if len(text) > MESSAGE_LENGTH_MAX:
        text = text[: MESSAGE_LENGTH_MAX - 1] + "…"
    return plain_text(text)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _on(node_name: str) -> str:
    return f" on node {node_name}" if node_name else ""


def _finished(event: e.PodFinished, node_name: str) -> str:
    pod = event.pod
    verb = "succeeded" if pod.phase is PodPhase.SUCCEEDED else "failed"
    code = "" if pod.exit_code is None else f" with exit code {pod.exit_code}"
    return f"{verb}{_on(node_name)}{code}{_because(pod.reason)}"


def _restarted(event: e.ContainerRestarted, node_name: str) -> str:
    pod = event.pod
    times = "once" if pod.restarts == 1 else f"{pod.restarts} times"
    return f"a container was started again{_on(node_name)}, {times} by now{_because(pod.reason)}"


def _evicted(event: e.PodEvicted, node_name: str) -> str:
    return f"lost node {node_name}{_because(event.pod.reason)}; queued again"


def _failed(node: Node) -> str:
    when = f" in {node.lease_left_ms} ms, when its lease is over" if node.lease_left_ms else ""
    return f"failed{_because(node.reason)}; its pods move{when}"


def _recovering(node: Node) -> str:
    attempt = f"being restarted, attempt {node.recovery_attempts}" if node.recovery_attempts else "being made anew"
    return f"{attempt}{_because(node.reason)}"


def _drains(node: Node) -> str:
    drain = node.drain
    if drain is None:  # nobody tells such a thing
        return "being drained"
    deadline = timestamp(drain.deadline_at_ms)
    until = "no deadline" if deadline is None else f"until {deadline} at the latest"
    return f"being drained: {drain.pods} pod{'' if drain.pods == 1 else 's'}, {drain.parallel} at a time, {until}"


def _asked_for(deployment: Deployment) -> str:
    replicas = deployment.spec.replicas
    return f"asked for {replicas} pod{'' if replicas == 1 else 's'} of revision {deployment.revision}"


def _unschedulable(pod: Pod) -> str:
    return pod.reason or "fits on no node"


# What each kind says of a pod and the name of its node, of a node, of a deployment, and of none of them.
_POD_TEXTS: dict[type[e.Event], Callable[[Any, str], str]] = {
    e.PodUnschedulable: lambda event, _: _unschedulable(event.pod),
    e.PodRunning: lambda event, node_name: f"running{_on(node_name)} (epoch {event.pod.epoch})",
    e.PodReady: lambda _, node_name: f"ready{_on(node_name)}",
    e.PodUnready: lambda event, node_name: f"not ready{_on(node_name)}{_because(event.pod.reason)}",
    e.ContainerRestarted: _restarted,
    e.PodEvicted: _evicted,
    e.PodFinished: _finished,
    e.PodDeleted: lambda _, node_name: f"deleted{_on(node_name)}",
    e.SchedulerFailed: lambda event, _: f"not scheduled: {event.message}",
}
_NODE_TEXTS: dict[type[e.Event], Callable[[Node], str]] = {
    e.NodeAdded: lambda node: f"asked of backend {node.spec.backend}",
    e.NodeReady: lambda node: "ready" if node.schedulable else "up, but takes no new pods: it is cordoned",
    e.NodeSuspected: lambda node: f"suspected{_because(node.reason)}; takes no new pods",
    e.NodeFailed: _failed,
    e.NodeFenced: lambda _: "fenced: surely runs nothing any more; its pods move",
    e.NodeRecovering: _recovering,
    e.NodeLost: lambda node: f"given up{_because(node.reason)}",
    e.NodeCordoned: lambda _: "cordoned: takes no new pods",
    e.NodeUncordoned: lambda _: "uncordoned: takes new pods again",
    e.NodeDrainStarted: _drains,
    e.NodeDrained: lambda _: "drained: no pod is left on it; stays cordoned",
    e.NodeDrainCancelled: lambda _: "not drained any more; the pods that are left stay",
    e.NodeDeleted: lambda _: "deleted",
}
_DEPLOYMENT_TEXTS: dict[type[e.Event], Callable[[Deployment], str]] = {
    e.DeploymentApplied: _asked_for,
    e.DeploymentDeleted: lambda _: "deleted with all its pods",
}
_OTHER_TEXTS: dict[type[e.Event], Callable[[Any], str]] = {
    e.MovesHeld: lambda event: f"pods stay on nodes that are down: {event.reason}",
    e.MovesResumed: lambda event: f"pods move off nodes that are down again; they stayed: {event.reason}",
    e.StaleReport: lambda event: f"ignored a report: {event.what}",
}
