"""The live cluster: a loop that owns it, a store that keeps it, and backends that carry it out."""

from __future__ import annotations

from kube9.controlplane.answers import AddedNode, Applied, HeartbeatAnswer, Launched, NodeHealth, PlaneStatus
from kube9.controlplane.controlplane import ControlPlane
from kube9.controlplane.eventlog import EventLog
from kube9.controlplane.inbox import Request
from kube9.controlplane.settings import PlaneSettings
from kube9.controlplane.tickets import Tickets, digest_of
from kube9.controlplane.usage import Usage
from kube9.controlplane.view import Used, View

__all__ = [
    "AddedNode",
    "Applied",
    "ControlPlane",
    "EventLog",
    "HeartbeatAnswer",
    "Launched",
    "NodeHealth",
    "PlaneSettings",
    "PlaneStatus",
    "Request",
    "Tickets",
    "Usage",
    "Used",
    "View",
    "digest_of",
]
