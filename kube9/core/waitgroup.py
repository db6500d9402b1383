"""The waiting pods of one shape, in order."""

from __future__ import annotations

import heapq

from attrs import define, field

from kube9.core.pods import PodSpec

__all__ = ["Rank", "WaitGroup"]

#: A discipline's key, then arrival; the uid comes last and never decides.
Rank = tuple[tuple[float, ...], int, str]


@define(eq=False)
class WaitGroup:
    """Pods that fit the same nodes, so that what is found out for one holds for all."""

    #: Of the pod that came first; all others differ from it in name only.
    spec: PodSpec
    #: Rank by uid.
    members: dict[str, Rank] = field(factory=dict)
    #: Uids of those whose ``reason`` does not say yet why they wait, in order of arrival.
    untold: dict[str, None] = field(factory=dict)
    #: Why they wait, as the first of them was last told.
    reason: str = ""
    #: The table's stamp when ``reason`` was counted; ``None`` where it was not, or is a failure that may be over.
    reason_at: tuple[int, int] | None = None
    #: How many tries in a row a plugin's failure ended.
    failures: int = 0
    #: Whether it is arranged already that it is tried again, since that failure may be over.
    retry_set: bool = False
    #: Ranks of the members, and of some who have left; the first is always a member's.
    _heap: list[Rank] = field(factory=list)

    @property
    def first(self) -> Rank:
        """The rank of the pod to try first."""
        return self._heap[0]

    @property
    def head(self) -> str:
        """Uid of the pod to try first."""
        return self._heap[0][2]

    def add(self, rank: Rank) -> None:
        self.members[rank[2]] = rank
        heapq.heappush(self._heap, rank)

    def rerank(self, rank: Rank) -> None:
        """Give a member a rank before all others."""
        self.members[rank[2]] = rank
        heapq.heappush(self._heap, rank)

    def remove(self, uid: str) -> None:
        del self.members[uid]
        self.untold.pop(uid, None)
        if len(self._heap) > 2 * len(self.members) + 16:
            self._heap = sorted(self.members.values())
        while self._heap and self.members.get(self._heap[0][2]) != self._heap[0]:
            heapq.heappop(self._heap)
