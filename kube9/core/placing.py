"""From one place to the next: a pod is queued, bound, freed, queued again, finished or forgotten."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import partial

from kube9.core import events, podlife
from kube9.core.backfill import Backfill
from kube9.core.binder import Binder
from kube9.core.errors import PluginError
from kube9.core.ledger import Ledger
from kube9.core.nodes import Node
from kube9.core.plan import Planned
from kube9.core.pods import Owner, Pod, PodSpec
from kube9.core.ports import RunAwareDiscipline
from kube9.core.queue import PendingQueue
from kube9.core.settings import Settings
from kube9.core.timers import Timers
from kube9.core.waitgroup import Rank, WaitGroup

__all__ = ["Placing"]


class Placing:
    """Moves pods between queue, nodes and the end, and keeps ledger and queue in step while it does."""

    def __init__(
        self, *, ledger: Ledger, binder: Binder, queue: PendingQueue, timers: Timers, settings: Settings
    ) -> None:
        discipline = queue.discipline
        #: ``None`` where nobody overtakes whoever blocks.
        self._backfill = (
            Backfill(ledger=ledger, binder=binder, queue=queue, discipline=discipline, failed=self._retry_later)
            if isinstance(discipline, RunAwareDiscipline) and discipline.blocks and discipline.backfills
            else None
        )
        self._ledger, self._binder, self._queue = ledger, binder, queue
        self._timers, self._settings = timers, settings
        #: Uids of pods that pause before they are queued again.
        self.backing_off: set[str] = set()

    # In.

    def launch(self, uid: str, spec: PodSpec, owner: Owner | None = None) -> None:
        """Bind a new pod at once if it fits and overtakes nobody; queue it if not.

        :raises PluginError: the queue's discipline failed; nothing has changed.
        """
        ledger, queue = self._ledger, self._queue
        ordinal, now_ms = ledger.next_ordinal(), ledger.now_ms
        alone = queue.would_be_alone(spec.shape)
        refusal = self._binder.bind_new(uid, spec, ordinal, now_ms, owner) if alone else ""
        if refusal is None:
            ledger.add_pod(uid, spec, owner)
            return
        pod = Pod(uid=uid, spec=spec, ordinal=ordinal, created_at_ms=now_ms, owner=owner)
        rank = queue.rank(pod)  # may raise, and so comes before all that follows
        ledger.add_pod(uid, spec, owner)
        known = queue.add(pod, rank)
        if refusal:
            queue.refuse(spec.shape, refusal)
        refusal = refusal or known
        ledger.put_pod(pod)
        if refusal:
            self._tell_waiting(pod, refusal)

    def launch_anyway(self, uid: str, spec: PodSpec, owner: Owner) -> None:
        """The same in the middle of a turn, where nobody can be told that the discipline failed but by an event."""
        try:
            self.launch(uid, spec, owner)
        except PluginError:  # queueing it tells of that
            ledger = self._ledger
            pod = Pod(uid=uid, spec=spec, ordinal=ledger.next_ordinal(), created_at_ms=ledger.now_ms, owner=owner)
            ledger.add_pod(uid, spec, owner)
            ledger.put_pod(pod)
            self.enqueue(pod)

    def enqueue(self, pod: Pod) -> None:
        """Put a pod into the queue; where the discipline fails on it, before all others rather than nowhere."""
        try:
            rank = self._queue.rank(pod)
        except PluginError as exc:
            self._ledger.tell(events.SchedulerFailed, pod=pod, message=exc.message)
            rank = ((), pod.ordinal, pod.uid)
        if refusal := self._queue.add(pod, rank):
            self._tell_waiting(pod, refusal)

    def pause(self, pod: Pod, pause_ms: int) -> None:
        """Let a pod wait before it is queued again."""
        self.backing_off.add(pod.uid)
        self._timers.set(self._ledger.now_ms + pause_ms, partial(self._end_pause, pod.uid))

    def _end_pause(self, uid: str) -> None:
        if uid in self.backing_off:
            self.backing_off.remove(uid)
            self.enqueue(self._ledger.pods[uid])

    # Out.

    def leave(self, pod: Pod) -> int:
        """Free what ``pod`` holds, wake whom that could help, and return the row of the node it was on."""
        row = self._ledger.unbind(pod)
        if self._queue and self._ledger.table.schedulable[row]:
            self.wake(row)
        return row

    def requeue(self, pod: Pod, node_name: str) -> None:
        """Queue a pod that lost its node."""
        self._ledger.put_pod(pod)
        self._ledger.tell(events.PodEvicted, pod=pod, node_name=node_name)
        self.enqueue(pod)

    def evict_all(self, node: Node, reason: str) -> None:
        """Every pod of a node that runs none of them any more is queued again, or is gone if that was asked for."""
        for pod in self._ledger.pods_on(node):
            self.evict(pod, node, reason)

    def evict(self, pod: Pod, node: Node, reason: str) -> None:
        """The same of one pod."""
        self._ledger.unbind(pod)
        if pod.deleting:
            self.forget(pod)
        else:
            self.requeue(podlife.evicted(pod, reason), node.name)

    def finish(self, pod: Pod) -> None:
        """``pod`` ended, and holds no place any more."""
        ledger = self._ledger
        ledger.put_pod(pod)
        ledger.finished[pod.uid] = None
        ledger.events.append(events.PodFinished(at_ms=ledger.now_ms, pod=pod))
        while len(ledger.finished) > self._settings.finished_kept:
            ledger.remove_pod(ledger.pods[next(iter(ledger.finished))])

    def withdraw(self, pod: Pod) -> None:
        """Forget a pod that waits or has ended."""
        self._queue.discard(pod.uid)
        self.backing_off.discard(pod.uid)
        self.forget(pod)

    def forget(self, pod: Pod) -> None:
        """Forget a pod that holds no place."""
        self._ledger.remove_pod(pod)
        self._ledger.tell(events.PodDeleted, pod=pod)

    # Scheduling.

    def wake(self, row: int) -> None:
        """Something was freed or came up on the node of ``row``: see whom among the waiting that could help."""
        if self._binder.monotone:
            self._queue.wake(self._ledger.table.free, row, partial(self._binder.would_help, row))

    def reconsider(self) -> None:
        """Try everybody who waits again, and count anew why they wait."""
        self._ledger.table.generation += 1  # what was counted before holds no longer
        self._queue.wake_all()

    def schedule(self) -> None:
        """Try every pod that is worth trying, in the order of the queue."""
        while self.try_next():
            pass

    def try_next(self) -> bool:
        """Try the first pod that is worth trying; ``False`` if there is none."""
        ledger, queue = self._ledger, self._queue
        if (group := queue.next()) is None:
            return self._backfill is not None and self._backfill.go_on()
        pod = ledger.pods[group.head]
        refusal = self._binder.bind(pod, ledger.now_ms, group)
        if refusal is None:
            group.failures = 0
            queue.discard(pod.uid)
            if not self._binder.monotone:
                queue.wake_all()
            return True
        for uid in queue.refuse(group.spec.shape, refusal):
            self._tell_waiting(ledger.pods[uid], refusal)
        self._note_failure(group)
        return True

    def _note_failure(self, group: WaitGroup) -> None:
        """If it was a plugin that failed, arrange for another try: no change of a node may ever lead to one."""
        if group.reason_at is not None:
            group.failures = 0
        else:
            self._retry_later(group)

    def _retry_later(self, group: WaitGroup) -> None:
        if group.retry_set or group.spec.scheduler_name not in self._binder.pipelines:  # which no wait brings back
            return
        settings = self._settings
        # The exponent is bounded, or the number would grow for as long as the plugin fails.
        pause_ms = min(settings.plugin_backoff_ms << min(group.failures, 30), settings.plugin_backoff_ms_max)
        group.failures, group.retry_set = group.failures + 1, True
        self._timers.set(self._ledger.now_ms + pause_ms, partial(self._queue.retry, group))

    def plan(self, specs: Iterable[PodSpec]) -> tuple[Planned, ...]:
        """Where pods of ``specs`` would go, each with those before it in place; all is taken back afterwards."""
        ledger, blocker = self._ledger, self._queue.blocker
        if self._backfill is not None:
            self._backfill.reserve()  # before what is only planned stands in the way
        placed: list[Pod] = []
        planned: list[Planned] = []
        try:
            for number, spec in enumerate(specs, start=1):
                pod = Pod(uid="", spec=spec, ordinal=ledger.ordinal + number, created_at_ms=ledger.now_ms)
                try:
                    bound, reason, blocker = self._would_bind(pod, blocker)
                except PluginError as exc:
                    bound, reason = None, exc.message
                if bound is None:
                    planned.append(Planned(spec, None, reason))
                    continue
                ledger.table.place(bound)
                placed.append(bound)
                planned.append(Planned(spec, ledger.node_of(bound).name))
        finally:
            for pod in reversed(placed):
                ledger.table.release(pod)
        return tuple(planned)

    @property
    def outlook(self) -> Hashable:
        """Another value whenever somebody who fitted nowhere may fit somewhere."""
        ledger = self._ledger
        room = ledger.room if self._binder.monotone else ledger.table.stamp
        return room, len(ledger.table.awaited), self._queue.blocker

    def _would_bind(self, pod: Pod, blocker: Rank | None) -> tuple[Pod | None, str, Rank | None]:
        """``pod`` as it would be bound now, or why it would wait; and the rank that nobody may overtake thereafter.

        :raises PluginError: the queue's discipline failed, and the pod would be refused.
        """
        queue = self._queue
        overtakes = blocker is not None and queue.rank(pod) > blocker
        if overtakes and not (
            self._backfill is not None and blocker == queue.blocker and self._backfill.may_overtake(pod.spec)
        ):
            return None, queue.behind, blocker
        bound, reason = self._binder.would_bind(pod)
        if bound is None and queue.blocks and not overtakes:
            blocker = queue.held(queue.rank(pod))
        return bound, reason, blocker

    def _tell_waiting(self, pod: Pod, reason: str) -> None:
        if pod.reason != reason:
            pod = podlife.waiting(pod, reason)
            self._ledger.put_pod(pod)
            self._ledger.tell(events.PodUnschedulable, pod=pod)
