"""The nodes as columns: what policies and filters compute with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kube9.core.columns import Array
from kube9.core.frozen import FrozenMap
from kube9.core.nodes import NodePhase, Taint
from kube9.core.ports import BoolArray, IntArray

__all__ = ["PHASES", "PHASE_CODE", "UNLIMITED", "NodeTable"]

#: ``NodeTable.phase`` holds indices into this.
PHASES: tuple[NodePhase, ...] = tuple(NodePhase)
PHASE_CODE = {phase: code for code, phase in enumerate(PHASES)}

#: The pod-count limit of a node that names none.
UNLIMITED = 2**53


class NodeTable:
    """Every node as a row, in join order, and what is known of it as columns. Read-only.

    Amounts are int64: ``cpu`` in thousandths of a core, ``memory`` in bytes, kinds of device in milli, ``pods`` and
    anything else in units of one. A resource that a node has not is 0 there; one that no node has may be read all the
    same.
    """

    __slots__ = (
        "_label_codes",
        "capacity",
        "cordoned",
        "device_count",
        "device_milli",
        "device_model",
        "device_pods",
        "devices",
        "free",
        "label_values",
        "labels",
        "largest",
        "limited_pods",
        "models",
        "names",
        "phase",
        "schedulable",
        "taint_code",
        "taint_sets",
        "tried_last",
        "unschedulable",
    )

    #: Node names, by row.
    names: Sequence[str]
    #: Labels, by row; :meth:`has_label` and :meth:`label_codes` are faster.
    labels: Sequence[Mapping[str, str]]
    #: What is left of a resource: capacity less the sum of what is placed there. Shape (nodes,).
    free: Mapping[str, IntArray]
    #: What a node has of a resource. Shape (nodes,).
    capacity: Mapping[str, IntArray]
    #: The largest capacity of any node, per resource; at least 1.
    largest: Mapping[str, int]
    #: What is left on each device of a kind, in milli, 0 beyond a node's last. Shape (nodes, most devices of a node).
    devices: Mapping[str, IntArray]
    #: How many devices of a kind a node has. Shape (nodes,).
    device_count: Mapping[str, IntArray]
    #: What one device of a kind has to give on a node, in milli. Shape (nodes,).
    device_milli: Mapping[str, IntArray]
    #: The model of a node's devices of a kind, an index into ``models``; -1 where it has none. Shape (nodes,).
    device_model: Mapping[str, IntArray]
    #: How many pods hold devices of a kind, by how many each holds: those with a part of a device, or of several, in
    #: column 0, those with one whole device in column 1, and so on. Shape (nodes, most devices of a node + 1).
    device_pods: Mapping[str, IntArray]
    #: Every device model seen so far.
    models: Sequence[str]
    #: Index into ``tuple(NodePhase)``. Shape (nodes,).
    phase: IntArray
    cordoned: BoolArray
    #: Ready, not cordoned and not being deleted. Shape (nodes,).
    schedulable: BoolArray
    #: Fails again and again, and gets a pod only where it fits on no other node. Shape (nodes,).
    tried_last: BoolArray
    #: Index into ``taint_sets``; 0 is "no taints". Shape (nodes,).
    taint_code: IntArray
    taint_sets: Sequence[tuple[Taint, ...]]
    #: How many nodes of the cluster limit the number of their pods; in a slice too it counts the whole cluster's.
    limited_pods: int
    #: How many nodes of the cluster are not schedulable; in a slice too it counts the whole cluster's.
    unschedulable: int

    #: Per label key, the number that stands for each value in :meth:`label_codes`.
    label_values: Mapping[str, Mapping[str, int]]

    _label_codes: Mapping[str, IntArray]

    def __len__(self) -> int:
        return len(self.schedulable)

    def has_label(self, key: str, value: str) -> BoolArray:
        """Which nodes carry the label ``key`` with ``value``."""
        wanted = self.label_values.get(key, {}).get(value, -2)
        return np.asarray(self.label_codes(key) == wanted)

    def label_codes(self, key: str) -> IntArray:
        """For each node a small number that stands for its value of the label ``key``; -1 where it has none."""
        return self._label_codes[key]

    def take(self, rows: IntArray) -> NodeTable:
        """The table of only these rows, in this order. Columns are gathered when they are first asked for."""
        return _Slice(self, rows)


class _Slice(NodeTable):
    """Some rows of a table. A slice lives for one decision and most of its columns are never asked for."""

    __slots__ = ("_rows", "_source")

    def __init__(self, source: NodeTable, rows: IntArray) -> None:
        self._source, self._rows = source, rows
        self.largest, self.models, self.label_values = source.largest, source.models, source.label_values
        self.taint_sets, self.limited_pods = source.taint_sets, source.limited_pods
        self.unschedulable = source.unschedulable
        self.free = _Gathered(source.free, rows)  # the one column group that every decision asks for

    def __getattr__(self, name: str) -> Any:
        # Called once per attribute, as long as its slot is empty.
        value = getattr(self._source, name)
        if isinstance(value, np.ndarray):
            value = value[self._rows]
        elif name in _BY_COLUMN:
            value = _Gathered(value, self._rows)
        elif name in ("names", "labels"):
            value = _Picked(value, self._rows)
        setattr(self, name, value)
        return value

    def __len__(self) -> int:
        return len(self._rows)


_BY_COLUMN = frozenset(
    ("capacity", "devices", "device_count", "device_milli", "device_model", "device_pods", "_label_codes"),
)


class _Gathered(FrozenMap[str, Array]):
    """Some rows of every column, gathered on first use."""

    __slots__ = ("_rows", "_source")

    def __init__(self, source: Mapping[str, Array], rows: IntArray) -> None:
        super().__init__()
        self._source, self._rows = source, rows

    def __missing__(self, name: str) -> Array:
        column = self._source[name][self._rows]
        dict.__setitem__(self, name, column)
        return column

    def __contains__(self, name: object) -> bool:
        return name in self._source

    def __iter__(self) -> Iterator[str]:
        return iter(self._source)

    def __len__(self) -> int:
        return len(self._source)

    # dict's own would show only what has been gathered so far.
    keys = Mapping.keys  # type: ignore[assignment]  # views of a mapping, if not of a dict
    items = Mapping.items  # type: ignore[assignment]  # the same
    values = Mapping.values  # type: ignore[assignment]  # the same

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401  # it would call itself


class _Picked(Sequence[Any]):
    """Some rows of a list, looked up on use."""

    __slots__ = ("_rows", "_source")

    def __init__(self, source: Sequence[Any], rows: IntArray) -> None:
        self._source, self._rows = source, rows

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._source[row] for row in self._rows[index]]
        return self._source[self._rows[index]]

    def __len__(self) -> int:
        return len(self._rows)
