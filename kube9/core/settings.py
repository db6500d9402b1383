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
    #: Failures of a node, each less than ``node_settled_after_ms`` after the one before, until it is tried last.
    flaps_max: int = field(default=2, validator=positive)
    node_settled_after_ms: int = field(default=600_000, validator=positive)
    #: How long a node that failed too often is tried last; doubles with each further failure, up to the longest.
    tried_last_ms: int = field(default=60_000, validator=positive)
    tried_last_ms_max: int = field(default=3_600_000, validator=positive)
    #: Pods of nodes that are down that may move at once, and how many more each second.
    move_burst: int = field(default=1_000, validator=positive)
    moves_per_s: int = field(default=100, validator=positive)
    #: Starts of a pod that may fail in a row before the pod itself has failed; at least 1.
    start_attempts: int = field(default=5, validator=positive)
    #: Pause before a pod whose start failed is queued again; doubles with each further failure.
    start_backoff_ms: int = field(default=1_000, validator=positive)
    #: Pause before a pod is tried again on which a scheduler or a filter failed; doubles with each further failure.
    plugin_backoff_ms: int = field(default=1_000, validator=positive)
    #: The longest such pause.
    plugin_backoff_ms_max: int = field(default=60_000, validator=positive)
    #: Pause before the pods of a deployment that end again and again are replaced: none after the first time, this long
    #: after the second, doubling with each further one.
    replace_backoff_ms: int = field(default=10_000, validator=positive)
    #: The longest such pause.
    replace_backoff_ms_max: int = field(default=300_000, validator=positive)
    #: A pod of a deployment that ran for this long makes its earlier ends forgotten.
    settled_after_ms: int = field(default=600_000, validator=positive)
    #: Finished pods that stay known; beyond that the oldest are forgotten, about which no event tells.
    finished_kept: int = field(default=10_000, validator=not_negative)
