"""Who may go before the first in the queue, for which there is no room yet: those who end before it could start."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kube9.core.binder import Binder
from kube9.core.errors import PluginError
from kube9.core.ledger import Ledger
from kube9.core.pods import Pod, PodSpec
from kube9.core.ports import RunAwareDiscipline
from kube9.core.queue import PendingQueue
from kube9.core.waitgroup import WaitGroup

__all__ = ["Backfill"]


class Backfill:
    """Lets pods overtake the one that holds back all others, as long as that delays it in nothing.

    The first has a reservation: the moment by which it fits, if every pod ends when it is expected to. Whoever fits
    now and ends before that moment goes ahead, in order of arrival. Who says nothing of its end is taken to have none.

    :param failed: is told of the pods on which a plugin failed, so that they are tried again.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        binder: Binder,
        queue: PendingQueue,
        discipline: RunAwareDiscipline,
        failed: Callable[[WaitGroup], None],
    ) -> None:
        self._ledger, self._binder, self._queue, self._discipline = ledger, binder, queue, discipline
        self._failed = failed
        #: Of the first, once somebody asked. Who goes ahead after that ends before it, and so does not move it.
        self._reservation_ms: int | None = None
        self._reserved = False

    def reserve(self) -> None:
        """Find out by when the first fits, unless that is known."""
        blocker = self._queue.blocker
        if blocker is not None and not self._reserved:
            self._reservation_ms, self._reserved = self._fits_by(self._ledger.pods[blocker[2]].spec), True

    def may_overtake(self, spec: PodSpec) -> bool:
        """Whether a pod of ``spec`` that began now would be gone when the first could start."""
        expected_ms = self._expected_ms(spec)
        return (
            self._reservation_ms is not None
            and expected_ms is not None
            and self._ledger.now_ms + expected_ms < self._reservation_ms
        )

    def go_on(self) -> bool:
        """Bind whoever may overtake and fits; ``True`` if the first must be tried again before the next may."""
        queue, pods = self._queue, self._ledger.pods
        if not queue.some_unseen:
            return False
        uids, afresh = queue.overtakers()
        self._reserved = self._reserved and not afresh
        if uids:
            self.reserve()
        for uid in uids:
            # One of its like may have been tried just now.
            if queue.hopeless(pods[uid].spec.shape) or not self.may_overtake(pods[uid].spec):
                continue
            if self._try(pods[uid]):
                queue.discard(uid)
                if not self._binder.monotone:
                    queue.wake_all()
                    return True
        return False

    def _try(self, pod: Pod) -> bool:
        try:
            fits = self._binder.on_its_place(pod) is not None
        except PluginError:  # which is told of when the pod is the first
            fits = False
            self._failed(self._queue.group_of(pod.uid))
        if not fits:
            self._queue.give_up(pod.spec)
            return False
        # Decided twice rather than bound in a second way; nearly always somebody does not fit.
        return self._binder.bind(pod, self._ledger.now_ms) is None

    def _fits_by(self, spec: PodSpec) -> int | None:
        """When a pod of ``spec`` fits, if all end as expected; ``None`` if it does not even then."""
        table, fits = self._ledger.table, self._fit(spec)
        released: list[Pod] = []
        try:
            for end_ms, _, pod in sorted(self._ends()):
                table.release(pod)
                released.append(pod)
                if fits(table.row_of[self._ledger.node_of(pod).uid]):
                    return end_ms
        except PluginError:  # of the first pod's own pipeline, which is told of when it is tried
            return None
        finally:
            for pod in reversed(released):
                table.place(pod)
        return None

    def _ends(self) -> Iterator[tuple[int, int, Pod]]:
        """When each pod ends that is still expected to, with its ordinal, which differs."""
        ledger = self._ledger
        for node_uid, uids in ledger.bound.items():
            if not ledger.table.schedulable[ledger.table.row_of[node_uid]]:
                continue  # what is freed there is of no use
            for uid in uids:
                pod = ledger.pods[uid]
                expected_ms = self._expected_ms(pod.spec)
                if expected_ms is None:
                    continue
                began_ms = ledger.now_ms if pod.started_at_ms is None else pod.started_at_ms
                # One that runs for longer than expected may do so for ever.
                if began_ms + expected_ms >= ledger.now_ms:
                    yield began_ms + expected_ms, pod.ordinal, pod

    def _fit(self, spec: PodSpec) -> Callable[[int], bool]:
        """Tells whether a pod of ``spec`` fits, after something was freed in a row."""
        table, pipeline = self._ledger.table, self._binder.pipeline_of(spec)
        if not self._binder.monotone:
            return lambda _: pipeline.would_bind(spec, table)
        free, asked = table.free, [(name, amount) for name, amount in spec.requests.items() if name in table.free]
        # What a filter says costs ten times as much as to look whether there is enough.
        return lambda row: (
            all(free[name][row] >= amount for name, amount in asked) and pipeline.fits_on(spec, table, row)
        )

    def _expected_ms(self, spec: PodSpec) -> int | None:
        try:
            return self._discipline.expected_ms(spec)
        except (Exception, SystemExit):
            # Of a pod that was queued under another discipline; of any other this was told when it came.
            return None
