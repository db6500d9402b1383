"""One decision a scheduler may be asked for: a pod, nodes, and what runs on them."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from kube9.core.frozen import FrozenMap
from kube9.core.nodes import Node
from kube9.core.pods import PodSpec
from kube9.core.table import NodeTable
from kube9.testing.tables import table_of

__all__ = ["Decision"]


@frozen(kw_only=True)
class Decision:
    """As a value, so that an example that fails can be printed and pasted into a test."""

    pod: PodSpec
    nodes: tuple[Node, ...]
    #: By node name.
    placed: Mapping[str, tuple[PodSpec, ...]] = FrozenMap()

    def table(self) -> NodeTable:
        """A new table of the nodes with what is placed on them."""
        return table_of(self.nodes, self.placed)
