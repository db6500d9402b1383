"""The pods that wait for a node.

Pods of one shape fit the same nodes, so they wait together: once one of them fits nowhere, all are parked, and none is
tried again until a node changed in a way that could help them.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator, Mapping

from attrs import define, field

from kube9.core.parked import Parked
from kube9.core.pods import Pod, PodSpec
from kube9.core.ports import IntArray, QueueDiscipline

__all__ = ["Group", "PendingQueue"]

_Rank = tuple[tuple[float, ...], int, str]


@define(eq=False)
class Group:
    """The waiting pods of one shape. Lives in the queue's ``_awake`` heap or in its ``_parked`` set, never both."""

    spec: PodSpec
    #: By key, arrival and uid; may hold pods that have left the queue, which are dropped when they surface.
    heap: list[_Rank] = field(factory=list)
    #: Pods whose ``reason`` does not yet say why they wait.
    untold: list[str] = field(factory=list)
    #: Why all of them wait, while parked.
    reason: str = ""

    @property
    def head(self) -> str:
        """Uid of the pod to try first."""
        return self.heap[0][2]


class PendingQueue:
    """Every pod without a node, in the order of a discipline."""

    def __init__(self, discipline: QueueDiscipline) -> None:
        self._discipline = discipline
        self._groups: dict[Hashable, Group] = {}
        self._group_of: dict[str, Group] = {}
        #: Groups worth trying, by the rank of their head; an entry whose group has another head by now is stale.
        self._awake: list[tuple[_Rank, Hashable]] = []
        self._parked: Parked[Hashable] = Parked()
        #: With a discipline that blocks: the group whose head fits nowhere and holds back all others.
        self._blocker: Group | None = None

    def __len__(self) -> int:
        return len(self._group_of)

    def __contains__(self, uid: object) -> bool:
        return uid in self._group_of

    def __iter__(self) -> Iterator[str]:
        return iter(self._group_of)

    @property
    def awake(self) -> bool:
        """Whether some pod is worth trying."""
        return bool(self._awake) and self._blocker is None

    def would_be_alone(self, shape: Hashable) -> bool:
        """Whether a new pod of ``shape`` could be tried at once without overtaking anybody."""
        return not self._awake and (not self._groups or shape not in self._groups)

    def add(self, pod: Pod) -> str:
        """Put a pod in; returns why it waits if that is known already, else an empty text."""
        shape = pod.spec.shape
        group = self._groups.get(shape)
        if group is None:
            group = self._groups[shape] = Group(pod.spec)
        self._group_of[pod.uid] = group
        rank = (self._discipline.key(pod.spec, pod.created_at_ms), pod.ordinal, pod.uid)
        if self._blocker is not None and rank < self._blocker.heap[0]:
            self._blocker = None
        heapq.heappush(group.heap, rank)
        if shape in self._parked:
            return group.reason
        group.untold.append(pod.uid)
        if group.head == pod.uid:
            heapq.heappush(self._awake, (rank, shape))
        return ""

    def discard(self, uid: str) -> None:
        """Take a pod out if it is in."""
        group = self._group_of.pop(uid, None)
        if group is None:
            return
        if group is self._blocker and group.head == uid:
            self._blocker = None
        old_head = group.head
        while group.heap and group.head not in self._group_of:
            heapq.heappop(group.heap)
        shape = group.spec.shape
        if not group.heap:
            del self._groups[shape]
            self._parked.discard(shape)
        elif group.head != old_head and shape not in self._parked:
            heapq.heappush(self._awake, (group.heap[0], shape))

    def next(self) -> Group | None:
        """The group whose head is to be tried now; ``None`` if no try is worth while."""
        while self.awake:
            rank, shape = self._awake[0]
            group = self._groups.get(shape)
            if group is not None and shape not in self._parked and group.heap[0] == rank:
                return group
            heapq.heappop(self._awake)
        return None

    def refuse(self, shape: Hashable, reason: str) -> list[str]:
        """Say that the first pod of ``shape`` fits nowhere; returns the uids of those who must be told."""
        group = self._groups[shape]
        if self._discipline.blocks:
            self._blocker = group
            return [group.head]
        group.reason = reason
        self._parked.add(shape, group.spec.requests)
        told, group.untold = group.untold, []
        return [group.head, *(uid for uid in told if uid != group.head and uid in self._group_of)]

    def wake(self, free: Mapping[str, IntArray], row: int) -> None:
        """Something was freed or came up on a node: those whom it could help are worth trying again."""
        if self._blocker is not None:
            self._blocker = None
        if self._parked:
            for shape in self._parked.within(free, row):
                self._unpark(shape)

    def _unpark(self, shape: Hashable) -> None:
        self._parked.discard(shape)
        heapq.heappush(self._awake, (self._groups[shape].heap[0], shape))

    def check(self) -> None:
        """Assert what must always hold between groups, heap and parked set."""
        for shape, group in self._groups.items():
            assert group.heap, f"an empty group of shape {shape}"
            assert group.head in self._group_of, f"the head {group.head} of a group has left the queue"
            entry = (group.heap[0], shape)
            assert (shape in self._parked) != (entry in self._awake), f"group {shape} is neither awake nor parked"
        for uid, group in self._group_of.items():
            assert any(rank[2] == uid for rank in group.heap), f"pod {uid} is not in its group"
