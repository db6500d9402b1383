"""The cluster: the one door through which nodes, pods and placements change, and the order of things behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from attrs import evolve

from kube9.core import invariants
from kube9.core.binder import Binder
from kube9.core.deployments import Deployment
from kube9.core.deploymentturns import DeploymentTurns
from kube9.core.drainturns import DrainTurns
from kube9.core.errors import Conflict, InvalidInput, InvariantViolation, Kube9Error, PluginError, UnknownName
from kube9.core.ledger import Ledger
from kube9.core.livetable import LiveTable
from kube9.core.moves import Moves
from kube9.core.nodes import Node, NodePhase
from kube9.core.nodeturns import NodeTurns
from kube9.core.outcome import Outcome
from kube9.core.pipeline import Explanation, Pipeline
from kube9.core.placing import Placing
from kube9.core.plan import Planned
from kube9.core.pods import Pod, PodSpec
from kube9.core.podturns import PodTurns
from kube9.core.ports import QueueDiscipline, RunAwareDiscipline
from kube9.core.queue import PendingQueue
from kube9.core.recoveries import Recoveries
from kube9.core.restoring import restore
from kube9.core.settings import Settings
from kube9.core.stimuli import Stimulus, TimePassed
from kube9.core.timers import Timers
from kube9.core.twin import Twin
from kube9.core.whatif import Foreseeing, WhatIf, foresee

__all__ = ["Cluster"]

#: How many stimuli are remembered for the story of a broken invariant.
_STORY_LENGTH = 50


class Cluster:
    """Stimulus in; changes, instructions and events out. Pure: no clock, no I/O, no thread of its own."""

    def __init__(
        self,
        *,
        pipelines: Mapping[str, Pipeline],
        default: str,
        discipline: QueueDiscipline,
        settings: Settings | None = None,
    ) -> None:
        if default not in pipelines:
            raise UnknownName.of("scheduler", default, pipelines)
        settings = settings or Settings()
        self._discipline, self._settings = discipline, settings
        self._ledger = ledger = Ledger()
        self._binder = binder = Binder(ledger, pipelines, default)
        self._queue = PendingQueue(discipline)
        self._timers = timers = Timers()
        self._placing = placing = Placing(
            ledger=ledger, binder=binder, queue=self._queue, timers=timers, settings=settings
        )
        pod_turns = PodTurns(ledger=ledger, binder=binder, placing=placing, settings=settings)
        self._moves = moves = Moves(ledger=ledger, placing=placing, timers=timers, settings=settings)
        self._recoveries = recoveries = Recoveries(ledger=ledger, timers=timers, settings=settings)
        self._node_turns = node_turns = NodeTurns(
            ledger=ledger,
            placing=placing,
            pod_turns=pod_turns,
            moves=moves,
            recoveries=recoveries,
            timers=timers,
            settings=settings,
        )
        self._deployment_turns = DeploymentTurns(
            ledger=ledger, binder=binder, placing=placing, pod_turns=pod_turns, timers=timers, settings=settings
        )
        self._drain_turns = drain_turns = DrainTurns(ledger=ledger, placing=placing, pod_turns=pod_turns, timers=timers)
        self._story: deque[Stimulus] = deque(maxlen=_STORY_LENGTH)
        self._epoch_floor: dict[str, tuple[int, int]] = {}
        self._handlers: dict[type[Stimulus], Callable[[Any], None]] = {
            **pod_turns.handlers,
            **node_turns.handlers,
            **drain_turns.handlers,
            **self._deployment_turns.handlers,
            TimePassed: lambda _: None,
        }

    def handle(self, stimulus: Stimulus) -> Outcome:
        """Let ``stimulus`` change the cluster, and say what that led to.

        :raises DuplicateName, UnknownName, InvalidInput, Conflict, PluginError: a request that cannot be met; nothing
            has changed.
        """
        ledger = self._ledger
        before_ms = ledger.now_ms
        handler = self._handlers.get(type(stimulus))
        if handler is None:
            raise InvalidInput(f"expected a stimulus of kube9.core.stimuli, got {stimulus!r}")
        if stimulus.at_ms < before_ms:
            raise InvalidInput(f"at_ms must not run backwards: {stimulus.at_ms} after {before_ms}")
        monotone = self._binder.monotone
        stamp = None if monotone else self.table.stamp
        ledger.begin(stimulus.at_ms)
        try:
            handler(stimulus)
        except Kube9Error:
            ledger.now_ms = before_ms
            raise
        self._story.append(stimulus)
        if self._timers.next_ms is not None:
            for action in self._timers.due(stimulus.at_ms):
                action()
        if ledger.unsettled:
            self._deployment_turns.settle()
        if not monotone and self.table.stamp != stamp:
            self._queue.wake_all()
        if self._queue.awake:
            self._placing.schedule()
        if ledger.draining:
            self._go_on_draining()
        return ledger.outcome()

    def restore(
        self, nodes: Iterable[Node], pods: Iterable[Pod], deployments: Iterable[Deployment] = (), *, at_ms: int
    ) -> Outcome:
        """Go on, in a new and empty cluster, from what was stored.

        Backends are asked what their nodes really run, pods that wait are tried, deployments are looked after. What
        is said to change is only what changed by that. What is due already, as the moves off nodes that are down, is
        so by ``due_at_ms`` and goes ahead with the first stimulus: whoever is to hold it may say so before.

        :param at_ms: now; not before any time in what was stored.
        """
        ledger = self._ledger
        assert not ledger.ordinal, "restore() is for a new cluster"
        ledger.begin(at_ms)
        restore(ledger, self._placing, nodes=nodes, pods=pods, deployments=deployments)
        for node in ledger.nodes.values():
            if node.down or node.phase is NodePhase.PROVISIONING:
                # The whole lease again: how long the control plane was away is known to a clock that may have jumped.
                self._moves.after_lease(node, f"node {node.name} was down")
                self._recoveries.take_up(node)
            elif node.tried_last:
                self._node_turns.let_settle(node)
        self._deployment_turns.settle()
        self._placing.schedule()
        self._drain_turns.take_up()
        self._go_on_draining()
        return ledger.outcome()

    def check(self) -> None:
        """Assert every invariant. Costs a pass over everything; tests and simulations call it after each step.

        :raises InvariantViolation: with what is wrong and the last stimuli that led there.
        :raises SchedulerError: a scheduler or filter is local by its own word but not in fact.
        """
        try:
            invariants.check_places(self._ledger, self._queue, self._backing_off, self._moves.due)
            invariants.check_table(self._ledger)
            invariants.check_instructions(self._ledger)
            invariants.check_epochs(self._ledger, self._epoch_floor)
            invariants.check_drains(self._ledger)
            invariants.check_health(self._ledger)
            invariants.check_deployments(self._ledger, self._deployment_turns.resting)
            invariants.check_nobody_waits_in_vain(self._queue, self._binder, self.table)
            invariants.check_nobody_stays_in_vain(self._ledger, self._binder, self._queue.blocker is not None)
        except AssertionError as exc:
            story = "\n".join(f"  {stimulus}" for stimulus in self._story)
            raise InvariantViolation(f"{exc}\nthe last {len(self._story)} stimuli, oldest first:\n{story}") from exc
        for pipeline in dict.fromkeys(self._binder.pipelines.values()):
            pipeline.check(self.table)

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Every node by uid, in join order."""
        return MappingProxyType(self._ledger.nodes)

    @property
    def pods(self) -> Mapping[str, Pod]:
        """Every pod by uid, in order of arrival."""
        return MappingProxyType(self._ledger.pods)

    def pods_on(self, node_uid: str) -> Sequence[Pod]:
        """The pods bound to a node, in order of binding."""
        return self._ledger.pods_on(self._ledger.nodes[node_uid])

    @property
    def deployments(self) -> Mapping[str, Deployment]:
        """Every deployment by uid, in order of arrival."""
        return MappingProxyType(self._ledger.deployments)

    @property
    def table(self) -> LiveTable:
        """The nodes as columns; for reading only."""
        return self._ledger.table

    @property
    def schedulers(self) -> tuple[str, ...]:
        """The schedulers that pods may name, the default first."""
        return self._binder.names

    @property
    def goes_by_runs(self) -> bool:
        """Whether it matters to the queue how long pods are expected to run."""
        return isinstance(self._discipline, RunAwareDiscipline)

    @property
    def now_ms(self) -> int:
        """The time of the last stimulus."""
        return self._ledger.now_ms

    @property
    def waiting(self) -> int:
        """How many pods have no node and are not finished."""
        return len(self._queue) + len(self._backing_off)

    @property
    def due_at_ms(self) -> int | None:
        """When the cluster wants a ``TimePassed`` at the latest; ``None`` if it waits for nothing."""
        return self._timers.next_ms

    def explain(self, pod_uid: str) -> Explanation:
        """What speaks for and against each node, were the pod to be bound now; what it holds itself counts as free.

        :raises UnknownName: there is no such pod.
        :raises Conflict: its scheduler is not there, which can be after a restart without its plugin; or that, or a
            filter, failed.
        """
        pod = self._ledger.asked_pod(pod_uid)
        try:
            return self._explain(pod)
        except PluginError as exc:
            raise Conflict(str(exc)) from exc

    def _explain(self, pod: Pod) -> Explanation:
        table, pipeline = self._ledger.table, self._binder.pipeline_of(pod.spec)
        if pod.node_uid is None or pod.phase.finished:
            return pipeline.explain(pod.spec, table)
        table.release(pod)
        try:
            explanation = pipeline.explain(pod.spec, table)
            return evolve(explanation, node_name=self.nodes[pod.node_uid].name)
        finally:
            table.place(pod)

    def plan(self, specs: Iterable[PodSpec]) -> tuple[Planned, ...]:
        """Where pods of ``specs`` would go, were they asked for now and in this order. Nothing changes.

        :raises UnknownName: one of them names a scheduler that is not there.
        """
        specs = tuple(specs)
        for spec in specs:
            if spec.scheduler_name not in self._binder.pipelines:
                raise UnknownName.of("scheduler", spec.scheduler_name, self.schedulers)
        return self._placing.plan(specs)

    def foresee(self, wanted: WhatIf) -> Foreseeing:
        """What would become of the cluster as it is now. Nothing changes.

        Found out step by step, between which the cluster may go on; that it does so makes no difference to the answer,
        which the last step returns.

        :raises ManifestError: with all that cannot be supposed.
        """
        waiting, settings = iter(self._queue), self._settings
        twin = Twin(
            ledger=self._ledger, binder=self._binder, waiting=waiting, discipline=self._discipline, settings=settings
        )
        return foresee(wanted, twin)

    def _go_on_draining(self) -> None:
        """Begin one move after the other, each with those before it seen to: what they take is not there any more."""
        while self._drain_turns.go_on():
            self._deployment_turns.settle()
            if not self._binder.monotone:
                self._queue.wake_all()
            self._placing.schedule()

    @property
    def _backing_off(self) -> set[str]:
        return self._placing.backing_off
