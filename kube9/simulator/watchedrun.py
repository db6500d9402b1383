"""A run in virtual time in which a health check finds out what has failed, by beats over links with weather."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from attrs import evolve

from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.nodes import NodePhase
from kube9.core.pods import Pod, PodPhase
from kube9.core.ports import Arrival
from kube9.core.watch import NodeWatch
from kube9.simulator.chaos.measured import Measures, sum_up
from kube9.simulator.chaos.moments import Moments
from kube9.simulator.driver import Driver
from kube9.simulator.faultfile import FaultList, FaultModel
from kube9.simulator.ground import Ground
from kube9.simulator.misfits import Misfits
from kube9.simulator.outages import Outages, horizon_ms
from kube9.simulator.scenario import Scenario

__all__ = ["WatchedRun", "ahead_ms"]

#: How long nodes have to join before the first pod comes, beside the time they take to boot.
_AHEAD_MS = 30_000
#: Whoever finds the server away asks again after this time.
_AGAIN_MS = 1_000
#: How often it is looked whether anything is still to come, and how many times in a row there must be nothing.
_LOOK_MS, _LOOKS = 10_000, 6
#: How much longer than its trace a run may take, at least; links may be so bad that pods never get through.
_OVERTIME_MS = 86_400_000
_OVERTIME_LENGTHS = 4
_STEADY = (NodePhase.READY, NodePhase.SUSPECT)


def ahead_ms(scenario: Scenario, start_ms: int) -> int:
    """How much later than the trace says all happens, so that nodes can join before the first pod and after 0."""
    return max(0, _lead_ms(scenario) - start_ms)


def _lead_ms(scenario: Scenario) -> int:
    return _AHEAD_MS + scenario.climate.boot_ms


def _later(faults: FaultList | FaultModel | None, by_ms: int) -> FaultList | FaultModel | None:
    if not isinstance(faults, FaultList):
        return faults
    return evolve(faults, faults=tuple(evolve(fault, at_ms=fault.at_ms + by_ms) for fault in faults.faults))


class WatchedRun:
    """One cluster as it really runs, server and agents and all, on the trace's own clock.

    It ends as :class:`~kube9.simulator.timedrun.TimedRun` does, and in any case some days after its trace.

    :param make_cluster: a new and empty cluster, the same each time: the server may be killed, and start again.
    :param make_watch: likewise.
    :param driver: hears what happens.
    :param misfits: judges by every node there is.
    :param seed: for faults and weather.
    """

    def __init__(
        self,
        scenario: Scenario,
        arrivals: Sequence[Arrival],
        driver: Driver,
        misfits: Misfits,
        seed: int,
        *,
        make_cluster: Callable[[], Cluster],
        make_watch: Callable[[], NodeWatch],
    ) -> None:
        self._scenario, self._arrivals = scenario, arrivals
        self.driver, self.misfits = driver, misfits
        self.dropped = self.came = 0
        self.start_ms = min(arrival.at_ms for arrival in arrivals)
        #: How much more than the trace's own clock the clock of the run shows.
        self.ahead_ms = ahead_ms(scenario, self.start_ms)
        self._until_ms = None if scenario.until_ms is None else scenario.until_ms + self.ahead_ms
        self._seed, self._horizon_ms = seed, horizon_ms(arrivals, scenario.until_ms) + self.ahead_ms
        self._finite = sum(arrival.duration_ms is not None for arrival in arrivals)
        self._some_endless = self._finite < len(arrivals)
        self._still_looks = 0
        self._gave_up = False
        self._coming: deque[int] = deque()
        self._progress: Callable[[int], None] = lambda _: None
        climate = evolve(scenario.climate, user_every_ms=0, run_ms=0)
        self._clock = Moments(self.start_ms + self.ahead_ms - _lead_ms(scenario))
        self.ground = Ground(
            seed,
            clock=self._clock,
            climate=climate,
            make_cluster=make_cluster,
            make_watch=make_watch,
            check=scenario.check_steps,
            run_for_ms=lambda uid: arrivals[int(uid)].duration_ms,
            heard=self._hear,
        )

    def run(self, order: Sequence[int], progress: Callable[[int], None]) -> int:
        """Let the pods come, in an order that respects their times; returns the time at the end, by the run's clock.

        :raises InvariantViolation: a pod ran twice.
        """
        for node in self._scenario.plan.nodes:
            self.ground.add(node)
        self._clock.run_until(self.start_ms + self.ahead_ms)
        self.ground.storm(self._horizon_ms)
        # That somebody notices is up to the health check.
        outages = Outages(self._clock, self.ground.break_down, tell=lambda _: None, detect_ms=0)
        outages.follow_all(
            _later(self._scenario.faults, self.ahead_ms),
            [node.name for node in self._scenario.plan.nodes],
            seed=self._seed,
            until_ms=self._until_ms,
            horizon_ms=self._horizon_ms,
        )
        self._coming, self._progress = deque(order), progress
        self._expect()
        self._clock.call_at(self._horizon_ms, self._look)
        self._go_through()
        self.driver.cluster = self.ground.office.cluster
        for pod in self.driver.cluster.pods.values():
            if pod.node_uid is None:
                self.misfits.judge(int(pod.uid), pod.spec)
        return self._clock.now_ms()

    @property
    def detection(self) -> Measures:
        """What the health check did; to be asked for once, at the end."""
        return sum_up([self.ground.finish()])

    def notes(self) -> Iterator[str]:
        late = len(self._arrivals) - self.came
        if late and not self._gave_up:
            yield f"{late} pods come after --until and were left out."
        if self._gave_up:
            yield "The run was ended long after its trace: some pods never got through. Say when to end with --until."
        if self._scenario.climate.faults and self._horizon_ms <= self.start_ms + self.ahead_ms:
            yield "Nothing failed: all pods come at one moment and none has a duration. Say how long with --until."

    # Time.

    def _go_through(self) -> None:
        clock, end_ms = self._clock, self._until_ms
        if end_ms is None:
            length_ms = self._horizon_ms - clock.now_ms()
            end_ms = self._horizon_ms + max(_OVERTIME_MS, _OVERTIME_LENGTHS * length_ms)
        while (self._coming or self._finite or self._some_endless) and self._still_looks < _LOOKS:
            next_ms = clock.next_at_ms
            if next_ms is None or next_ms > end_ms:
                clock.run_until(end_ms)
                self._gave_up = self._until_ms is None
                return
            clock.run_next()

    def _look(self) -> None:
        """Look whether anything is still to come, now that nothing new goes wrong."""
        self._still_looks = self._still_looks + 1 if not self._coming and self._is_still() else 0
        self._clock.call_at(self._clock.now_ms() + _LOOK_MS, self._look)

    def _is_still(self) -> bool:
        office = self.ground.office
        if not office.up or office.paused or office.watch.held or self.ground.returning:
            return False
        if any(node.phase not in (*_STEADY, NodePhase.LOST) for node in office.cluster.nodes.values()):
            return False
        return all(pod.phase is PodPhase.PENDING or self._stays(pod) for pod in office.cluster.pods.values())

    def _stays(self, pod: Pod) -> bool:
        return pod.phase is PodPhase.RUNNING and self._arrivals[int(pod.uid)].duration_ms is None

    # Pods.

    def _expect(self) -> None:
        if self._coming:
            self._clock.call_at(self._arrivals[self._coming[0]].at_ms + self.ahead_ms, self._come)

    def _come(self) -> None:
        position = self._coming.popleft()
        self.came += 1
        self._launch(position)
        self._progress(1)
        self._expect()

    def _launch(self, position: int) -> None:
        office = self.ground.office
        if office.up and not office.paused:
            office.do(s.LaunchPod, uid=str(position), spec=self._arrivals[position].pod)
        else:
            self._clock.call_at(self._clock.now_ms() + _AGAIN_MS, partial(self._launch, position))

    def _hear(self, event: e.Event) -> None:
        # Nodes are there when the run begins; that they took a while to come up is not part of it.
        at_ms = max(event.at_ms, self.start_ms + self.ahead_ms)
        self.driver.hear(event if at_ms == event.at_ms else evolve(event, at_ms=at_ms))
        if type(event) is e.PodFinished and self._arrivals[int(event.pod.uid)].duration_ms is not None:
            self._finite -= 1
