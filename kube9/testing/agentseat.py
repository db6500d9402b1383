"""What a node with an agent is to do, and what it told so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import define, field

from kube9.agent.brain import StartOrder, StopOrder
from kube9.controlplane.desk import start_order
from kube9.core.nodes import Node
from kube9.core.pods import Pod, PodPhase, PodReport
from kube9.core.stimuli import PodExited, PodHealthChanged, PodStarted, StartPodFailed, Stimulus, StopPodDone

__all__ = ["AgentSeat"]

_Key = tuple[str, int]


@define(eq=False)
class AgentSeat:
    """One node of an :class:`~kube9.testing.agenthost.AgentHost`, which holds its lock over every call."""

    node: Node
    token: str
    #: How long an order that was told waits to be told again.
    remind_ms: int
    #: It was destroyed.
    gone: bool = False
    #: How many beats it was heard by, and the number of the last.
    beats: int = 0
    sequence: int = 0
    reports: tuple[PodReport, ...] = ()
    _starts: dict[_Key, Pod] = field(factory=dict, init=False)
    #: The grace of each, and how many wait for it.
    _stops: dict[_Key, tuple[int, int]] = field(factory=dict, init=False)
    #: When each order was last told.
    _told_ms: dict[_Key, int] = field(factory=dict, init=False)
    _known: dict[_Key, PodReport] = field(factory=dict, init=False)

    def start(self, pod: Pod) -> None:
        """Have a copy started, unless it was already or is to be stopped."""
        key = pod.uid, pod.epoch
        if key not in self._known and key not in self._stops:
            self._starts[key] = pod

    def stop(self, uid: str, epoch: int, grace_ms: int) -> None:
        """Have a copy stopped."""
        self._starts.pop((uid, epoch), None)
        self._told_ms.pop((uid, epoch), None)
        _, waiting = self._stops.get((uid, epoch), (0, 0))
        self._stops[uid, epoch] = grace_ms, waiting + 1

    def join(self, at_ms: int) -> list[Stimulus]:
        """It came up, and is empty; returns what is to be told."""
        self._starts.clear()
        self._told_ms.clear()
        self._known.clear()
        self.reports = ()
        self.beats += 1
        return list(self._stopped(at_ms))

    def report(self, reports: Sequence[PodReport], at_ms: int) -> list[Stimulus]:
        """It told what runs there, and what ended; returns what is to be told."""
        self.reports = tuple(reports)
        self.beats += 1
        before, self._known = self._known, {(each.pod_uid, each.epoch): each for each in reports}
        newest = dict(sorted(self._known))
        # What it does not list after it was told to does not run and never will, unless it is told again.
        self._starts = {
            key: pod for key, pod in self._starts.items() if key not in self._known and newest.get(key[0], -1) < key[1]
        }
        news = [stimulus for key, told in self._known.items() for stimulus in _news(before.get(key), told, at_ms)]
        return [*news, *self._stopped(at_ms)]

    def _stopped(self, at_ms: int) -> Iterator[Stimulus]:
        for (uid, epoch), (_, waiting) in list(self._stops.items()):
            if (uid, epoch) not in self._known:
                del self._stops[uid, epoch]
                for _ in range(waiting):
                    yield StopPodDone(at_ms=at_ms, uid=uid, epoch=epoch)

    def due_ms(self) -> int | None:
        """When an order is to be told, by the clock of :meth:`orders`; ``None`` for never."""
        times = [self._told_ms.get(key, -self.remind_ms) + self.remind_ms for key in (*self._starts, *self._stops)]
        return min(times, default=None)

    def orders(self, at_ms: int) -> tuple[tuple[StartOrder, ...], tuple[StopOrder, ...]]:
        """All that it is to start, and to stop."""
        self._told_ms = dict.fromkeys((*self._starts, *self._stops), at_ms)
        stops = (StopOrder(uid, epoch, grace_ms) for (uid, epoch), (grace_ms, _) in self._stops.items())
        return tuple(map(start_order, self._starts.values())), tuple(stops)


def _news(before: PodReport | None, told: PodReport, at_ms: int) -> Iterator[Stimulus]:
    uid, epoch = told.pod_uid, told.epoch
    ran = before is not None and before.phase is not PodPhase.STARTING
    if told.error:
        if before is None or not before.error:
            yield StartPodFailed(at_ms=at_ms, uid=uid, epoch=epoch, reason=told.error)
        return
    if told.phase is not PodPhase.STARTING and not ran:
        yield PodStarted(
            at_ms=at_ms, uid=uid, epoch=epoch, ready=told.ready, restarts=told.restarts, reason=_ailment(told)
        )
    elif not told.phase.finished and _health(before) != _health(told):
        yield PodHealthChanged(
            at_ms=at_ms, uid=uid, epoch=epoch, ready=told.ready, restarts=told.restarts, reason=told.reason
        )
    if told.phase.finished and (before is None or not before.phase.finished):
        yield PodExited(at_ms=at_ms, uid=uid, epoch=epoch, exit_code=told.exit_code or 0, reason=told.reason)


def _ailment(told: PodReport) -> str:
    return "" if told.phase.finished else told.reason


def _health(report: PodReport | None) -> tuple[bool, int, str]:
    """One that starts is not ready, whatever it says."""
    if report is None:
        return False, 0, ""
    return report.ready and report.phase is PodPhase.RUNNING, report.restarts, report.reason
