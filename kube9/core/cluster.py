"""The cluster: the one door through which nodes, pods and placements change, and the order of things behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from kube9.core import events, invariants, nodelife, podlife
from kube9.core import stimuli as s
from kube9.core.binder import Binder
from kube9.core.errors import (
    DuplicateName,
    InvalidInput,
    InvariantViolation,
    Kube9Error,
    PluginError,
    UnknownName,
)
from kube9.core.ledger import Ledger
from kube9.core.livetable import LiveTable
from kube9.core.nodes import Node, NodePhase
from kube9.core.outcome import CreateNode, DestroyNode, Outcome, RestartNode, StopPod
from kube9.core.pipeline import Explanation, Pipeline
from kube9.core.pods import Pod, PodPhase
from kube9.core.ports import QueueDiscipline
from kube9.core.queue import PendingQueue
from kube9.core.settings import Settings
from kube9.core.timers import Timers

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
        self._settings = settings or Settings()
        self._ledger = Ledger()
        self._binder = Binder(self._ledger, pipelines, default)
        self._queue = PendingQueue(discipline)
        self._timers = Timers()
        #: Uids of pods that pause before they are queued again.
        self._backing_off: set[str] = set()
        self._now_ms = self._ordinal = 0
        self._story: deque[s.Stimulus] = deque(maxlen=_STORY_LENGTH)
        self._epoch_floor: dict[str, int] = {}
        self._handlers: dict[type[s.Stimulus], Callable[[Any], None]] = {
            s.AddNode: self._add_node,
            s.CordonNode: self._cordon_node,
            s.CreateNodeFailed: self._create_node_failed,
            s.DeleteNode: self._delete_node,
            s.DeletePod: self._delete_pod,
            s.DestroyNodeDone: self._destroy_node_done,
            s.FailNode: self._fail_node,
            s.GiveUpNode: self._give_up_node,
            s.LaunchPod: self._launch_pod,
            s.NodeJoined: self._node_joined,
            s.PodExited: self._pod_exited,
            s.PodStarted: self._pod_started,
            s.RestartNodeFailed: self._restart_node_failed,
            s.StartPodFailed: self._start_pod_failed,
            s.StopPodDone: self._stop_pod_done,
            s.SuspectNode: self._suspect_node,
            s.TimePassed: lambda _: None,
            s.TrustNode: self._trust_node,
        }

    # The door.

    def handle(self, stimulus: s.Stimulus) -> Outcome:
        """Let ``stimulus`` change the cluster, and say what that led to.

        :raises DuplicateName, UnknownName, InvalidInput, PluginError: a request that cannot be met; nothing has
            changed.
        """
        before_ms = self._now_ms
        handler = self._handlers.get(type(stimulus))
        if handler is None:
            raise InvalidInput(f"expected a stimulus of kube9.core.stimuli, got {stimulus!r}")
        if stimulus.at_ms < before_ms:
            raise InvalidInput(f"at_ms must not run backwards: {stimulus.at_ms} after {before_ms}")
        self._now_ms = stimulus.at_ms
        monotone = self._binder.monotone
        stamp = None if monotone else self.table.stamp
        self._ledger.begin()
        try:
            handler(stimulus)
        except Kube9Error:
            self._now_ms = before_ms
            raise
        self._story.append(stimulus)
        if self._timers.next_ms is not None:
            for action in self._timers.due(self._now_ms):
                action()
        if not monotone and self.table.stamp != stamp:
            self._queue.wake_all()
        if self._queue.awake:
            self._schedule()
        return self._ledger.outcome()

    def check(self) -> None:
        """Assert every invariant. Costs a pass over everything; tests and simulations call it after each step.

        :raises InvariantViolation: with what is wrong and the last stimuli that led there.
        :raises SchedulerError: a scheduler or filter is local by its own word but not in fact.
        """
        try:
            invariants.check_places(self._ledger, self._queue, self._backing_off)
            invariants.check_table(self._ledger)
            invariants.check_instructions(self._ledger)
            invariants.check_epochs(self._ledger, self._epoch_floor)
            invariants.check_nobody_waits_in_vain(self._queue, self._binder.pipelines, self.table)
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

    @property
    def table(self) -> LiveTable:
        """The nodes as columns; for reading only."""
        return self._ledger.table

    @property
    def now_ms(self) -> int:
        """The time of the last stimulus."""
        return self._now_ms

    @property
    def waiting(self) -> int:
        """How many pods have no node and are not finished."""
        return len(self._queue) + len(self._backing_off)

    @property
    def due_at_ms(self) -> int | None:
        """When the cluster wants a ``TimePassed`` at the latest; ``None`` if it waits for nothing."""
        return self._timers.next_ms

    def explain(self, pod_uid: str) -> Explanation:
        """What speaks for and against each node, were the pod to be bound now.

        :raises UnknownName: there is no such pod.
        """
        pod = self._asked_pod(pod_uid)
        return self._binder.pipelines[pod.spec.scheduler_name].explain(pod.spec, self.table)

    # Requests about nodes.

    def _add_node(self, stimulus: s.AddNode) -> None:
        if stimulus.spec.name in self._ledger.node_uids:
            raise DuplicateName(f"there is a node {stimulus.spec.name!r} already")
        if stimulus.uid in self._ledger.nodes:
            raise DuplicateName(f"there is a node with uid {stimulus.uid!r} already")
        node = Node(uid=stimulus.uid, spec=stimulus.spec, ordinal=self._next_ordinal())
        self._ledger.add_node(node)
        self._tell(events.NodeAdded, node)
        self._ledger.instructions.append(CreateNode(node))

    def _cordon_node(self, stimulus: s.CordonNode) -> None:
        node = nodelife.cordoned(self._asked_node(stimulus.uid), stimulus.cordoned)
        if node is not None:
            self._become(node, events.NodeCordoned if node.cordoned else events.NodeUncordoned)

    def _delete_node(self, stimulus: s.DeleteNode) -> None:
        node = nodelife.deleting(self._asked_node(stimulus.uid))
        self._ledger.put_node(node)
        self._ledger.instructions.append(DestroyNode(node))

    # Judgements of nodes, and what backends report of them.

    def _node_joined(self, stimulus: s.NodeJoined) -> None:
        node = self._known_node(stimulus)
        if node is None or (joined := nodelife.joined(node)) is None:
            return
        self._evict_all(node, f"node {node.name} started anew")
        self._become(joined, events.NodeReady)

    def _create_node_failed(self, stimulus: s.CreateNodeFailed) -> None:
        if (node := self._known_node(stimulus)) is not None:
            self._become(nodelife.not_created(node, stimulus.reason), events.NodeLost)

    def _suspect_node(self, stimulus: s.SuspectNode) -> None:
        if (node := self._known_node(stimulus)) is not None:
            self._become(nodelife.suspected(node, stimulus.reason), events.NodeSuspected)

    def _trust_node(self, stimulus: s.TrustNode) -> None:
        if (node := self._known_node(stimulus)) is not None:
            self._become(nodelife.trusted(node), events.NodeReady)

    def _fail_node(self, stimulus: s.FailNode) -> None:
        node = self._known_node(stimulus)
        if node is None or (failed := nodelife.failed(node, stimulus.reason)) is None:
            return
        self._become(failed, events.NodeFailed)
        self._recover(failed)
        because = f": {stimulus.reason}" if stimulus.reason else ""
        self._evict_all(node, f"node {node.name} failed{because}")

    def _recover(self, planned: Node) -> None:
        """Begin the next recovery attempt, unless much has happened since ``planned`` was how things stood."""
        node = self._ledger.nodes.get(planned.uid)
        if node is None or (node.failures, node.recovery_attempts) != (planned.failures, planned.recovery_attempts):
            return
        if (recovering := nodelife.recovering(node)) is not None:
            self._become(recovering, events.NodeRecovering)
            self._ledger.instructions.append(RestartNode(recovering))

    def _restart_node_failed(self, stimulus: s.RestartNodeFailed) -> None:
        if (node := self._known_node(stimulus)) is None:
            return
        after = nodelife.not_recovered(node, stimulus.reason, self._settings.recovery_attempts)
        self._become(after, events.NodeLost if after is not None and after.phase is NodePhase.LOST else None)
        if after is not None and after.phase is NodePhase.FAILED:
            pause_ms = self._settings.recovery_backoff_ms << (after.recovery_attempts - 1)
            self._timers.set(self._now_ms + pause_ms, partial(self._recover, after))

    def _give_up_node(self, stimulus: s.GiveUpNode) -> None:
        node = self._known_node(stimulus)
        if node is None or (lost := nodelife.given_up(node, stimulus.reason)) is None:
            return
        self._become(lost, events.NodeLost)
        self._evict_all(node, f"node {node.name} was given up")

    def _destroy_node_done(self, stimulus: s.DestroyNodeDone) -> None:
        if (node := self._known_node(stimulus)) is None:
            return
        self._evict_all(node, f"node {node.name} was deleted")
        self._ledger.remove_node(node)
        self._tell(events.NodeDeleted, node)

    def _become(self, node: Node | None, event: type[events.NodeEvent] | None) -> None:
        """Let a node take its next value, tell of it, and wake whom it could help; ``None`` is no change."""
        if node is None:
            return
        self._ledger.put_node(node)
        if event is not None:
            self._tell(event, node)
        if node.schedulable:
            self._wake(self.table.row_of[node.uid])

    def _evict_all(self, node: Node, reason: str) -> None:
        for pod in self._ledger.pods_on(node):
            self._ledger.unbind(pod)
            if pod.deleting:
                self._forget(pod)
            else:
                self._requeue(podlife.evicted(pod, reason), node.name)

    # Requests about pods.

    def _launch_pod(self, stimulus: s.LaunchPod) -> None:
        ledger, spec = self._ledger, stimulus.spec
        name = (spec.namespace, spec.name)
        if name in ledger.pod_uids:
            raise DuplicateName(f"there is a pod {spec.name!r} in namespace {spec.namespace!r} already")
        if stimulus.uid in ledger.pods:
            raise DuplicateName(f"there is a pod with uid {stimulus.uid!r} already")
        if spec.scheduler_name not in self._binder.pipelines:
            raise UnknownName.of("scheduler", spec.scheduler_name, filter(None, self._binder.pipelines))
        pod = Pod(uid=stimulus.uid, spec=spec, ordinal=self._next_ordinal(), created_at_ms=self._now_ms)
        alone = self._queue.would_be_alone(spec.shape)
        refusal = self._binder.bind(pod, self._now_ms) if alone else ""
        if refusal is None:
            ledger.pod_uids[name] = pod.uid
            return
        rank = self._queue.rank(pod)  # may raise, and so comes before all that follows
        ledger.pod_uids[name] = pod.uid
        known = self._queue.add(pod, rank)
        if alone:
            self._queue.refuse(spec.shape, refusal)
        refusal = refusal or known
        ledger.put_pod(pod)
        if refusal:
            self._tell_waiting(pod, refusal)

    def _delete_pod(self, stimulus: s.DeletePod) -> None:
        pod = self._asked_pod(stimulus.uid)
        if pod.node_uid is None or pod.phase.finished:
            self._queue.discard(pod.uid)
            self._backing_off.discard(pod.uid)
            self._forget(pod)
        else:
            node = self._ledger.nodes[pod.node_uid]
            pod = podlife.deleting(pod)
            self._ledger.put_pod(pod)
            self._ledger.instructions.append(StopPod(node, pod, stimulus.grace_ms))

    # What nodes report of pods.

    def _pod_started(self, stimulus: s.PodStarted) -> None:
        pod = self._present_copy(stimulus)
        if pod is not None and pod.phase is PodPhase.STARTING:
            pod = podlife.running(pod)
            self._ledger.put_pod(pod)
            self._tell(events.PodRunning, pod)

    def _start_pod_failed(self, stimulus: s.StartPodFailed) -> None:
        if (pod := self._present_copy(stimulus)) is None:
            return
        node_name = self.table.names[self._leave(pod)]
        if pod.deleting:
            self._forget(pod)
            return
        pod = podlife.not_started(pod, f"could not start on {node_name}: {stimulus.reason}")
        if pod.start_failures >= self._settings.start_attempts:
            self._finish(podlife.finished(pod, None, pod.reason))
            return
        self._ledger.put_pod(pod)
        self._tell(events.PodEvicted, pod, node_name=node_name)
        self._backing_off.add(pod.uid)
        pause_ms = self._settings.start_backoff_ms << (pod.start_failures - 1)
        self._timers.set(self._now_ms + pause_ms, partial(self._end_pause, pod.uid))

    def _end_pause(self, uid: str) -> None:
        if uid in self._backing_off:
            self._backing_off.remove(uid)
            self._enqueue(self._ledger.pods[uid])

    def _pod_exited(self, stimulus: s.PodExited) -> None:
        if (pod := self._present_copy(stimulus)) is None:
            return
        self._leave(pod)
        if pod.deleting:
            self._forget(pod)
        else:
            self._finish(podlife.finished(pod, stimulus.exit_code, stimulus.reason))

    def _stop_pod_done(self, stimulus: s.StopPodDone) -> None:
        pod = self._present_copy(stimulus)
        if pod is not None and pod.deleting:
            self._leave(pod)
            self._forget(pod)

    # From one place to the next.

    def _leave(self, pod: Pod) -> int:
        """Free what ``pod`` holds, wake whom that could help, and return the row of the node it was on."""
        row = self._ledger.unbind(pod)
        if self._queue and self.table.schedulable[row]:
            self._wake(row)
        return row

    def _finish(self, pod: Pod) -> None:
        ledger = self._ledger
        ledger.put_pod(pod)
        ledger.finished[pod.uid] = None
        ledger.events.append(events.PodFinished(at_ms=self._now_ms, pod=pod))
        while len(ledger.finished) > self._settings.finished_kept:
            ledger.remove_pod(ledger.pods[next(iter(ledger.finished))])

    def _forget(self, pod: Pod) -> None:
        self._ledger.remove_pod(pod)
        self._tell(events.PodDeleted, pod)

    def _requeue(self, pod: Pod, node_name: str) -> None:
        """Queue a pod that lost its node."""
        self._ledger.put_pod(pod)
        self._tell(events.PodEvicted, pod, node_name=node_name)
        self._enqueue(pod)

    def _enqueue(self, pod: Pod) -> None:
        """Put a pod back into the queue; where the discipline fails on it, before all others rather than nowhere."""
        try:
            rank = self._queue.rank(pod)
        except PluginError as exc:
            self._tell(events.SchedulerFailed, pod, message=str(exc))
            rank = ((), pod.ordinal, pod.uid)
        if refusal := self._queue.add(pod, rank):
            self._tell_waiting(pod, refusal)

    # Scheduling.

    def _wake(self, row: int) -> None:
        """Something was freed or came up on the node of ``row``: see whom among the waiting that could help."""
        if self._binder.monotone:
            self._queue.wake(self.table.free, row, partial(self._binder.would_help, row))

    def _schedule(self) -> None:
        """Try every pod that is worth trying, in the order of the queue."""
        while (group := self._queue.next()) is not None:
            pod = self._ledger.pods[group.head]
            refusal = self._binder.bind(pod, self._now_ms, group)
            if refusal is None:
                self._queue.discard(pod.uid)
                if not self._binder.monotone:
                    self._queue.wake_all()
                continue
            for uid in self._queue.refuse(group.spec.shape, refusal):
                self._tell_waiting(self._ledger.pods[uid], refusal)

    def _tell_waiting(self, pod: Pod, reason: str) -> None:
        if pod.reason != reason:
            pod = podlife.waiting(pod, reason)
            self._ledger.put_pod(pod)
            self._tell(events.PodUnschedulable, pod)

    # Small things.

    def _tell(self, event: type[Any], subject: Node | Pod, **more: Any) -> None:
        which = "node" if isinstance(subject, Node) else "pod"
        self._ledger.events.append(event(at_ms=self._now_ms, **{which: subject}, **more))

    def _next_ordinal(self) -> int:
        self._ordinal += 1
        return self._ordinal

    def _asked_node(self, uid: str) -> Node:
        if uid not in self._ledger.nodes:
            raise UnknownName(f"there is no node with uid {uid!r}")
        return self._ledger.nodes[uid]

    def _asked_pod(self, uid: str) -> Pod:
        if uid not in self._ledger.pods:
            raise UnknownName(f"there is no pod with uid {uid!r}")
        return self._ledger.pods[uid]

    def _known_node(self, report: Any) -> Node | None:
        """The node a report is about; of one that is gone only the report itself is told."""
        node = self._ledger.nodes.get(report.uid)
        if node is None:
            self._stale(report)
        return node

    def _present_copy(self, report: Any) -> Pod | None:
        """The pod a report is about, if it is bound and of the report's epoch."""
        pod = self._ledger.pods.get(report.uid)
        if pod is None or pod.epoch != report.epoch or pod.node_uid is None or pod.uid in self._ledger.finished:
            self._stale(report)
            return None
        return pod

    def _stale(self, report: s.Stimulus) -> None:
        self._ledger.events.append(events.StaleReport(at_ms=self._now_ms, what=str(report)))
