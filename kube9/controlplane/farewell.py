"""Destroys nodes at the end of a control plane, without the cluster taking it for a loss."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from kube9.controlplane.backends import Backends
from kube9.core.nodes import Node
from kube9.core.stimuli import DestroyNodeDone, Stimulus

__all__ = ["Farewell"]

_log = logging.getLogger(__name__)


class Farewell:
    """Hears what backends deliver when the loop is over, and so knows which nodes are gone."""

    def __init__(self) -> None:
        self._left: set[str] = set()
        self._changed = threading.Condition()

    def hear(self, stimulus: Stimulus) -> None:
        if isinstance(stimulus, DestroyNodeDone):
            with self._changed:
                self._left.discard(stimulus.uid)
                self._changed.notify_all()

    def destroy(self, nodes: Iterable[Node], backends: Backends, timeout_s: float) -> None:
        """Have ``nodes`` destroyed, and wait until they are; those that are not in time are logged."""
        nodes = list(nodes)
        self._left = {node.uid for node in nodes}
        for node in nodes:
            try:
                backends.get(node.spec.backend).destroy_node(node)
            except Exception as exc:
                # A backend may be anybody's plugin; the other nodes are destroyed all the same.
                _log.warning("node %s could not be destroyed: %s", node.name, exc)
                self.hear(DestroyNodeDone(at_ms=0, uid=node.uid))
        with self._changed:
            if not self._changed.wait_for(lambda: not self._left, timeout_s):
                _log.warning("%d nodes were told to go, and had not gone in time", len(self._left))
