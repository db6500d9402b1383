"""A cluster beside the real one, on which anything may be tried."""

from __future__ import annotations

from collections.abc import Iterator

from kube9.core import nodelife, podlife
from kube9.core.binder import Binder
from kube9.core.errors import PluginError
from kube9.core.ledger import Ledger
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.placing import Placing
from kube9.core.pods import Pod, PodSpec
from kube9.core.ports import QueueDiscipline
from kube9.core.queue import PendingQueue
from kube9.core.settings import Settings
from kube9.core.timers import Timers
from kube9.core.waitgroup import Rank

__all__ = ["Twin"]


class Twin:
    """Decides as the cluster would from where that is now, with the same parts, and leaves it alone.

    What takes long goes on from one ``yield`` to the next, so that others can be served in between; what may have
    happened to the cluster meanwhile is not known here.

    :param waiting: uids of the pods that are queued.
    """

    def __init__(
        self, *, ledger: Ledger, binder: Binder, waiting: Iterator[str], discipline: QueueDiscipline, settings: Settings
    ) -> None:
        self.ledger = ledger.twin()
        self.binder = binder.twin(self.ledger)
        self.queue = PendingQueue(discipline)
        self._placing = Placing(
            ledger=self.ledger, binder=self.binder, queue=self.queue, timers=Timers(), settings=settings
        )
        self._settings = settings
        self._not_queued = list(waiting)

    def add(self, spec: NodeSpec) -> None:
        """A node is there, Ready and empty."""
        ledger = self.ledger
        node = Node(
            uid=f"added/{spec.name}",
            spec=spec,
            ordinal=ledger.next_ordinal(),
            phase=NodePhase.READY,
            created_at_ms=ledger.now_ms,
        )
        ledger.add_node(node)

    def cordon(self, node: Node) -> None:
        if (cordoned := nodelife.cordoned(node, True)) is not None:
            self.ledger.put_node(cordoned)

    def failed(self, node: Node) -> Node:
        """``node`` as it would be once it had failed and its lease were over."""
        settled_after_ms = self._settings.node_settled_after_ms
        failed = nodelife.failed(node, "", lease_left_ms=0, at_ms=self.ledger.now_ms, settled_after_ms=settled_after_ms)
        if failed is None:  # it does not run now
            return node
        return nodelife.recovering(failed) or failed

    def evict_all(self, node: Node) -> None:
        """Its pods are queued, or gone where they were being deleted."""
        self._placing.evict_all(node, "")

    def settle(self) -> Iterator[None]:
        """Try whoever waits, in the order of the queue."""
        while self._not_queued:
            self._placing.enqueue(self.ledger.pods[self._not_queued.pop()])
            yield
        if not self.binder.monotone:
            self.queue.wake_all()
        while self._placing.try_next():
            yield

    def move(self, pod: Pod) -> Iterator[None]:
        """Stop ``pod`` and let it run elsewhere; where it fits nowhere else it stays, with the reason written on it."""
        ledger, node = self.ledger, self.ledger.node_of(pod)
        self._placing.leave(pod)
        self._placing.requeue(podlife.evicted(pod, ""), node.name)
        yield from self.settle()
        if ledger.pods[pod.uid].node_uid is None:
            reason = self.why(pod.uid)
            self.queue.discard(pod.uid)
            ledger.bind(podlife.waiting(pod, reason))

    def launch(self, uid: str, spec: PodSpec) -> Iterator[None]:
        """Ask for a pod, which then has a node, or waits with a reason; or is not there, since nobody can rank it.

        :raises PluginError: that.
        """
        self._placing.launch(uid, spec)
        yield from self.settle()

    def why(self, uid: str) -> str:
        """Why a pod waits."""
        return self.ledger.pods[uid].reason or self.queue.behind

    def rank(self, pod: Pod) -> Rank:
        """Where ``pod`` would stand in the queue; before all others where the discipline fails on it."""
        try:
            return self.queue.rank(pod)
        except PluginError:
            return (), pod.ordinal, pod.uid
