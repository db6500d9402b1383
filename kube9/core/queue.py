"""The pods that wait for a node.

Pods of one shape wait together: once the first of them fits nowhere, all are parked, and none is tried again until a
node changed in a way that could help them.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from operator import itemgetter

from kube9.core.errors import PluginError
from kube9.core.parked import Parked
from kube9.core.pods import Pod, PodSpec
from kube9.core.ports import IntArray, QueueDiscipline, RunAwareDiscipline
from kube9.core.waitgroup import Rank, WaitGroup

__all__ = ["PendingQueue"]

#: The reason of a pod that fits somewhere, perhaps, and is not asked.
BEHIND = "waits behind a pod that fits on no node, which nobody may overtake"
#: The same where some may.
BEHIND_RESERVED = "waits behind a pod that fits on no node, which nobody may delay"


class PendingQueue:
    """Every pod without a node, in the order of a discipline."""

    def __init__(self, discipline: QueueDiscipline) -> None:
        self.discipline = discipline
        #: By shape; none is empty. A group is either parked or has an entry for its first pod in ``_awake``.
        self._groups: dict[Hashable, WaitGroup] = {}
        self._group_of: dict[str, WaitGroup] = {}
        #: Groups worth trying, by the rank of their first pod; an entry of any other rank is stale.
        self._awake: list[tuple[Rank, Hashable]] = []
        self._parked: Parked[Hashable] = Parked()
        #: Only where the discipline blocks: whose first pod fits nowhere and holds back all others.
        self._blocker: WaitGroup | None = None
        aware = discipline if discipline.blocks and isinstance(discipline, RunAwareDiscipline) else None
        self._keeps_first = aware is not None and aware.keeps_first
        self._backfills = aware is not None and aware.backfills
        #: Only where some may overtake the blocker: uids of those that came since that was last looked into, ``None``
        #: for all; and the shapes that were found to fit nowhere, which hence cannot.
        self._unseen: list[str] | None = []
        self._hopeless: Parked[Hashable] = Parked()

    def __len__(self) -> int:
        return len(self._group_of)

    def __contains__(self, uid: object) -> bool:
        return uid in self._group_of

    def __iter__(self) -> Iterator[str]:
        return iter(self._group_of)

    @property
    def awake(self) -> bool:
        """Whether some pod may be worth trying."""
        return bool(self._awake) and (self._blocker is None or (self._backfills and self._unseen != []))

    @property
    def blocks(self) -> bool:
        """Whether nobody may overtake a pod that fits nowhere."""
        return self.discipline.blocks

    @property
    def blocker(self) -> Rank | None:
        """The rank of the pod that nobody may overtake at present."""
        return None if self._blocker is None else self._blocker.first

    def held(self, rank: Rank) -> Rank:
        """The rank of a pod of ``rank`` once it has fitted nowhere, where nobody may overtake it."""
        # One that no discipline could rank has a key of no length, and is before all others already.
        return ((-math.inf,) * len(rank[0]), *rank[1:]) if self._keeps_first else rank

    @property
    def behind(self) -> str:
        """The reason of whoever waits behind the blocker."""
        return BEHIND_RESERVED if self._backfills else BEHIND

    @property
    def tried_in_vain(self) -> Iterator[PodSpec]:
        """One pod of each shape that is known to fit nowhere, rather than that a plugin failed on it."""
        if self._blocker is not None and not self._blocker.retry_set:
            yield self._blocker.spec
        for shape in self._parked.everything():
            if not self._groups[shape].retry_set:
                yield self._groups[shape].spec

    def would_be_alone(self, shape: Hashable) -> bool:
        """Whether a new pod of ``shape`` could be tried at once without overtaking anybody."""
        return not self._awake and (not self._groups or shape not in self._groups)

    def rank(self, pod: Pod) -> Rank:
        """Where ``pod`` stands; lowest goes first.

        :raises PluginError: the discipline failed.
        """
        try:
            key = self.discipline.key(pod.spec, pod.created_at_ms)
            # Keys are compared in the middle of a turn, where it is too late to find out that they cannot be.
            if type(key) is not tuple or not all(_is_number(part) for part in key):
                raise TypeError(f"expected a tuple of numbers as key, got {key!r}")
        except (Exception, SystemExit) as exc:
            who = f"queue discipline {type(self.discipline).__name__}"
            raise PluginError(f"{who} failed: {type(exc).__name__}: {exc}", pod.name) from exc
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
            if self._backfills and self._unseen is not None:
                self._unseen.append(pod.uid)
            return self.behind
        group.untold[pod.uid] = None
        return ""

    def group_of(self, uid: str) -> WaitGroup:
        """The group of a pod that is in."""
        return self._group_of[uid]

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
            if self._backfills:
                self._hopeless.discard(shape)
        elif was_first and shape not in self._parked:
            self._wake(group)

    def next(self) -> WaitGroup | None:
        """The group whose first pod is to be tried now; ``None`` if no try is worth while."""
        while self._awake and self._blocker is None:
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
            self._block(group)
        else:
            self._parked.add(shape, group.spec.requests)
        return told

    def wake(self, free: Mapping[str, IntArray], row: int, helped: Callable[[PodSpec], bool]) -> None:
        """Something was freed or came up on a node: those whom it could help are worth trying again.

        :param free: what is left of each resource, by row.
        :param helped: asked of one pod for each shape that asks for no more than is free in ``row``.
        """
        self._blocker = None
        if self._backfills and self._hopeless:
            for shape in self._hopeless.within(free, row):
                if helped(self._groups[shape].spec):
                    self._hopeless.discard(shape)
        if self._parked:
            for shape in self._parked.within(free, row):
                group = self._groups[shape]
                if helped(group.spec):
                    self._parked.discard(shape)
                    self._wake(group)

    def retry(self, group: WaitGroup) -> None:
        """``group`` is worth trying again although no node has changed: it was a plugin that failed."""
        group.retry_set = False
        shape = group.spec.shape
        if self._groups.get(shape) is not group:
            return
        if self._backfills and shape in self._hopeless:
            self._hopeless.discard(shape)
            self._unseen = None
        if group is self._blocker:
            self._blocker = None
        elif shape in self._parked:
            self._parked.discard(shape)
            self._wake(group)

    def wake_all(self) -> None:
        """Everybody is worth trying again."""
        self._blocker = None
        if self._backfills:
            self._hopeless = Parked()
        for shape in self._parked.everything():
            self._parked.discard(shape)
            self._wake(self._groups[shape])

    # Where some may overtake the pod that blocks.

    @property
    def some_unseen(self) -> bool:
        """Whether a pod blocks, and not all who could overtake it have been looked at."""
        return self._blocker is not None and self._unseen != []

    def overtakers(self) -> tuple[list[str], bool]:
        """Who came since this was last asked, or all who wait behind, and which of the two; in order of arrival.

        Those of a shape that is known to fit nowhere are left out.
        """
        if (unseen := self._unseen) is None:
            groups = [group for shape, group in self._groups.items() if not self.hopeless(shape)]
            ranks = [rank for group in groups for rank in group.members.values()]
            uids = [uid for _, _, uid in sorted(ranks, key=itemgetter(1))]
        else:
            groups_of = {uid: group for uid in unseen if (group := self._group_of.get(uid)) is not None}
            uids = [uid for uid, group in groups_of.items() if not self.hopeless(group.spec.shape)]
        self._unseen = []
        return uids, unseen is None

    def hopeless(self, shape: Hashable) -> bool:
        """Whether ``shape`` is known to fit nowhere."""
        return shape in self._hopeless or (self._blocker is not None and shape == self._blocker.spec.shape)

    def give_up(self, spec: PodSpec) -> None:
        """Say that the shape of ``spec`` fits nowhere, although nobody has been told."""
        self._hopeless.add(spec.shape, spec.requests)

    def check(self) -> None:
        """Assert what must always hold between groups, heap and parked set."""
        awake = set(self._awake)
        for shape, group in self._groups.items():
            assert group.members.get(group.head) == group.first, f"the head {group.head} of a group has left the queue"
            parked = shape in self._parked
            assert parked != ((group.first, shape) in awake), f"group {shape} is neither awake nor parked, or both"
        assert all(shape in self._groups for shape in self._hopeless.everything()), "a shape that is gone fits nowhere"
        members = {uid: group for group in self._groups.values() for uid in group.members}
        assert members == self._group_of, "pods are not in the groups they are said to be in"

    def _block(self, group: WaitGroup) -> None:
        """Let nobody overtake the first of ``group``, unless it may."""
        self._blocker, self._unseen = group, None
        if (held := self.held(group.first)) != group.first:
            group.rerank(held)
            self._wake(group)

    def _wake(self, group: WaitGroup) -> None:
        if len(self._awake) > 4 * len(self._groups) + 16:
            others = ((shape, other) for shape, other in self._groups.items() if other is not group)
            self._awake = sorted((other.first, shape) for shape, other in others if shape not in self._parked)
        heapq.heappush(self._awake, (group.first, group.spec.shape))


def _is_number(part: object) -> bool:
    return isinstance(part, int | float) and not math.isnan(part)
