"""What is due when: waits that the cluster itself keeps, since it has no clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from attrs import define, field


@define(eq=False)
class Timers:
    """Actions by due time; those due at one moment run in the order they were set."""

    _heap: list[tuple[int, int, Callable[[], None]]] = field(factory=list, init=False)
    _serial: int = field(default=0, init=False)

    def set(self, due_ms: int, action: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._heap, (due_ms, self._serial, action))

    @property
    def next_ms(self) -> int | None:
        return self._heap[0][0] if self._heap else None

    def due(self, now_ms: int) -> Iterator[Callable[[], None]]:
        """Take out, one by one, the actions due by ``now_ms``, also those that the others set."""
        while self._heap and self._heap[0][0] <= now_ms:
            yield heapq.heappop(self._heap)[2]
