"""What reaches the cluster from outside, each a frozen value with the time it happened.

Requests and judgements are imperative (``LaunchPod``, ``SuspectNode``); what a backend or an agent reports tells what
was (``NodeJoined``, ``StartPodFailed``). A report about something that is gone, or about an older epoch of a pod, is
recognised and ignored; a request that cannot be met raises before anything has changed.
"""

from __future__ import annotations

from attrs import frozen

from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec


@frozen(kw_only=True)
class Stimulus:
    #: Cluster time in milliseconds. It never runs backwards.
    at_ms: int


@frozen(kw_only=True)
class AddNode(Stimulus):
    """A node was asked for. Raises ``DuplicateName`` where the name is taken."""

    uid: str
    spec: NodeSpec


@frozen(kw_only=True)
class CordonNode(Stimulus):
    """Keep new pods off a node, or with ``cordoned=False`` let them on again."""

    uid: str
    cordoned: bool = True


@frozen(kw_only=True)
class DeleteNode(Stimulus):
    """Destroy a node; its pods move once the backend has confirmed that it is gone. May be asked again."""

    uid: str


@frozen(kw_only=True)
class NodeJoined(Stimulus):
    """A node is up and empty of pods: for the first time, after a restart, or after it was given up."""

    uid: str


@frozen(kw_only=True)
class CreateNodeFailed(Stimulus):
    """The backend could not make the node."""

    uid: str
    reason: str


@frozen(kw_only=True)
class RestartNodeFailed(Stimulus):
    """A recovery attempt did not succeed."""

    uid: str
    reason: str


@frozen(kw_only=True)
class DestroyNodeDone(Stimulus):
    """The node is gone, and with it all it ran."""

    uid: str


@frozen(kw_only=True)
class SuspectNode(Stimulus):
    """The node was silent for a while: no new pods, nothing else."""

    uid: str
    reason: str = ""


@frozen(kw_only=True)
class TrustNode(Stimulus):
    """A suspected node was heard again."""

    uid: str


@frozen(kw_only=True)
class FailNode(Stimulus):
    """The node is dead or its lease is surely over: its pods move and its backend tries to recover it."""

    uid: str
    reason: str = ""


@frozen(kw_only=True)
class GiveUpNode(Stimulus):
    """The node is surely dead, and no recovery is worth trying any more."""

    uid: str
    reason: str = ""


@frozen(kw_only=True)
class LaunchPod(Stimulus):
    """A pod was asked for. Raises ``DuplicateName`` where its namespace has one of that name."""

    uid: str
    spec: PodSpec


@frozen(kw_only=True)
class DeletePod(Stimulus):
    """Stop a pod if it runs, and forget it. Asked again, it is told to stop again, with the new grace."""

    uid: str
    grace_ms: int = 30_000


@frozen(kw_only=True)
class PodStarted(Stimulus):
    """The pod's processes run."""

    uid: str
    epoch: int


@frozen(kw_only=True)
class StartPodFailed(Stimulus):
    """The node could not start the pod; it is tried again after a while, wherever it fits then."""

    uid: str
    epoch: int
    reason: str


@frozen(kw_only=True)
class PodExited(Stimulus):
    """The pod ended by itself."""

    uid: str
    epoch: int
    exit_code: int = 0
    reason: str = ""


@frozen(kw_only=True)
class StopPodDone(Stimulus):
    """The pod was stopped as told, and nothing of it runs any more."""

    uid: str
    epoch: int


@frozen(kw_only=True)
class TimePassed(Stimulus):
    """Nothing happened but time; due recoveries and retries go ahead."""
