"""The server of a run: the production core, its watch and its roll, and a store that outlives it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Protocol

from kube9.agent.brain import Answer, Beat, CopyReport
from kube9.clocks import VirtualClock
from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.deployments import Deployment
from kube9.core.nodes import Node
from kube9.core.outcome import (
    Change,
    CreateNode,
    DeploymentStored,
    DestroyNode,
    InspectNode,
    Instruction,
    NodeRemoved,
    NodeStored,
    Outcome,
    PodRemoved,
    PodStored,
    RestartNode,
    StartPod,
    StopPod,
)
from kube9.core.pods import Pod, PodReport
from kube9.core.reception import Reception, report_of
from kube9.core.watch import NodeWatch

__all__ = ["Hands", "Office"]


class Hands(Protocol):
    """What the server can do to nodes. All of it takes a while, and may come to nothing."""

    def create(self, node: Node) -> None: ...
    def restart(self, node: Node) -> None: ...
    def destroy(self, node: Node) -> None: ...
    def inspect(self, node: Node) -> None: ...
    def start(self, node: Node, pod: Pod, told_after: tuple[str, int]) -> None: ...
    def stop(self, node: Node, pod: Pod) -> None: ...
    def answer(self, node_uid: str, answer: Answer) -> None: ...


class Office:
    """Takes what comes from nodes and users, lets the cluster handle it, stores that, and only then acts on it.

    :param make_cluster: a new and empty cluster, the same each time.
    :param make_watch: likewise.
    :param check: whether the cluster checks itself after each step.
    """

    def __init__(
        self,
        clock: VirtualClock,
        hands: Hands,
        *,
        make_cluster: Callable[[], Cluster],
        make_watch: Callable[[], NodeWatch],
        told: Callable[[e.Event], None],
        check: bool = True,
    ) -> None:
        self._clock, self._hands, self._told, self._check = clock, hands, told, check
        self._make_cluster, self._make_watch = make_cluster, make_watch
        self.nodes: dict[str, Node] = {}
        self.pods: dict[str, Pod] = {}
        self.deployments: dict[str, Deployment] = {}
        self._tokens = itertools.count(1)
        self._lives = 0
        self.up = self.paused = False
        self._mail: list[Callable[[], None]] = []
        self.stimuli = 0
        self._begin()

    # Up and down.

    def _begin(self) -> None:
        self.cluster, self.watch = self._make_cluster(), self._make_watch()
        self.reception = self._make_reception()
        self._told_last: dict[str, tuple[tuple[CopyReport, ...], tuple[PodReport, ...]]] = {}
        self.up = True
        self._lives += 1
        self._alarm_ms: int | None = None
        self._swept_ms = self._clock.now_ms()
        self._sweep(self._lives)

    def _make_reception(self) -> Reception:
        return Reception(self.watch, self._make_token)

    def _make_token(self) -> str:
        return f"token-{next(self._tokens)}"

    def crash(self) -> None:
        """Everything that is not stored is gone."""
        self.up = self.paused = False
        self._lives += 1
        self._mail.clear()

    def restart(self) -> None:
        """Go on from what is stored."""
        if self.up:
            return
        self._begin()
        outcome = self.cluster.restore(
            self.nodes.values(), self.pods.values(), self.deployments.values(), at_ms=self._clock.now_ms()
        )
        for node in self.nodes.values():
            self.watch.begin(node.uid, self._clock.now_ms())
        self.watch.give_grace(list(self.nodes.values()), self._clock.now_ms())
        self._act_on(outcome)
        self._judge(self._lives)

    def pause(self, on: bool) -> None:
        """Stand still, or go on with what came meanwhile."""
        if not self.up or on == self.paused:
            return
        self.paused = on
        if not on:
            mail, self._mail = self._mail, []
            for what in mail:
                self._do(what)

    # What comes.

    def do(self, kind: type[s.Stimulus], **about: object) -> None:
        """Something is asked for or reported; nobody hears it while the server is down."""
        self._do(partial(self._tell, kind, about))

    def beat(self, node_uid: str, beat: Beat) -> None:
        """A beat came."""
        self._do(partial(self._take_beat, node_uid, beat))

    def _do(self, what: Callable[[], None]) -> None:
        if self.paused:
            self._mail.append(what)
        elif self.up:
            what()

    def _tell(self, kind: type[s.Stimulus], about: dict[str, object]) -> None:
        self.handle(kind(at_ms=self._clock.now_ms(), **about))

    def handle(self, stimulus: s.Stimulus) -> None:
        """Let the cluster handle ``stimulus``, and act on it.

        :raises InvariantViolation: the cluster contradicts itself.
        """
        self.stimuli += 1
        self._act_on(self.cluster.handle(stimulus))

    def _act_on(self, outcome: Outcome) -> None:
        for change in outcome.changes:
            self._store(change)
        if self._check:
            self.cluster.check()
        for event in outcome.events:
            if isinstance(event, e.NodeReady) and not self.watch.knows(event.node.uid):
                self.watch.begin(event.node.uid, self._clock.now_ms())
            elif isinstance(event, e.NodeDeleted):
                self._forget(event.node.uid)
            self._told(event)
        for instruction in outcome.instructions:
            self._carry_out(instruction)
        self._set_alarm()

    def _store(self, change: Change) -> None:
        if isinstance(change, NodeStored):
            self.nodes[change.node.uid] = change.node
        elif isinstance(change, PodStored):
            self.pods[change.pod.uid] = change.pod
        elif isinstance(change, NodeRemoved):
            del self.nodes[change.uid]
        elif isinstance(change, PodRemoved):
            self.pods.pop(change.uid, None)
        elif isinstance(change, DeploymentStored):
            self.deployments[change.deployment.uid] = change.deployment
        else:
            self.deployments.pop(change.uid, None)

    def _forget(self, uid: str) -> None:
        self.watch.forget(uid)
        self.reception.forget(uid)
        self._told_last.pop(uid, None)

    def _carry_out(self, instruction: Instruction) -> None:
        node = instruction.node
        if isinstance(instruction, StartPod):
            self._hands.start(node, instruction.pod, self.reception.latest(node.uid))
        elif isinstance(instruction, StopPod):
            self._hands.stop(node, instruction.pod)
        elif isinstance(instruction, CreateNode):
            self._hands.create(node)
        elif isinstance(instruction, RestartNode):
            self._hands.restart(node)
        elif isinstance(instruction, DestroyNode):
            self._hands.destroy(node)
        elif isinstance(instruction, InspectNode):
            self._hands.inspect(node)

    # Beats.

    def _take_beat(self, node_uid: str, beat: Beat) -> None:
        answer = self.answer_to(node_uid, beat, self._clock.now_ms())
        if answer is not None:
            self._hands.answer(node_uid, answer)

    def answer_to(self, node_uid: str, beat: Beat, at_ms: int) -> Answer | None:
        """Let the cluster know what a beat tells, and say what to answer; ``None`` for nothing."""
        welcome = self.reception.take(self.cluster, node_uid, beat, self._reports(node_uid, beat), at_ms)
        if welcome.silent:
            return None
        if welcome.stimulus is not None:
            self.handle(welcome.stimulus)
        interval_ms = self.watch.interval_ms
        return Answer(beat.sequence, welcome.token, welcome.lease_ms, interval_ms, welcome.gone, beat.boot)

    def _reports(self, node_uid: str, beat: Beat) -> tuple[PodReport, ...]:
        """What a beat tells of pods; of the same list the same value."""
        told, reports = self._told_last.get(node_uid, ((), ()))
        if told is not beat.pods:
            reports = tuple(map(report_of, beat.pods))
            self._told_last[node_uid] = (beat.pods, reports)
        return reports

    # Time.

    def _sweep(self, life: int) -> None:
        if self._lives != life:
            return
        self._do(partial(self._judge, life))
        self._clock.call_at(self._clock.now_ms() + self.watch.interval_ms // 2, partial(self._sweep, life))

    def _judge(self, life: int) -> None:
        if self._lives != life:
            return
        now_ms = self._clock.now_ms()
        if now_ms - self._swept_ms > 2 * self.watch.interval_ms + self.watch.lease_ms // 4:
            self.watch.give_grace(list(self.cluster.nodes.values()), now_ms)
        self._swept_ms = now_ms
        for stimulus in list(self.watch.judge(list(self.cluster.nodes.values()), now_ms)):
            self.handle(stimulus)

    def _set_alarm(self) -> None:
        due_ms = self.cluster.due_at_ms
        if due_ms is not None and (self._alarm_ms is None or due_ms < self._alarm_ms):
            self._alarm_ms = due_ms
            self._clock.call_at(due_ms, partial(self._do, partial(self._wake, self._lives)))

    def _wake(self, life: int) -> None:
        if self._lives == life:
            self._alarm_ms = None
            self.handle(s.TimePassed(at_ms=self._clock.now_ms()))
