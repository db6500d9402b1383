"""What is known of the cluster's nodes without asking the engine."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from kube9.core.errors import NodeGone
from kube9.core.nodes import Node

__all__ = ["NodeStates"]


class NodeStates:
    """Which nodes have a container, and whether it runs; any thread may look and change it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._up: dict[str, bool] | None = None

    def fill(self, up: Mapping[str, bool]) -> dict[str, bool]:
        """All there are by uid, from the engine itself; returns what was known before."""
        with self._lock:
            before, self._up = self._up or {}, dict(up)
            return before

    def put(self, uid: str, up: bool) -> None:
        """This one is up or down."""
        with self._lock:
            if self._up is not None:
                self._up[uid] = up

    def drop(self, uid: str) -> None:
        """This one has no container any more."""
        with self._lock:
            if self._up is not None:
                self._up.pop(uid, None)

    def check(self, node: Node) -> None:
        """Nothing, where the node is up or nothing is known yet.

        :raises NodeGone: it is down, or has no container.
        """
        with self._lock:
            if self._up is None:
                return
            up = self._up.get(node.uid)
        if up is None:
            raise NodeGone(f"node {node.name!r} has no container on the engine; was it created, or destroyed?")
        if not up:
            raise NodeGone(f"the container of node {node.name!r} is down; it runs nothing until it has joined again")
