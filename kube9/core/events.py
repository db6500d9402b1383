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
    """A node was asked for and is being made.

    Once for each request that made one; one that found the node there tells nothing.
    """


class NodeReady(NodeEvent):
    """A node is up and takes pods, unless it is cordoned.

    When it has joined, for the first time or anew, and when a node that was suspected is heard again.
    """


class NodeSuspected(NodeEvent):
    """A node was silent for a while and takes no new pods.

    When the health check's first threshold is reached; its pods stay.
    """


class NodeFailed(NodeEvent):
    """A node is not counted on any more; its pods move, at once or when ``node.lease_left_ms`` are over.

    When the health check's second threshold is reached, or its backend says that it is down.
    """


class NodeRecovering(NodeEvent):
    """The backend is restarting a failed node.

    For each attempt, and when a node that is surely gone is made anew.
    """


class NodeLost(NodeEvent):
    """A node was given up.

    When it could not be made, when the last attempt to restart it failed, or when somebody said so.
    """


class NodeFenced(NodeEvent):
    """A node that is down surely runs nothing any more.

    When its backend has made sure of that before the node's lease was over; its pods need not wait for it.
    """


class NodeCordoned(NodeEvent):
    """A node takes no new pods until it is uncordoned.

    When that was asked for, by itself or with a drain.
    """


class NodeUncordoned(NodeEvent):
    """A node takes new pods again.

    When that was asked for, by itself or with the end of a drain.
    """


class NodeDrainStarted(NodeEvent):
    """A node is being emptied, as ``node.drain`` says; told again when other settings are asked for.

    When that was asked for, also of a node without pods; ``NodeCordoned`` comes first where it was not cordoned.
    """


class NodeDrained(NodeEvent):
    """A node that was drained is empty; it stays cordoned.

    When its last pod has left; a pod that somebody puts there later is no new drain.
    """


class NodeDrainCancelled(NodeEvent):
    """A node is not drained any more; the pods that are left stay.

    When a drain was undone before its end, by uncordoning the node or by cancelling the drain.
    """


class NodeDeleted(NodeEvent):
    """A node is gone for good.

    When its backend has taken it away, or it was forgotten by force; its pods lost their node just before.
    """


@frozen(kw_only=True)
class MovesHeld(Event):
    """So many nodes look dead that pods of nodes that are down stay where they are for now.

    Once for each reason, which counts the nodes.
    """

    reason: str


@frozen(kw_only=True)
class MovesResumed(Event):
    """Pods of nodes that are down move again.

    When enough nodes were heard again or are deleted.
    """

    #: Why they did not.
    reason: str


@frozen(kw_only=True)
class PodEvent(Event):
    pod: Pod


class PodUnschedulable(PodEvent):
    """A pod fits on no node; ``pod.reason`` has the tally.

    When it was tried in vain, and again when a later try comes to another tally. It is tried when a node changes in a
    way that could help it, so the tally is that of the last try: one that is cordoned or has failed since is not in it,
    nor is one that came up and is too small. ``kube9 pod explain`` counts anew.
    """


@frozen(kw_only=True)
class PodBound(PodEvent):
    """A pod got a node; whether it runs there is told by ``PodRunning``.

    Once per epoch. The pod has its node, its devices and its new epoch.
    """

    node: Node


class PodRunning(PodEvent):
    """A pod's processes run; ``pod.ready`` says whether they are ready.

    When its node first says so of this epoch.
    """


class PodReady(PodEvent):
    """A pod that ran already is ready now, for the first time or again.

    When its probes say so. A pod that is ready as soon as it runs is told of by ``PodRunning`` alone.
    """


class PodUnready(PodEvent):
    """A pod is not ready any more, or not for what ``pod.reason`` says now.

    When its probes fail, or one of its containers has ended and waits to be started again.
    """


class ContainerRestarted(PodEvent):
    """The node of a pod started one or more of its containers again; ``pod.restarts`` counts them.

    When its node says so. The pod stays where it is, under its epoch.
    """


@frozen(kw_only=True)
class PodEvicted(PodEvent):
    """A pod lost its node, or could not start there, and is queued again.

    When its node went down, was deleted or is drained, and nothing of this copy runs there any more.
    """

    node_name: str


class PodFinished(PodEvent):
    """A pod ended by itself; ``pod.phase`` says how.

    When its containers are not to be started again, or it failed to start too often.
    """


class PodDeleted(PodEvent):
    """A pod is gone for good.

    When that was asked for, and its node has stopped it. Pods that ended long ago are forgotten without a word.
    """


@frozen(kw_only=True)
class DeploymentEvent(Event):
    deployment: Deployment


class DeploymentApplied(DeploymentEvent):
    """A deployment was asked for, or changed.

    Once per change of its spec, its replicas among them.
    """


class DeploymentDeleted(DeploymentEvent):
    """A deployment is gone with all its pods.

    When the last of them is gone.
    """


@frozen(kw_only=True)
class SchedulerFailed(PodEvent):
    """A scheduler or filter broke its contract; the pod stays pending.

    For each try. What failed is asked again when a node changes in a way that could help the pod, and after a pause: of
    a second at first, then of twice as long after each further failure, up to a minute. Pods of one shape wait for the
    same try, so the message names none of them. A scheduler that is not there is not waited for: restart the server
    with its plugin. A queue's discipline that fails is told of in the same way.
    """

    message: str


@frozen(kw_only=True)
class StaleReport(Event):
    """A report about something gone or of an older epoch came in and was ignored.

    For each report. There is nothing to do: it is how late news of earlier times look.
    """

    what: str
