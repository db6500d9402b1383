"""How patient a cluster is."""

from __future__ import annotations

from attrs import field, frozen

from kube9.core.validation import not_negative, positive

__all__ = ["Settings"]


@frozen(kw_only=True)
class Settings:
    """How patient the cluster is."""

    #: Recoveries tried before a failed node is given up; at least 1.
    recovery_attempts: int = field(default=3, validator=positive)
    #: Pause before the second recovery; doubles with each further one.
    recovery_backoff_ms: int = field(default=1_000, validator=positive)
    #: Starts of a pod that may fail in a row before the pod itself has failed; at least 1.
    start_attempts: int = field(default=5, validator=positive)
    #: Pause before a pod whose start failed is queued again; doubles with each further failure.
    start_backoff_ms: int = field(default=1_000, validator=positive)
    #: Finished pods that stay known; beyond that the oldest are forgotten, about which no event tells.
    finished_kept: int = field(default=10_000, validator=not_negative)
