"""The node table that the cluster keeps up to date, and the record of which rows changed."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

import numpy as np

from kube9.core.columns import Columns
from kube9.core.nodes import DeviceGroup, Node, NodeSpec, Taint
from kube9.core.pods import Pod
from kube9.core.ports import IntArray
from kube9.core.table import PHASE_CODE, UNLIMITED, NodeTable

__all__ = ["LiveTable"]

#: How many changes are remembered; whoever looks less often than that starts afresh.
_LOG_LENGTH = 8192

#: All that a table is made of, for whoever copies it.
_GROUPS = (
    "free",
    "capacity",
    "devices",
    "device_count",
    "device_milli",
    "device_model",
    "device_pods",
    "_label_codes",
    "_states",
    "_marks",
)
_KEPT_BY_ROW = ("_owners", "names", "labels")
_KEPT_BY_KEY = ("row_of", "awaited", "models", "taint_sets", "_taint_codes", "largest")
_COUNTS = ("generation", "version", "last_resorts", "limited_pods", "unschedulable")


class LiveTable(NodeTable):
    """The table of every node, in join order. Rows are found by node uid; each write says which row it touched."""

    __slots__ = (
        "_changed",
        "_changed_cells",
        "_marks",
        "_owners",
        "_states",
        "_taint_codes",
        "awaited",
        "generation",
        "last_resorts",
        "row_of",
        "version",
    )

    # What everyone else sees as plain mappings is written through these.
    free: Columns
    capacity: Columns
    devices: Columns
    device_count: Columns
    device_milli: Columns
    device_model: Columns
    device_pods: Columns
    _label_codes: Columns
    label_values: dict[str, dict[str, int]]
    names: list[str]
    labels: list[Mapping[str, str]]
    largest: dict[str, int]
    models: list[str]
    taint_sets: list[tuple[Taint, ...]]

    #: Row by node uid.
    row_of: dict[str, int]
    #: Uids of nodes of which it is not known what they run, since the control plane was away; they take no pods yet.
    awaited: set[str]
    #: Grows whenever rows move or ``largest`` changes: nothing remembered by row holds beyond it.
    generation: int
    #: How many nodes are tried last.
    last_resorts: int
    #: How many row changes there have been.
    version: int

    def __init__(self) -> None:
        self.row_of, self.awaited = {}, set()
        self.generation = self.version = self.last_resorts = 0
        self._owners: list[Node] = []
        self._changed = np.zeros(_LOG_LENGTH, dtype=np.int64)
        self._changed_cells: memoryview[int] = memoryview(self._changed)  # type: ignore[arg-type]  # NumPy: a buffer
        self.names, self.labels, self.models = [], [], []
        self.taint_sets = [()]
        self._taint_codes: dict[tuple[Taint, ...], int] = {(): 0}
        self.free, self.capacity = Columns(np.int64), Columns(np.int64)
        self.devices = Columns(np.int64, wide=True)
        self.device_count, self.device_milli = Columns(np.int64), Columns(np.int64)
        self.device_model = Columns(np.int64, fill=-1)
        self.device_pods = Columns(np.int64, wide=True)
        self._label_codes, self.label_values = Columns(np.int64, fill=-1), {}
        self._states, self._marks = Columns(np.int64), Columns(np.bool_)
        self.largest, self.limited_pods, self.unschedulable = {}, 0, 0
        for resource in ("cpu", "memory", "pods"):
            self._ensure_resource(resource)
        for name in ("phase", "taint_code"):
            self._states.ensure(name)
        for name in ("cordoned", "schedulable", "tried_last"):
            self._marks.ensure(name)
        self._show()

    def add(self, node: Node) -> int:
        """Append a row for ``node`` with everything free, and return its number. The node must be new."""
        row = -1
        for columns in self._all():
            row = columns.append()
        self._owners.append(node)
        self.names.append(node.name)
        self.labels.append(node.spec.labels)
        self.row_of[node.uid] = row
        self._write_spec(row, node)
        self._show()
        self.generation += 1
        self.unschedulable += 1
        self.update(node)
        return row

    def remove(self, uid: str) -> None:
        """Take out the row of a node; those after it move up."""
        row = self.row_of.pop(uid)
        self.awaited.discard(uid)
        self.unschedulable -= not self.schedulable[row]
        self.last_resorts -= bool(self.tried_last[row])
        for columns in self._all():
            columns.delete(row)
        spec = self._owners.pop(row).spec
        del self.names[row], self.labels[row]
        for later in self._owners[row:]:
            self.row_of[later.uid] -= 1
        self._forget(spec)
        self._show()
        self.generation += 1

    def rewrite(self, node: Node) -> None:
        """Write down another spec of a node, which stays where it is. No pod may be on it."""
        row = self.row_of[node.uid]
        before = self._owners[row].spec
        for resource in before.capacity:
            self.free.data[resource][row] = self.capacity.data[resource][row] = 0
        for key in before.labels:
            self._label_codes.data[key][row] = -1
        self._forget(before)
        self.labels[row] = node.spec.labels
        self._write_spec(row, node)
        self._show()
        self.generation += 1
        self.update(node)

    def update(self, node: Node) -> None:
        """Write down the phase and the cordon of a node."""
        row = self.row_of[node.uid]
        self._owners[row] = node
        self._states.data["phase"][row] = PHASE_CODE[node.phase]
        self._marks.data["cordoned"][row] = node.cordoned
        self.last_resorts += node.tried_last - bool(self.tried_last[row])
        self._marks.data["tried_last"][row] = node.tried_last
        takes_pods = node.schedulable and node.uid not in self.awaited
        self.unschedulable += bool(self.schedulable[row]) - takes_pods
        self._marks.data["schedulable"][row] = takes_pods
        self._touch(row)

    def place(self, pod: Pod, sign: int = -1) -> None:
        """Take what ``pod`` asks for from its node."""
        assert pod.node_uid is not None, f"pod {pod.uid} has no node"
        row = self.row_of[pod.node_uid]
        free = self.free.cells
        for resource, amount in pod.spec.requests.items():
            free[resource][row] += sign * amount
        free["pods"][row] += sign
        if pod.devices:
            for request in pod.spec.devices:
                left = self.devices.cells[request.kind]
                for index in pod.devices[request.kind]:
                    left[row, index] += sign * request.milli
                whole = request.milli == self.device_milli.cells[request.kind][row]
                self.device_pods.cells[request.kind][row, request.count if whole else 0] -= sign
        self._changed_cells[self.version % _LOG_LENGTH] = row  # _touch(), without a call on the hot path
        self.version += 1

    def release(self, pod: Pod) -> None:
        """Give back what ``pod`` took from its node."""
        self.place(pod, sign=1)

    def owner(self, row: int) -> Node:
        """The node of a row."""
        return self._owners[row]

    @property
    def stamp(self) -> tuple[int, int]:
        """Stands for the state of the whole table: another one means that something has changed."""
        return self.generation, self.version

    def changed_since(self, version: int) -> IntArray | None:
        """The rows touched since ``version``, some perhaps twice; ``None`` if that is too long ago to tell."""
        behind = self.version - version
        if behind >= _LOG_LENGTH:
            return None
        start, end = version % _LOG_LENGTH, self.version % _LOG_LENGTH
        if start <= end:
            return self._changed[start:end]
        return np.concatenate([self._changed[start:], self._changed[:end]])

    def twin(self) -> LiveTable:
        """The same table once more, which goes its own way from here. Who changed before that it does not know."""
        twin = LiveTable()
        for name in _GROUPS:
            setattr(twin, name, getattr(self, name).twin())
        for name in (*_KEPT_BY_ROW, *_KEPT_BY_KEY):
            setattr(twin, name, copy(getattr(self, name)))
        twin.label_values = {key: dict(codes) for key, codes in self.label_values.items()}
        for name in _COUNTS:
            setattr(twin, name, getattr(self, name))
        twin._show()
        return twin

    def _forget(self, spec: NodeSpec) -> None:
        """What was counted of a spec that is no more."""
        self.limited_pods -= "pods" in spec.capacity
        for resource in spec.capacity:
            self.largest[resource] = max(1, int(self.capacity[resource].max(initial=0)))

    def _touch(self, row: int) -> None:
        self._changed_cells[self.version % _LOG_LENGTH] = row
        self.version += 1

    def _write_spec(self, row: int, node: Node) -> None:
        spec = node.spec
        self.limited_pods += "pods" in spec.capacity
        for resource, amount in {"pods": UNLIMITED, **spec.capacity}.items():
            self._ensure_resource(resource)
            for columns in (self.free, self.capacity):
                columns.data[resource][row] = amount
            self.largest[resource] = max(1, self.largest[resource], amount)
        for group in spec.devices:
            self._write_devices(row, group)
        for key, value in spec.labels.items():
            self._label_codes.ensure(key)
            codes = self.label_values.setdefault(key, {})
            self._label_codes.data[key][row] = codes.setdefault(value, len(codes))
        self._states.data["taint_code"][row] = self._taint_code(spec.taints)

    def _write_devices(self, row: int, group: DeviceGroup) -> None:
        kind = group.kind
        self.devices.ensure(kind, group.count)
        self.devices.data[kind][row, : group.count] = group.milli
        self.device_pods.ensure(kind, group.count + 1)
        for columns in (self.device_count, self.device_milli, self.device_model):
            columns.ensure(kind)
        self.device_count.data[kind][row] = group.count
        self.device_milli.data[kind][row] = group.milli
        if group.model not in self.models:
            self.models.append(group.model)
        self.device_model.data[kind][row] = self.models.index(group.model)

    def _taint_code(self, taints: tuple[Taint, ...]) -> int:
        if taints not in self._taint_codes:
            self._taint_codes[taints] = len(self.taint_sets)
            self.taint_sets.append(taints)
        return self._taint_codes[taints]

    def _ensure_resource(self, resource: str) -> None:
        self.free.ensure(resource)
        self.capacity.ensure(resource)
        self.largest.setdefault(resource, 1)

    def _all(self) -> tuple[Columns, ...]:
        return tuple(getattr(self, name) for name in _GROUPS)

    def _show(self) -> None:
        self.phase, self.taint_code = self._states["phase"], self._states["taint_code"]
        self.cordoned, self.schedulable = self._marks["cordoned"], self._marks["schedulable"]
        self.tried_last = self._marks["tried_last"]
