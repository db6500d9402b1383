"""What a health check would have made of a recording."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from attrs import define, field, frozen

from kube9.heartbeats.beatfile import Life, Recording
from kube9.heartbeats.judge import Judge, Verdict
from kube9.heartbeats.leases import HISTORY_BEATS

__all__ = ["Outcome", "Tally", "replay"]

_DAY_MS = 86_400_000


@frozen(kw_only=True)
class Tally:
    """How well one threshold did."""

    #: From each crash that was noticed to that moment, the shortest first.
    noticed_ms: tuple[int, ...]
    #: Crashes that were over, or the recording was, before they were noticed.
    unnoticed: int
    #: How often the threshold was reached by a node that was up.
    false: int
    #: The same for one node in one day.
    false_per_node_day: float

    def quantile_ms(self, percent: int) -> int | None:
        """The shortest time in which that share of the crashes noticed were; ``None`` where none was."""
        if not self.noticed_ms:
            return None
        return self.noticed_ms[max(0, -(-percent * len(self.noticed_ms) // 100) - 1)]


@frozen(kw_only=True)
class Outcome:
    """What a health check would have made of a recording."""

    interval_ms: int
    #: The silence after which a node is given up that beat regularly until then.
    fail_after_ms: int
    suspected: Tally
    failed: Tally


@define
class _Count:
    noticed_ms: list[int] = field(factory=list)
    unnoticed: int = 0
    false: int = 0

    def take(self, at_ms: int | None, down_ms: int | None) -> None:
        """Count what became of a silence: when the threshold was reached, and when the node went down, if ever."""
        if at_ms is not None and (down_ms is None or at_ms < down_ms):
            self.false += 1
        if down_ms is not None:
            if at_ms is None:
                self.unnoticed += 1
            else:
                self.noticed_ms.append(max(0, at_ms - down_ms))

    def tally(self, up_ms: int) -> Tally:
        return Tally(
            noticed_ms=tuple(sorted(self.noticed_ms)),
            unnoticed=self.unnoticed,
            false=self.false,
            false_per_node_day=self.false * _DAY_MS / up_ms if up_ms else 0.0,
        )


def replay(recording: Recording, judge: Judge) -> Outcome:
    """Judge the nodes of ``recording`` as a live cluster does: all of them twice in an interval, by what was heard."""
    suspected, failed = _Count(), _Count()
    for life in recording.lives:
        _judge_life(life, judge, recording.from_ms, suspected, failed)
    return Outcome(
        interval_ms=judge.interval_ms,
        fail_after_ms=judge.fail_after_ms,
        suspected=suspected.tally(recording.up_ms),
        failed=failed.tally(recording.up_ms),
    )


def _judge_life(life: Life, judge: Judge, from_ms: int, suspected: _Count, failed: _Count) -> None:
    history: deque[int] = deque(maxlen=HISTORY_BEATS)
    beats = len(life.arrivals_ms)
    for number, (heard_ms, until_ms) in enumerate(pairwise((*life.arrivals_ms, life.end_ms)), start=1):
        history.append(heard_ms)
        suspected_ms, failed_ms = _judge_silence(history, until_ms, judge, from_ms)
        down_ms = life.down_ms if number == beats else None
        suspected.take(suspected_ms, down_ms)
        failed.take(failed_ms, down_ms)
        if failed_ms is not None:
            history.clear()  # the node is started anew, and what was heard before says nothing of it any more


def _judge_silence(history: Sequence[int], until_ms: int, judge: Judge, from_ms: int) -> tuple[int | None, int | None]:
    """When the node is suspected and when it is given up, if it is silent until then; ``None`` for never."""
    pause_ms, suspected_ms = judge.pause_ms, None
    looks = (history[-1] + judge.interval_ms - from_ms) // pause_ms + 1
    for at_ms in range(from_ms + looks * pause_ms, until_ms, pause_ms):
        verdict = judge.verdict(history, at_ms)
        if verdict is not Verdict.TRUSTED and suspected_ms is None:
            suspected_ms = at_ms
        if verdict is Verdict.FAILED:
            return suspected_ms, at_ms
    return suspected_ms, None
