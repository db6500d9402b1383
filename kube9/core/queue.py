"""The pods that wait for a node.

Pods of one shape wait together: once the first of them fits nowhere, all are parked, and none is tried again until a
node changed in a way that could help them.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Hashable, Iterator, Mapping

from kube9.core.errors import PluginError
from kube9.core.parked import Parked
from kube9.core.pods import Pod, PodSpec
from kube9.core.ports import IntArray, QueueDiscipline
from kube9.core.waitgroup import Rank, WaitGroup

__all__ = ["PendingQueue"]

#: The reason of a pod that fits somewhere, perhaps, and is not asked.
BEHIND = "waits behind a pod that fits on no node, which nobody may overtake"


class PendingQueue:
    """Every pod without a node, in the order of a discipline."""

    def __init__(self, discipline: QueueDiscipline) -> None:
        self._discipline = discipline
        #: By shape; none is empty. A group is either parked or has an entry for its first pod in ``_awake``.
        self._groups: dict[Hashable, WaitGroup] = {}
        self._group_of: dict[str, WaitGroup] = {}
        #: Groups worth trying, by the rank of their first pod; an entry of any other rank is stale.
        self._awake: list[tuple[Rank, Hashable]] = []
        self._parked: Parked[Hashable] = Parked()
        #: Only where the discipline blocks: whose first pod fits nowhere and holds back all others.
        self._blocker: WaitGroup | None = None

    def __len__(self) -> int:
        return len(self._group_of)

    def __contains__(self, uid: object) -> bool:
        return uid in self._group_of

    def __iter__(self) -> Iterator[str]:
        return iter(self._group_of)

    @property
    def awake(self) -> bool:
        """Whether some pod may be worth trying."""
        return bool(self._awake) and self._blocker is None

    @property
    def blocks(self) -> bool:
        """Whether nobody may overtake a pod that fits nowhere."""
        return self._discipline.blocks

    @property
    def blocker(self) -> Rank | None:
        """The rank of the pod that nobody may overtake at present."""
        return None if self._blocker is None else self._blocker.first

    @property
    def tried_in_vain(self) -> Iterator[PodSpec]:
        """One pod of each shape that is known to fit nowhere."""
        if self._blocker is not None:
            yield self._blocker.spec
        for shape in self._parked.everything():
            yield self._groups[shape].spec

    def would_be_alone(self, shape: Hashable) -> bool:
        """Whether a new pod of ``shape`` could be tried at once without overtaking anybody."""
        return not self._awake and (not self._groups or shape not in self._groups)

    def rank(self, pod: Pod) -> Rank:
        """Where ``pod`` stands; lowest goes first.

        :raises PluginError: the discipline failed.
        """
        try:
            key = self._discipline.key(pod.spec, pod.created_at_ms)
            # Keys are compared in the middle of a turn, where it is too late to find out that they cannot be.
            if type(key) is not tuple or not all(_is_number(part) for part in key):
                raise TypeError(f"expected a tuple of numbers as key, got {key!r}")
        except Exception as exc:
            who = f"queue discipline {type(self._discipline).__name__}"
            raise PluginError(f"{who} failed on pod {pod.name!r}: {type(exc).__name__}: {exc}") from exc
        return key, pod.ordinal, pod.uid

    def add(self, pod: Pod, rank: Rank) -> str:
        """Put a pod in; returns why it waits if that is known already, else an empty text."""
        shape = pod.spec.shape
        group = self._groups.get(shape)
        if group is None:
            group = self._groups[shape] = WaitGroup(pod.spec)
        self._group_of[pod.uid] = group
        if self._blocker is not None and rank < self._blocker.first:
            self._blocker = None
        group.add(rank)
        if shape in self._parked:
            return group.reason
        if group.head == pod.uid:
            self._wake(group)
        if self._blocker is not None:
            return BEHIND
        group.untold[pod.uid] = None
        return ""

    def discard(self, uid: str) -> None:
        """Take a pod out if it is in."""
        group = self._group_of.pop(uid, None)
        if group is None:
            return
        was_first = group.head == uid
        if was_first and group is self._blocker:
            self._blocker = None
        group.remove(uid)
        shape = group.spec.shape
        if not group.members:
            del self._groups[shape]
            self._parked.discard(shape)
        elif was_first and shape not in self._parked:
            self._wake(group)

    def next(self) -> WaitGroup | None:
        """The group whose first pod is to be tried now; ``None`` if no try is worth while."""
        while self.awake:
            rank, shape = self._awake[0]
            group = self._groups.get(shape)
            if group is not None and shape not in self._parked and group.first == rank:
                return group
            heapq.heappop(self._awake)
        return None

    def refuse(self, shape: Hashable, reason: str) -> list[str]:
        """Say that the first pod of ``shape`` fits nowhere; returns the uids of those who must be told."""
        group = self._groups[shape]
        group.untold[group.head] = None
        told = list(group.untold)
        group.untold.clear()
        group.reason = reason
        if self.blocks:
            self._blocker = group
        else:
            self._parked.add(shape, group.spec.requests)
        return told

    def wake(self, free: Mapping[str, IntArray], row: int, helped: Callable[[PodSpec], bool]) -> None:
        """Something was freed or came up on a node: those whom it could help are worth trying again.

        :param free: what is left of each resource, by row.
        :param helped: asked of one pod for each shape that asks for no more than is free in ``row``.
        """
        self._blocker = None
        if self._parked:
            for shape in self._parked.within(free, row):
                group = self._groups[shape]
                if helped(group.spec):
                    self._parked.discard(shape)
                    self._wake(group)

    def wake_all(self) -> None:
        """Everybody is worth trying again."""
        self._blocker = None
        for shape in self._parked.everything():
            self._parked.discard(shape)
            self._wake(self._groups[shape])

    def check(self) -> None:
        """Assert what must always hold between groups, heap and parked set."""
        awake = set(self._awake)
        for shape, group in self._groups.items():
            assert group.members.get(group.head) == group.first, f"the head {group.head} of a group has left the queue"
            parked = shape in self._parked
            assert parked != ((group.first, shape) in awake), f"group {shape} is neither awake nor parked, or both"
        members = {uid: group for group in self._groups.values() for uid in group.members}
        assert members == self._group_of, "pods are not in the groups they are said to be in"

    def _wake(self, group: WaitGroup) -> None:
        if len(self._awake) > 4 * len(self._groups) + 16:
            others = ((shape, other) for shape, other in self._groups.items() if other is not group)
            self._awake = sorted((other.first, shape) for shape, other in others if shape not in self._parked)
        heapq.heappush(self._awake, (group.first, group.spec.shape))


def _is_number(part: object) -> bool:
    return isinstance(part, int | float) and not math.isnan(part)
