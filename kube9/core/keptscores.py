"""Scores kept per pod shape, so that only nodes that changed are judged again."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
from attrs import define

from kube9.core.errors import SchedulerError
from kube9.core.livetable import LiveTable
from kube9.core.pods import PodSpec
from kube9.core.ports import FloatArray
from kube9.core.table import NodeTable

__all__ = ["KeptScores"]

#: How many scores are kept in all: 16 Mi of them are 128 MiB.
_SCORES_MAX = 1 << 24
#: How many shapes are kept, however few the nodes.
_SHAPES_MAX = 4096
#: How many shapes seen only once are remembered; a shape is worth keeping from its second pod on.
_ONCE_MAX = 4096


@define(eq=False)
class _Kept:
    spec: PodSpec
    scores: FloatArray
    #: The table's generation and version that ``scores`` are true for.
    generation: int
    version: int
    #: When it was last asked for, as a count of all such times.
    used: int = 0


class KeptScores:
    """Ranks nodes by asking ``rank`` only about rows that changed since the last pod of the same shape.

    Sound only if what ``rank`` says of a row depends on nothing but that row, the table's ``largest`` and the shape.
    """

    def __init__(self, rank: Callable[[PodSpec, NodeTable], FloatArray]) -> None:
        self._rank = rank
        self._once: dict[Hashable, None] = {}
        self._kept: dict[Hashable, _Kept] = {}
        self._uses = 0
        #: Whose rows the scores are of. One pipeline may serve several clusters, one after the other.
        self._table: LiveTable | None = None

    def ranked(self, pod: PodSpec, table: LiveTable) -> FloatArray:
        """What ``rank`` would return for the whole table; not to be written to, and valid until the next call."""
        if table is not self._table:
            self._table = table
            self._kept.clear()
        shape = pod.shape
        kept = self._kept.get(shape)
        if kept is None:
            return self._first(pod, table)
        if kept.version != table.version or kept.generation != table.generation:
            self._refresh(kept, pod, table)
        kept.used = self._uses = self._uses + 1
        return kept.scores

    def check(self, table: LiveTable, who: str) -> None:
        """Compare everything kept with what would be computed afresh.

        :raises SchedulerError: they differ, so ``who`` looks beyond the node it judges although it says it does not.
        """
        for kept in self._kept.values() if table is self._table else ():
            # On a copy: a look must not change what the next decision computes.
            copy = _Kept(kept.spec, kept.scores.copy(), kept.generation, kept.version)
            self._refresh(copy, kept.spec, table)
            fresh = self._rank(kept.spec, table)
            if np.array_equal(copy.scores, fresh):  # nearly always, and found in a tenth of the time
                continue
            # Not to the last bit: a matrix product of some rows may be rounded unlike that of all.
            same = np.isclose(copy.scores, fresh, rtol=1e-9, atol=1e-12, equal_nan=True)
            if not same.all():
                row = int(np.flatnonzero(~same)[0])
                raise SchedulerError(
                    f"{who}, or a filter before it, says it is local but is not: node {table.names[row]!r} had "
                    f"{copy.scores[row]} and now has {fresh[row]} without having changed",
                    kept.spec.name,
                )

    def _first(self, pod: PodSpec, table: LiveTable) -> FloatArray:
        scores = self._rank(pod, table)
        if pod.shape not in self._once:
            if len(self._once) >= _ONCE_MAX:
                self._once.clear()
            self._once[pod.shape] = None
            return scores
        del self._once[pod.shape]
        if len(self._kept) >= _SHAPES_MAX or (len(self._kept) + 1) * len(table) > _SCORES_MAX:
            self._drop_half()
        self._uses += 1
        self._kept[pod.shape] = _Kept(pod, scores, table.generation, table.version, self._uses)
        return scores

    def _drop_half(self) -> None:
        """Forget the shapes used longest ago; half of them at once, so that it need not be done for each new one."""
        by_use = sorted(self._kept, key=lambda shape: self._kept[shape].used)
        for shape in by_use[: (len(by_use) + 1) // 2]:
            del self._kept[shape]

    def _refresh(self, kept: _Kept, pod: PodSpec, table: LiveTable) -> None:
        rows = table.changed_since(kept.version) if kept.generation == table.generation else None
        if rows is None or 2 * len(rows) >= len(table):
            kept.scores = self._rank(pod, table)
        elif len(rows):
            kept.scores[rows] = self._rank(pod, table.take(rows))
        kept.generation, kept.version = table.generation, table.version
