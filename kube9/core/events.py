"""What people, logs and plugins hear. Every event names its subject as it was right after it happened."""

from __future__ import annotations

from attrs import frozen

from kube9.core.deployments import Deployment
from kube9.core.nodes import Node
from kube9.core.pods import Pod


@frozen(kw_only=True)
class Event:
    #: Cluster time in milliseconds.
    at_ms: int


@frozen(kw_only=True)
class NodeEvent(Event):
    node: Node


class NodeAdded(NodeEvent):
    """A node was asked for and is being made."""


class NodeReady(NodeEvent):
    """A node is up and takes pods, unless it is cordoned."""


class NodeSuspected(NodeEvent):
    """A node was silent for a while and takes no new pods."""


class NodeFailed(NodeEvent):
    """A node is not counted on any more; its pods move, at once or when ``node.lease_left_ms`` are over."""


class NodeRecovering(NodeEvent):
    """The backend is restarting a failed node."""


class NodeLost(NodeEvent):
    """A node was given up."""


class NodeFenced(NodeEvent):
    """A node that is down surely runs nothing any more."""


class NodeCordoned(NodeEvent):
    """A node takes no new pods until it is uncordoned."""


class NodeUncordoned(NodeEvent):
    """A node takes new pods again."""


class NodeDrainStarted(NodeEvent):
    """A node is being emptied, as ``node.drain`` says; told again when other settings are asked for."""


class NodeDrained(NodeEvent):
    """A node that was drained is empty; it stays cordoned."""


class NodeDrainCancelled(NodeEvent):
    """A node is not drained any more; the pods that are left stay."""


class NodeDeleted(NodeEvent):
    """A node is gone for good."""


@frozen(kw_only=True)
class MovesHeld(Event):
    """So many nodes look dead that pods of nodes that are down stay where they are for now."""

    reason: str


@frozen(kw_only=True)
class MovesResumed(Event):
    """Pods of nodes that are down move again."""

    #: Why they did not.
    reason: str


@frozen(kw_only=True)
class PodEvent(Event):
    pod: Pod


class PodUnschedulable(PodEvent):
    """A pod fits on no node; ``pod.reason`` has the tally."""


@frozen(kw_only=True)
class PodBound(PodEvent):
    """A pod got a node; whether it runs there is told by ``PodRunning``."""

    node: Node


class PodRunning(PodEvent):
    """A pod's processes run; ``pod.ready`` says whether they are ready."""


class PodReady(PodEvent):
    """A pod that ran already is ready now, for the first time or again."""


class PodUnready(PodEvent):
    """A pod is not ready any more, or not for what ``pod.reason`` says now."""


class ContainerRestarted(PodEvent):
    """The node of a pod started one or more of its containers again; ``pod.restarts`` counts them."""


@frozen(kw_only=True)
class PodEvicted(PodEvent):
    """A pod lost its node, or could not start there, and is queued again."""

    node_name: str


class PodFinished(PodEvent):
    """A pod ended by itself; ``pod.phase`` says how."""


class PodDeleted(PodEvent):
    """A pod is gone for good."""


@frozen(kw_only=True)
class DeploymentEvent(Event):
    deployment: Deployment


class DeploymentApplied(DeploymentEvent):
    """A deployment was asked for, or changed."""


class DeploymentDeleted(DeploymentEvent):
    """A deployment is gone with all its pods."""


@frozen(kw_only=True)
class SchedulerFailed(PodEvent):
    """A scheduler or filter broke its contract; the pod stays pending."""

    message: str


@frozen(kw_only=True)
class StaleReport(Event):
    """A report about something gone or of an older epoch came in and was ignored."""

    what: str
