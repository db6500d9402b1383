"""What would land where, were these pods asked for now."""

from __future__ import annotations

from attrs import frozen

from kube9.core.pods import PodSpec

__all__ = ["Planned"]


@frozen
class Planned:
    """Where one pod of a plan would go."""

    spec: PodSpec
    #: ``None`` where it would wait.
    node_name: str | None
    #: Why it would wait, or why its scheduler cannot say; empty where it has a node.
    reason: str = ""
