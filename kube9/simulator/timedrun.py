"""A run in virtual time: pods come at their times, run for their durations, and move when their node breaks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from kube9.backends.behaviour import PodBehaviour
from kube9.backends.memory import MemoryBackend
from kube9.clocks import VirtualClock
from kube9.core import events
from kube9.core.nodes import NodeSpec
from kube9.core.pods import Pod
from kube9.core.ports import Arrival
from kube9.core.stimuli import AddNode, DeletePod, LaunchPod, NodeJoined, Stimulus, TimePassed
from kube9.simulator.carrier import Carrier
from kube9.simulator.driver import Driver
from kube9.simulator.emptynodes import EmptyNodes
from kube9.simulator.faultfile import FaultModel
from kube9.simulator.misfits import Misfits
from kube9.simulator.outages import Outages, horizon_ms
from kube9.simulator.scenario import Scenario

__all__ = ["TimedRun"]

_NEVER = 2**63


class TimedRun:
    """One cluster on the in-memory backend and a virtual clock, which is the trace's own.

    It ends when the last pod has finished. Where some pods never finish, or wait for ever, it ends when nothing more
    is due; in any case at the scenario's ``until_ms``. Whatever ends at a moment makes room before what begins then,
    unless the scenario says otherwise.

    :param openable: the shape of node that can be opened, where one can.
    :param misfits: judges by every node there is or could be opened.
    :param seed: for the faults.
    """

    #: How much more than the trace's own clock the clock of the run shows.
    ahead_ms = 0

    def __init__(
        self,
        scenario: Scenario,
        arrivals: Sequence[Arrival],
        driver: Driver,
        openable: EmptyNodes | None,
        misfits: Misfits,
        seed: int,
    ) -> None:
        self._plan, self._faults, self._until_ms = scenario.plan, scenario.faults, scenario.until_ms
        self._arrivals, self.driver = arrivals, driver
        self._arrivals_first = scenario.arrivals_first
        self._openable, self.misfits = openable, misfits
        self.start_ms = min(arrival.at_ms for arrival in arrivals)
        self.dropped = self.came = self._opened = 0
        #: Pods yet to finish, of those that ever do.
        self._finite = sum(arrival.duration_ms is not None for arrival in arrivals)
        self._some_endless = self._finite < len(arrivals)
        self._clock = VirtualClock(self.start_ms)
        self._backend = MemoryBackend(self._clock, self._deliver, behaviour=self._behaviour, ended_kept=0)
        self._carrier = Carrier(self._backend)
        self._outages = Outages(self._clock, self._backend.crash_node, self._deliver, scenario.detect_ms)
        self._seed, self._horizon_ms = seed, horizon_ms(arrivals, scenario.until_ms)
        #: Uids of pods that were told to fit nowhere; only where nodes can be opened.
        self._stuck: deque[str] = deque()

    def run(self, order: Sequence[int], progress: Callable[[int], None]) -> int:
        """Let the pods come, in an order that respects their times; returns the time at the end."""
        for node in self._plan.nodes:
            self._add_node(node)
        self._clock.run_until(self.start_ms)
        self._follow_faults([node.name for node in self._plan.nodes])
        end_ms = self._go_through(deque(order), progress)
        for pod in self.driver.cluster.pods.values():
            if pod.node_uid is None:
                self.misfits.judge(int(pod.uid), pod.spec)
        return end_ms

    def _go_through(self, coming: deque[int], progress: Callable[[int], None]) -> int:
        until_ms = _NEVER if self._until_ms is None else self._until_ms
        while coming or self._finite or self._some_endless:
            arrival_ms = self._arrivals[coming[0]].at_ms if coming else _NEVER
            due_ms = self._due_ms()
            if min(arrival_ms, due_ms) > until_ms:
                return until_ms
            if due_ms != _NEVER and due_ms < arrival_ms + (not self._arrivals_first):
                self._go_on(due_ms)
            elif coming:
                self._clock.move_to(arrival_ms)
                self._launch(coming.popleft())
                progress(1)
            else:
                break
            while self._stuck:
                self._make_room_for(self._stuck.popleft())
        return self._clock.now_ms()

    def notes(self) -> Iterator[str]:
        late = len(self._arrivals) - self.came
        if late:
            yield f"{late} pods come after --until and were left out."
        if isinstance(self._faults, FaultModel) and self._horizon_ms <= self.start_ms:
            yield "No node broke: all pods come at one moment and none has a duration. Say how long with --until."

    # Time.

    def _due_ms(self) -> int:
        """When something other than an arrival happens next."""
        clock_ms, timer_ms = self._clock.next_at_ms, self.driver.cluster.due_at_ms
        return min(_NEVER if clock_ms is None else clock_ms, _NEVER if timer_ms is None else timer_ms)

    def _go_on(self, at_ms: int) -> None:
        if self._clock.next_at_ms == at_ms:
            self._clock.run_next()
        else:
            self._clock.run_until(at_ms)
            self._deliver(TimePassed(at_ms=at_ms))

    def _deliver(self, stimulus: Stimulus) -> None:
        """Let the cluster handle ``stimulus`` and carry out what it says."""
        if type(stimulus) is NodeJoined:
            self._outages.back(stimulus.uid)
        outcome = self.driver.handle(stimulus)
        self._carrier.carry_out(outcome.instructions)
        for event in outcome.events:
            if type(event) is events.PodFinished:
                self._finite -= 1
            elif type(event) is events.PodUnschedulable and self._openable is not None:
                self._stuck.append(event.pod.uid)

    # Pods.

    def _behaviour(self, pod: Pod) -> PodBehaviour:
        return PodBehaviour(run_for_ms=self._arrivals[int(pod.uid)].duration_ms)

    def _launch(self, position: int) -> None:
        self.came += 1
        pod = self._arrivals[position].pod
        self._deliver(LaunchPod(at_ms=self._clock.now_ms(), uid=str(position), spec=pod))

    def _drop(self, uid: str) -> None:
        self._deliver(DeletePod(at_ms=self._clock.now_ms(), uid=uid))
        self.dropped += 1
        self._finite -= self._arrivals[int(uid)].duration_ms is not None

    # Nodes.

    def _add_node(self, spec: NodeSpec) -> None:
        self._deliver(AddNode(at_ms=self._clock.now_ms(), uid=spec.name, spec=spec))

    def _follow_faults(self, names: Sequence[str]) -> None:
        self._outages.follow_all(
            self._faults, names, seed=self._seed, until_ms=self._until_ms, horizon_ms=self._horizon_ms
        )

    def _make_room_for(self, uid: str) -> None:
        """Open a node for a pod that fits nowhere; drop it if neither that nor waiting would help."""
        cluster, openable = self.driver.cluster, self._openable
        pod = cluster.pods.get(uid)
        if openable is None or pod is None or pod.node_uid is not None:
            return
        if openable.fit(pod.spec):
            node = self._open_node()
            if cluster.pods[uid].node_uid is None and self.driver.recorder.pods_on.get(node.name):
                self._stuck.append(uid)  # somebody who goes first took the new node
        elif self.misfits.judge(int(uid), pod.spec):
            self._drop(uid)

    def _open_node(self) -> NodeSpec:
        self._opened += 1
        node = self._plan.opened(self._opened)
        self._add_node(node)
        self._clock.run_until(self._clock.now_ms())
        if isinstance(self._faults, FaultModel):
            self._follow_faults([node.name])
        return node
