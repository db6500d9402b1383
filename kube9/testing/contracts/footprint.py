"""What a strategy leaves behind: changes to the table, or memory that it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from attrs import evolve, frozen

from kube9.core.pods import PodSpec
from kube9.core.ports import IntArray
from kube9.core.table import NodeTable
from kube9.testing.reachable import amount_kept, reachable

__all__ = ["Footprint", "some_rows", "twins"]

_COLUMNS = ("free", "capacity", "devices", "device_count", "device_milli", "device_model", "device_pods")
_ARRAYS = ("phase", "cordoned", "schedulable", "taint_code")
_LISTS = ("names", "labels", "models", "taint_sets", "limited_pods")

_ROUNDS = 5


@frozen
class Footprint:
    """A copy of everything a table shows."""

    facts: Mapping[str, Any]

    @classmethod
    def of(cls, nodes: NodeTable) -> Footprint:
        """Copy what ``nodes`` shows now."""
        facts: dict[str, Any] = {name: getattr(nodes, name).tolist() for name in _ARRAYS}
        for name in _COLUMNS:
            facts |= {f"{name}[{key!r}]": column.tolist() for key, column in getattr(nodes, name).items()}
        facts |= {name: repr(getattr(nodes, name)) for name in _LISTS}
        facts["largest"] = dict(nodes.largest)
        return cls(facts)

    def assert_same(self, after: Footprint) -> None:
        """Name the first thing that differs."""
        for name in self.facts.keys() | after.facts.keys():
            was, now = self.facts.get(name), after.facts.get(name)
            assert was == now, f"nodes.{name} was {was} before the call and is {now} after it"

    @staticmethod
    def assert_keeps_nothing(strategy: object, nodes: NodeTable, ask: Callable[[], object]) -> None:
        """Ask the same several times: nothing of ``nodes`` may then be reachable from ``strategy``, nor may it grow."""
        for _ in range(_ROUNDS):
            ask()
        before = amount_kept(strategy)
        for _ in range(_ROUNDS):
            ask()
        after = amount_kept(strategy)
        assert after <= before, f"it held on to {before} objects and more; asked the same again, to {after}"
        columns = list(_arrays_of(nodes))
        for thing in reachable(strategy):
            assert not isinstance(thing, NodeTable), f"it keeps the table, which changes after the call: {thing!r}"
            if isinstance(thing, np.ndarray):
                kept = any(np.may_share_memory(thing, column) for column in columns)
                assert not kept, f"it keeps a column of the table, which changes after the call: {thing}"


def some_rows(size: int) -> Iterator[IntArray]:
    """Each row alone, all of them backwards, and every other one."""
    for row in range(size):
        yield np.array([row])
    yield np.arange(size)[::-1]
    yield np.arange(0, size, 2)


def twins(pod: PodSpec) -> Iterator[PodSpec]:
    """Pods of the same shape under other names."""
    for name in ("a", "b", "twin", "another-pod-0"):
        yield evolve(pod, name=name, namespace="nursery")


def _arrays_of(nodes: NodeTable) -> Iterator[Any]:
    for name in _ARRAYS:
        yield getattr(nodes, name)
    for name in _COLUMNS:
        yield from getattr(nodes, name).values()
