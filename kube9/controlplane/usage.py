"""What pods really take, as their nodes measured it last."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from kube9.agent.brain import PodUse

__all__ = ["Usage"]


class Usage:
    """The latest of every node. Any thread may ask, which is one look into one dict."""

    def __init__(self) -> None:
        self._pods: dict[tuple[str, int], PodUse] = {}
        self._nodes: dict[str, tuple[int, int]] = {}
        #: What each node told last.
        self._told: dict[str, Sequence[PodUse]] = {}
        # For those who change it; readers need none.
        self._lock = threading.Lock()

    def note(self, node_uid: str, uses: Sequence[PodUse]) -> None:
        """Take what a node measured now of all its pods; what it measured before is forgotten."""
        with self._lock:
            before = self._told.get(node_uid, ())
            self._told[node_uid] = uses
            self._nodes[node_uid] = (sum(use.cpu_milli for use in uses), sum(use.memory_bytes for use in uses))
            self._pods.update(((use.uid, use.epoch), use) for use in uses)
            self._drop(before, {(use.uid, use.epoch) for use in uses})

    def forget(self, node_uid: str) -> None:
        """The node is not there any more, or runs nothing."""
        with self._lock:
            self._nodes.pop(node_uid, None)
            self._drop(self._told.pop(node_uid, ()), set())

    def of_pod(self, uid: str, epoch: int) -> PodUse | None:
        """What one copy of a pod takes; ``None`` where that was not measured."""
        return self._pods.get((uid, epoch))

    def of_node(self, uid: str) -> tuple[int, int] | None:
        """What the pods of a node take together, cpu in thousandths and memory in bytes."""
        return self._nodes.get(uid)

    def total(self) -> tuple[int, int] | None:
        """What all pods take together; ``None`` where nothing is measured at all."""
        with self._lock:
            amounts = list(self._nodes.values())
        return (sum(cpu for cpu, _ in amounts), sum(memory for _, memory in amounts)) if amounts else None

    def _drop(self, uses: Sequence[PodUse], kept: set[tuple[str, int]]) -> None:
        for use in uses:
            if (use.uid, use.epoch) not in kept:
                self._pods.pop((use.uid, use.epoch), None)
