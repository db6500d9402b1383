"""A virtual clock that knows what comes last at a moment."""

from __future__ import annotations

import heapq
from typing import final

from kube9.clocks import Action, VirtualClock

__all__ = ["Moments"]

#: More than the serial numbers of a run.
_RANK = 1 << 48
_OVER = _RANK << 48


@final
class Moments(VirtualClock):
    """At each moment, what was asked for with a rank comes after all else, and in the order of ranks.

    So it is known what somebody with a rank has done by now, though he may not have done it yet: whatever lies before
    :meth:`passed`. Nobody can tell whether it was done then or is made up for when somebody looks.
    """

    __slots__ = ("_place", "_place_ms")

    def __init__(self, now_ms: int = 0) -> None:
        super().__init__(now_ms)
        #: How far the moment ``_place_ms`` has gone.
        self._place, self._place_ms = 0, now_ms

    def call_last(self, at_ms: int, rank: int, action: Action) -> None:
        """Run ``action`` at ``at_ms``, after all that has no rank or a lower one."""
        at_ms = max(at_ms, self._now_ms)
        heapq.heappush(self._due, (at_ms, (rank + 1) * _RANK + next(self._serial), action))

    def run_next(self) -> bool:
        if not self._due:
            return False
        at_ms, place, action = heapq.heappop(self._due)
        # What is asked for at a moment without a rank, by somebody with one, does not turn the moment back.
        if at_ms > self._place_ms or place > self._place:
            self._place_ms, self._place = at_ms, place
        self._now_ms = at_ms
        action()
        return True

    def run_until(self, at_ms: int) -> None:
        super().run_until(at_ms)
        self._place_ms, self._place = at_ms, _OVER

    def passed(self, rank: int) -> int:
        """What was due for ``rank`` before this time, and no more, is over."""
        over = self._place_ms == self._now_ms and self._place // _RANK - 1 > rank
        return self._now_ms + over
