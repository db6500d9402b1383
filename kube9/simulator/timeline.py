"""How levels went over a run, in a bounded number of points whatever the run's length."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from kube9.simulator.level import Level

__all__ = ["POINTS_MAX", "Timeline"]

#: The most intervals a timeline has; it has more than half as many once that much time has passed.
POINTS_MAX = 512


@define(eq=False)
class Timeline:
    """Areas under some levels, taken at even steps from the start. The step doubles when there are too many.

    Areas rather than values: the difference of two is the exact mean between them, and no peak is missed.
    """

    levels: Sequence[Level]
    start_ms: int
    #: The next moment to take; whoever changes a level at or after it calls :meth:`catch_up` first.
    next_ms: int = field(init=False)
    _step_ms: int = field(default=1, init=False)
    _areas: list[tuple[int, ...]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self.next_ms = self.start_ms

    def catch_up(self, at_ms: int) -> None:
        """Take every moment up to ``at_ms``, before anything changes then."""
        while at_ms - self.start_ms > self._step_ms * POINTS_MAX:
            self._step_ms *= 2
            del self._areas[1::2]
            self.next_ms = self.start_ms + len(self._areas) * self._step_ms
        while self.next_ms <= at_ms:
            self._areas.append(self._take(self.next_ms))
            self.next_ms += self._step_ms

    def finish(self, end_ms: int) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
        """The moments taken, with ``end_ms`` as the last, and for each the areas under the levels up to then."""
        self.catch_up(end_ms)
        moments = [self.start_ms + index * self._step_ms for index in range(len(self._areas))]
        areas = list(self._areas)
        if moments[-1] < end_ms:
            moments.append(end_ms)
            areas.append(self._take(end_ms))
        return tuple(moments), areas

    def _take(self, at_ms: int) -> tuple[int, ...]:
        return tuple(level.area(at_ms) for level in self.levels)
