"""How long pods waited."""

from __future__ import annotations

from array import array

import numpy as np
from attrs import define, field, frozen

from kube9.core.ports import IntArray

__all__ = ["CURVE_POINTS", "Waiting", "Waits"]

#: How many points a curve of waiting times has at most.
CURVE_POINTS = 400


@frozen(kw_only=True)
class Waiting:
    """What there is to say of many waiting times.

    A quantile is a wait that really was: the shortest that at least that share of all did not exceed.
    """

    count: int
    mean_ms: float
    median_ms: int
    p95_ms: int
    p99_ms: int
    max_ms: int
    #: Some waits, the longest among them, each with how many pods waited no longer; closer together where few waited.
    curve: tuple[tuple[int, int], ...]


@define(eq=False)
class Waits:
    """Waiting times, eight bytes each."""

    _waits_ms: array[int] = field(factory=lambda: array("q"), init=False)

    def add(self, wait_ms: int) -> None:
        self._waits_ms.append(wait_ms)

    def summary(self, *, with_curve: bool = True) -> Waiting | None:
        """``None`` where nobody waited, not even for no time."""
        if not self._waits_ms:
            return None
        waits = np.sort(np.frombuffer(self._waits_ms, dtype=np.int64))
        count = len(waits)
        median, p95, p99 = (int(waits[_rank(percent * count, 100)]) for percent in (50, 95, 99))
        return Waiting(
            count=count,
            mean_ms=sum(self._waits_ms) / count,
            median_ms=median,
            p95_ms=p95,
            p99_ms=p99,
            max_ms=int(waits[-1]),
            curve=_curve(waits) if with_curve else (),
        )


def _rank(numerator: int, denominator: int) -> int:
    """The index, from 0, of the quantile ``numerator / denominator`` of the whole."""
    return max(0, -(-numerator // denominator) - 1)


def _curve(waits: IntArray) -> tuple[tuple[int, int], ...]:
    count, half = len(waits), CURVE_POINTS // 2
    even = np.linspace(0, count - 1, half)
    # The few that wait long are what one looks for, and an even choice would pass them over.
    tail = count - np.geomspace(1, count, half)
    chosen = np.unique(waits[np.unique(np.concatenate([even, tail]).astype(np.int64))])
    no_longer = np.searchsorted(waits, chosen, side="right")
    return tuple(zip(chosen.tolist(), no_longer.tolist(), strict=True))
