"""Hypothesis strategies for what plugins meet.

Sizes are those of real clusters, small or zero now and then, and names come from a few, so that things meet.
"""

from __future__ import annotations

from kube9.testing.strategies.decisions import decisions, labelled, tables
from kube9.testing.strategies.happenings import events
from kube9.testing.strategies.heartbeats import heartbeat_histories
from kube9.testing.strategies.stimuli import scripts, stimuli
from kube9.testing.strategies.values import (
    deployment_specs,
    device_choices,
    device_groups,
    labels,
    node_specs,
    pod_specs,
    taints,
    tolerations,
)

__all__ = [
    "decisions",
    "deployment_specs",
    "device_choices",
    "device_groups",
    "events",
    "heartbeat_histories",
    "labelled",
    "labels",
    "node_specs",
    "pod_specs",
    "scripts",
    "stimuli",
    "tables",
    "taints",
    "tolerations",
]
