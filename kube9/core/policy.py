"""One function is a policy: the decorators that make it one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from attrs import field, frozen

from kube9.core.pods import PodSpec
from kube9.core.ports import FloatArray, IntArray
from kube9.core.table import NodeTable

__all__ = ["NodeView", "Policy", "node_scheduler", "scheduler"]

ScoreFunction = Callable[[PodSpec, NodeTable], Any]


@frozen(eq=False)
class Policy:
    """A scheduler made of one function; also what the plugin loader looks for in a module."""

    name: str
    score: ScoreFunction = field(repr=False)
    local: bool = False


def scheduler(name: str, *, local: bool = False) -> Callable[[ScoreFunction], Policy]:
    """Make ``f(pod, nodes)``, which returns one score per node, higher is better, the scheduler ``name``.

    :param local: the score of a node depends on nothing but that node and the pod's shape, so it may be kept until
        the node changes; see :mod:`kube9.core.ports`.
    """

    def decorate(function: ScoreFunction) -> Policy:
        return Policy(name, function, local)

    return decorate


class _Cells(Mapping[str, int]):
    """One row of every column, as whole numbers."""

    __slots__ = ("_columns", "_row")

    def __init__(self, columns: Mapping[str, IntArray], row: int) -> None:
        self._columns, self._row = columns, row

    def __getitem__(self, resource: str) -> int:
        return int(self._columns[resource][self._row])

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class NodeView:
    """One node as a per-node policy sees it; valid only during the call."""

    __slots__ = ("_row", "_table")

    def __init__(self, table: NodeTable, row: int) -> None:
        self._table, self._row = table, row

    @property
    def name(self) -> str:
        return self._table.names[self._row]

    @property
    def free(self) -> Mapping[str, int]:
        """What is left of each resource."""
        return _Cells(self._table.free, self._row)

    @property
    def capacity(self) -> Mapping[str, int]:
        """What the node has of each resource."""
        return _Cells(self._table.capacity, self._row)

    @property
    def labels(self) -> Mapping[str, str]:
        return self._table.labels[self._row]

    def devices(self, kind: str) -> tuple[int, ...]:
        """What is left on each device of ``kind``, in milli; empty where the node has none."""
        count = int(self._table.device_count[kind][self._row])
        return tuple(self._table.devices[kind][self._row, :count].tolist())


def node_scheduler(name: str, *, local: bool = False) -> Callable[[Callable[[PodSpec, NodeView], float]], Policy]:
    """Make ``f(pod, node)``, which returns one node's score, the scheduler ``name``.

    Easier to teach and to read than :func:`scheduler`, and slower: it calls Python once per node where the other
    form computes with whole columns. With ``local=True`` only nodes that changed since the last pod of the same shape
    are scored again, which makes up for most of it; say so if the function looks at its arguments alone and not at the
    pod's name.
    """

    def decorate(function: Callable[[PodSpec, NodeView], float]) -> Policy:
        def score(pod: PodSpec, nodes: NodeTable) -> FloatArray:
            return np.array([function(pod, NodeView(nodes, row)) for row in range(len(nodes))], dtype=np.float64)

        return Policy(name, score, local)

    return decorate
