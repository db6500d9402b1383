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
    #: Pause before the pods of a deployment that end again and again are replaced: none after the first time, this long
    #: after the second, doubling with each further one.
    replace_backoff_ms: int = field(default=10_000, validator=positive)
    #: The longest such pause.
    replace_backoff_ms_max: int = field(default=300_000, validator=positive)
    #: A pod of a deployment that ran for this long makes its earlier ends forgotten.
    settled_after_ms: int = field(default=600_000, validator=positive)
    #: Finished pods that stay known; beyond that the oldest are forgotten, about which no event tells.
    finished_kept: int = field(default=10_000, validator=not_negative)
