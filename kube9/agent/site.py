"""What the containers of a node's pods need to know of the node."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Site"]


class Site(NamedTuple):
    #: The mark of the cluster, unlike any other that uses the engine.
    cluster: str
    node: str
    node_uid: str
    #: The engine's network that the cluster's pods are on; ``None`` for the one that containers get if nothing is said.
    network: str | None
    #: What the engine is told for a pod on its node's own network: ``host`` or ``container:NAME``.
    host_network: str
    #: Of the container that holds a pod's network; any that has ``sleep``.
    sandbox_image: str
    #: The most that any of its containers gets; 0 for as much as there is.
    cpu_milli: int
    memory_bytes: int
