"""How the control plane waits, and how much it takes on."""

from __future__ import annotations

from attrs import field, frozen

from kube9.core.validation import not_negative, positive
from kube9.core.watch import HEARTBEAT_MS, LEASE_MS

__all__ = ["PlaneSettings"]


@frozen(kw_only=True)
class PlaneSettings:
    """How the control plane waits, and how much it takes on."""

    #: Requests that may wait for the loop, each pod of a batch counted; beyond that they are refused.
    requests_waiting_max: int = field(default=20_000, validator=positive)
    #: Stimuli and pods of batches that are handled in one turn, and so wait for one commit.
    turn_max: int = field(default=10_000, validator=positive)
    #: After so long a turn takes up nothing more, so that those in it get their answers.
    turn_ms: int = field(default=250, validator=positive)
    #: For how long at a time it is worked out what would become of the cluster.
    foresee_ms: int = field(default=20, validator=positive)
    #: Pods of a batch that wait for the loop at a time: what others ask for meanwhile comes between.
    batch_pods: int = field(default=10_000, validator=positive)
    #: Threads that talk to backends.
    backend_threads: int = field(default=8, validator=positive)
    #: Events that can be had without asking the store.
    events_kept: int = field(default=10_000, validator=positive)
    #: Events that may wait to be told to plugins; beyond that the newest are not told.
    announcements_max: int = field(default=100_000, validator=positive)
    #: Pause after the first failed commit; doubles with each further one up to the longest.
    commit_retry_ms: int = field(default=100, validator=positive)
    commit_retry_ms_max: int = field(default=5_000, validator=positive)
    #: Pause before a backend is asked again what it could not begin; doubles up to the longest.
    backend_retry_ms: int = field(default=1_000, validator=positive)
    backend_retry_ms_max: int = field(default=30_000, validator=positive)
    #: How often nodes are to beat where neither their backend nor the health check says so.
    heartbeat_ms: int = field(default=HEARTBEAT_MS, validator=positive)
    #: For how long at least a node may run pods after a beat that was answered; never less than nine beats.
    lease_ms: int = field(default=LEASE_MS, validator=positive)
    #: Agents that are kept waiting until there is something to tell them; any further one is told with its next beat.
    answers_held_max: int = field(default=10_000, validator=not_negative)
    #: How long a stop waits for backends to begin what they were told.
    stop_grace_ms: int = field(default=5_000, validator=not_negative)
