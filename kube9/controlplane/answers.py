"""What the control plane answers."""

from __future__ import annotations

from attrs import field, frozen

from kube9.core.deployments import Deployment
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.core.ports import JoinTicket

__all__ = ["AddedNode", "Applied", "HeartbeatAnswer", "Launched", "NodeHealth", "PlaneStatus"]


@frozen
class AddedNode:
    node: Node
    #: For the node to introduce itself; ``None`` where it was there already, for the token is not kept.
    ticket: JoinTicket | None
    created: bool


@frozen
class Launched:
    #: As it was right after the decision.
    pod: Pod
    #: ``False`` where the same pod was asked for before.
    created: bool


@frozen
class Applied:
    deployment: Deployment
    created: bool
    #: Whether anything was asked for that was not so before.
    changed: bool


@frozen(kw_only=True)
class HeartbeatAnswer:
    #: When to beat next.
    interval_ms: int
    #: For how long the node may run pods from the sending of this beat on; 0 for no longer than it may already.
    lease_ms: int


@frozen(kw_only=True)
class NodeHealth:
    name: str
    uid: str
    phase: str
    #: ``None`` for a node that was not heard since the control plane started.
    last_heard_ms_ago: int | None
    #: On the health check's own scale; ``None`` for a node that is not judged by its beats.
    suspicion: float | None
    #: How often it has failed.
    failures: int
    reason: str


@frozen(kw_only=True)
class PlaneStatus:
    """How the control plane is; times are Unix milliseconds."""

    #: Whether writes are taken on.
    ready: bool
    #: Why not; empty where it is ready.
    reason: str
    started_at_ms: int | None
    #: Whether the last commit went well.
    store_ok: bool
    turns: int
    commits: int
    commit_failures: int
    #: How long the last commit took.
    last_commit_us: int
    stimuli_handled: int
    stimuli_waiting: int
    instructions_waiting: int
    instructions_begun: int
    pods_waiting: int
    heartbeats: int
    #: Why pods of nodes that are down stay where they are for now; empty where they move.
    moves_held: str
    last_event_id: int
    announcements_dropped: int
    backends: tuple[str, ...] = field(default=())
