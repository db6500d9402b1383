"""How long pods waited."""

from __future__ import annotations

from array import array

import numpy as np
from attrs import define, field, frozen

__all__ = ["CURVE_POINTS", "Waiting", "Waits"]

#: How many quantiles a curve of waiting times is made of.
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
    #: Quantiles at even steps; the last is the longest wait.
    curve_ms: tuple[int, ...]


@define(eq=False)
class Waits:
    """Waiting times, eight bytes each."""

    _waits_ms: array[int] = field(factory=lambda: array("q"), init=False)

    def add(self, wait_ms: int) -> None:
        self._waits_ms.append(wait_ms)

    def summary(self) -> Waiting | None:
        """``None`` where nobody waited, not even for no time."""
        if not self._waits_ms:
            return None
        waits = np.sort(np.frombuffer(self._waits_ms, dtype=np.int64))
        count = len(waits)
        median, p95, p99 = (int(waits[_rank(percent * count, 100)]) for percent in (50, 95, 99))
        steps = min(CURVE_POINTS, count)
        return Waiting(
            count=count,
            mean_ms=sum(self._waits_ms) / count,
            median_ms=median,
            p95_ms=p95,
            p99_ms=p99,
            max_ms=int(waits[-1]),
            curve_ms=tuple(int(waits[_rank(step * count, steps)]) for step in range(1, steps + 1)),
        )


def _rank(numerator: int, denominator: int) -> int:
    """The index, from 0, of the quantile ``numerator / denominator`` of the whole."""
    return max(0, -(-numerator // denominator) - 1)
