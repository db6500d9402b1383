"""A run that is watched from outside: how soon a health check finds out, how often it is wrong, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from attrs import define, field, frozen

from kube9.core import events as e
from kube9.simulator.chaos.box import Box
from kube9.simulator.chaos.world import World

__all__ = ["MeasuredWorld", "Measures", "Tally", "sum_up"]

_MS_PER_DAY = 86_400_000


@define
class Tally:
    """What was seen of one run, as it comes."""

    #: From a machine's going down until its node was suspected, and until it was given up, in milliseconds.
    suspected_ms: list[int] = field(factory=list)
    failed_ms: list[int] = field(factory=list)
    #: Judgements of nodes whose machine and agent were up and whose link was open.
    false_suspicions: int = 0
    false_failures: int = 0
    moves: int = 0
    #: Of all pods that should have run, in milliseconds.
    wanted_ms: int = 0
    ran_ms: int = 0
    node_ms: int = 0
    two_copies_ms: int = 0


@frozen(kw_only=True)
class Measures:
    """What one health check did under one kind of weather, over some seeds."""

    crashes_found: int
    #: Medians and the worst, in milliseconds; ``None`` where no crash was found.
    suspect_ms: float | None
    fail_ms: float | None
    fail_ms_worst: int | None
    suspect_ms_worst: int | None
    #: By node and day.
    false_suspicions: float
    false_failures: float
    moves: int
    #: The share of the time pods should have run in which they did not.
    downtime: float
    #: How long some pod ran twice. Such a run ends at once, so that nothing of this would be told.
    two_copies_s: float


class MeasuredWorld(World):
    """The same run, and what came of it."""

    def __init__(self, seed: int, **parts: Any) -> None:
        self.tally = Tally()
        #: From when on anything counts.
        self.began_ms = 0
        self._wanted_since_ms: dict[str, int] = {}
        self._told: set[tuple[str, int, type[e.Event]]] = set()
        super().__init__(seed, **parts)

    def count_from_now(self) -> None:
        """What has been so far does not count."""
        self.tally, self.began_ms = Tally(), self.clock.now_ms()

    def finish(self) -> Tally:
        """Count what is still going on."""
        for uid in list(self._wanted_since_ms):
            self._no_more(uid)
        self.tally.node_ms = (self.clock.now_ms() - self.began_ms) * len(self.boxes)
        self.tally.two_copies_ms = self.truth.twice_ms
        return self.tally

    def _hear(self, event: e.Event) -> None:
        super()._hear(event)
        if isinstance(event, (e.NodeSuspected, e.NodeFailed)):
            self._judged(event)
        elif isinstance(event, e.PodBound):
            self._wanted_since_ms.setdefault(event.pod.uid, self.clock.now_ms())
        elif isinstance(event, e.PodEvicted):
            self.tally.moves += 1
        elif isinstance(event, (e.PodFinished, e.PodDeleted)):
            self._no_more(event.pod.uid)

    def _judged(self, event: e.NodeSuspected | e.NodeFailed) -> None:
        uid, failed = event.node.uid, isinstance(event, e.NodeFailed)
        down_ms = self.truth.down_since_ms.get(uid)
        if down_ms is not None:
            # A node that was suspected for another reason before it went down was not found so early.
            if (uid, down_ms, type(event)) not in self._told:
                self._told.add((uid, down_ms, type(event)))
                (self.tally.failed_ms if failed else self.tally.suspected_ms).append(self.clock.now_ms() - down_ms)
        elif self._is_fine(self.boxes[uid]):
            self.tally.false_suspicions += not failed
            self.tally.false_failures += failed

    def _is_fine(self, box: Box) -> bool:
        link = self.links[box.uid]
        return box.up and not (box.frozen or box.paused or link.up_cut or link.down_cut)

    def _no_more(self, uid: str) -> None:
        since_ms = self._wanted_since_ms.pop(uid, None)
        if since_ms is not None:
            self.tally.wanted_ms += self.clock.now_ms() - since_ms
            self.tally.ran_ms += min(self.truth.ran_ms(uid), self.clock.now_ms() - since_ms)


def sum_up(tallies: Sequence[Tally]) -> Measures:
    """What several runs come to together."""
    days = sum(tally.node_ms for tally in tallies) / _MS_PER_DAY
    suspected = _all(tally.suspected_ms for tally in tallies)
    failed = _all(tally.failed_ms for tally in tallies)
    wanted_ms = sum(tally.wanted_ms for tally in tallies)
    return Measures(
        crashes_found=len(failed),
        suspect_ms=median(suspected) if suspected else None,
        fail_ms=median(failed) if failed else None,
        fail_ms_worst=max(failed, default=None),
        suspect_ms_worst=max(suspected, default=None),
        false_suspicions=sum(tally.false_suspicions for tally in tallies) / days,
        false_failures=sum(tally.false_failures for tally in tallies) / days,
        moves=sum(tally.moves for tally in tallies),
        downtime=1 - sum(tally.ran_ms for tally in tallies) / wanted_ms if wanted_ms else 0.0,
        two_copies_s=sum(tally.two_copies_ms for tally in tallies) / 1000,
    )


def _all(lists: Iterable[list[int]]) -> list[int]:
    return [value for each in lists for value in each]
