"""What reaches the cluster from outside, each a frozen value with the time it happened.

Requests and judgements are imperative (``LaunchPod``, ``SuspectNode``); what a backend or an agent reports tells what
was (``NodeJoined``, ``StartPodFailed``). A report about something that is gone, or about an older epoch of a pod, is
recognised and ignored; a request that cannot be met raises before anything has changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from kube9.core.deployments import DeploymentSpec
from kube9.core.frozen import Amounts, FrozenMap, text_map
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodReport, PodSpec
from kube9.core.texts import amounts_by_label, label_map


@frozen(kw_only=True)
class Stimulus:
    #: Cluster time in milliseconds. It never runs backwards.
    at_ms: int


@frozen(kw_only=True)
class AddNode(Stimulus):
    """A node was asked for. Raises ``DuplicateName`` where the name is taken."""

    uid: str
    spec: NodeSpec
    #: SHA-256 of the node's token, in hex.
    token_digest: str = ""


@frozen(kw_only=True)
class RenewTicket(Stimulus):
    """The node got another token; the one before is worth nothing any more."""

    uid: str
    token_digest: str


@frozen(kw_only=True)
class CordonNode(Stimulus):
    """Keep new pods off a node, or with ``cordoned=False`` let them on again, which ends a drain."""

    uid: str
    cordoned: bool = True


@frozen(kw_only=True)
class DeleteNode(Stimulus):
    """Destroy a node; its pods move once the backend has confirmed that it is gone. May be asked again."""

    uid: str


@frozen(kw_only=True)
class DrainNode(Stimulus):
    """Cordon a node, and have its pods run elsewhere. Asked again, the drain goes on with the new settings."""

    uid: str
    #: In how long whatever is left is stopped, wherever it may run then; ``None`` for never, 0 for all of it at once.
    deadline_ms: int | None = 0
    #: How many pods are under way at a time.
    parallel: int = 1
    #: The least time between the beginnings of two moves.
    interval_ms: int = 0
    #: How long each pod gets to stop; ``None`` for as long as the pod itself says.
    grace_ms: int | None = None
    #: Pods that are to come to an end move as well, rather than run on until they do or the deadline comes.
    move_batch: bool = False


@frozen(kw_only=True)
class CancelDrain(Stimulus):
    """Let what is left on a node that is drained stay, and new pods come, unless it is to stay ``cordoned``."""

    uid: str
    cordoned: bool = False


@frozen(kw_only=True)
class ForgetNode(Stimulus):
    """Strike out a node that is down, whatever its backend says; its pods have moved already.

    Raises ``Conflict`` where the node may still run something.
    """

    uid: str


@frozen(kw_only=True)
class Heartbeat(Stimulus):
    """The node was heard; one that was suspected is trusted again."""

    uid: str


@frozen(kw_only=True)
class NodeReported(Stimulus):
    """All that really runs on a node, asked for after the control plane was away."""

    uid: str
    pods: tuple[PodReport, ...] = ()


@frozen(kw_only=True)
class NodeAbsent(Stimulus):
    """Asked the same, the backend knew nothing of the node, or it is down: it runs nothing and is made anew."""

    uid: str
    #: Which boot of it was asked for; old news where another has joined since.
    incarnation: str = ""


@frozen(kw_only=True)
class NodeDescribed(Stimulus):
    """What its backend found out about a node before it joined; whatever was asked for in other words stays."""

    uid: str
    capacity: Mapping[str, int] = field(factory=Amounts, converter=Amounts, validator=amounts_by_label)
    labels: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=label_map)


@frozen(kw_only=True)
class NodeDied(Stimulus):
    """Its backend saw that it is down, and made sure that nothing of it runs: it is recovered, and its pods move."""

    uid: str
    #: Which boot of it died; old news where another has joined since.
    incarnation: str = ""
    reason: str = ""


@frozen(kw_only=True)
class NodeJoined(Stimulus):
    """A node is up and empty of pods: for the first time, after a restart, or after it was given up."""

    uid: str
    #: Which boot of it this is; that of one that has joined already is old news. Empty where that cannot be told.
    incarnation: str = ""


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
    """The node is not counted on any more: its backend tries to recover it, and its pods move after its lease."""

    uid: str
    reason: str = ""
    #: For how long its pods may still run there; 0 where none of them surely does.
    lease_left_ms: int = 0


@frozen(kw_only=True)
class NodeFenced(Stimulus):
    """The backend made sure that nothing of it runs any more, so that its pods need not wait for the lease."""

    uid: str
    #: Which boot of it was ended; old news where another has joined since.
    incarnation: str = ""


@frozen(kw_only=True)
class LookAfterNode(Stimulus):
    """Ask the backend what becomes of a node that is not heard, by whatever way it has."""

    uid: str


@frozen(kw_only=True)
class HoldMoves(Stimulus):
    """So much looks dead that the fault may be the listener's: pods of nodes that are down stay where they are."""

    #: Empty to go on.
    reason: str


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
    #: How long it gets to stop; ``None`` for as long as the pod itself says.
    grace_ms: int | None = None


@frozen(kw_only=True)
class ApplyDeployment(Stimulus):
    """A deployment was asked for: a new one under ``uid``, or the next state of the one that has its name."""

    uid: str
    spec: DeploymentSpec


@frozen(kw_only=True)
class ScaleDeployment(Stimulus):
    """Another number of replicas was asked for."""

    uid: str
    replicas: int


@frozen(kw_only=True)
class DeleteDeployment(Stimulus):
    """Stop all its pods and forget it with the last of them. May be asked again."""

    uid: str
    grace_ms: int | None = None


@frozen(kw_only=True)
class PodStarted(Stimulus):
    """The pod's processes run; how it is from now on is told by ``PodHealthChanged``."""

    uid: str
    epoch: int
    ready: bool = True
    #: How often a container of it was started again by then.
    restarts: int = 0
    #: What ails it; empty where all is well.
    reason: str = ""


@frozen(kw_only=True)
class PodHealthChanged(Stimulus):
    """A pod that starts or runs became ready, or is not any more, or its node started a container of it again."""

    uid: str
    epoch: int
    ready: bool
    #: How often a container of it was started again; it never shrinks.
    restarts: int = 0
    #: What ails it; empty where all is well. Not the time of anything: each change of it is stored and told.
    reason: str = ""


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
