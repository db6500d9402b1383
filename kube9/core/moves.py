"""When the pods of a node that is down move: not before nothing of them can run there, and not all at once."""

from __future__ import annotations

import heapq
from functools import partial

from attrs import define, field

from kube9.core import events, nodelife
from kube9.core.ledger import Ledger
from kube9.core.nodes import Node
from kube9.core.placing import Placing
from kube9.core.pods import Pod
from kube9.core.settings import Settings
from kube9.core.timers import Timers

__all__ = ["Moves"]

#: How often at most those that wait for their turn are looked at.
_PAUSE_MS_MIN = 100


@define(eq=False, kw_only=True)
class Moves:
    """Takes pods off nodes that are down: after the node's lease, by priority, at a limited rate, unless all is held.

    A pod that stays bound to a node that is down waits for certainty: its copy there may still run.
    """

    ledger: Ledger
    placing: Placing
    timers: Timers
    settings: Settings
    #: Why nothing moves now; empty where things move.
    held: str = field(default="", init=False)
    #: Nodes whose lease is over and whose pods have not all moved yet, and why these move.
    due: dict[str, str] = field(factory=dict, init=False)
    #: Their pods, a heap: the highest priority first, then the first to arrive. Some may have gone by now.
    _next: list[tuple[int, int, str]] = field(factory=list, init=False)
    #: What may still move at once, counted in thousandths of a pod, as of a time.
    _milli: int = field(init=False)
    _milli_at_ms: int = field(default=0, init=False)
    _waiting: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._milli = 1000 * self.settings.move_burst

    def after_lease(self, node: Node, reason: str) -> None:
        """Move the pods of ``node``, which is down, once its lease is over."""
        if node.lease_left_ms:
            self._wait_for_lease(node, reason)
        else:
            self.now(node, reason)

    def now(self, node: Node, reason: str) -> None:
        """Nothing runs on ``node`` any more: move its pods as fast as may be, after all else that is due now."""
        over = nodelife.lease_over(self.ledger.nodes[node.uid])
        if over is not None:
            self.ledger.put_node(over)
        if self.ledger.bound[node.uid]:
            if node.uid not in self.due:
                for pod in self.ledger.pods_on(node):
                    heapq.heappush(self._next, (-pod.spec.priority, pod.ordinal, pod.uid))
            self.due[node.uid] = reason
            # Of leases that end in one moment, the first must not spend all on what matters least.
            self.timers.set(self.ledger.now_ms, self._go_on)

    def forget(self, node: Node) -> None:
        """Its pods have moved, or stay."""
        self.due.pop(node.uid, None)

    def hold(self, reason: str) -> None:
        """Move nothing until told otherwise."""
        if reason != self.held:
            self.ledger.tell(events.MovesHeld if reason else events.MovesResumed, reason=reason or self.held)
            self.held = reason
        if not reason:
            self._go_on()

    def _wait_for_lease(self, node: Node, reason: str) -> None:
        due_ms = self.ledger.now_ms + node.lease_left_ms
        self.timers.set(due_ms, partial(self._lease_over, node, reason))

    def _lease_over(self, failed: Node, reason: str) -> None:
        node = self.ledger.nodes.get(failed.uid)
        if node is not None and node.down and (node.ordinal, node.failures) == (failed.ordinal, failed.failures):
            self.now(node, reason)

    def _go_on(self) -> None:
        """Move as many as may be, the most urgent of all nodes first."""
        if self.held:
            return
        self._refill()
        while self._next and self._milli >= 1000:
            pod = self.ledger.pods.get(heapq.heappop(self._next)[-1])
            # It may have ended, or its node may have come back with it.
            if pod is not None and pod.node_uid in self.due and not pod.phase.finished:
                self._move(pod)
                self._milli -= 1000
        if self._next:
            self._wait()
        else:
            self.due.clear()

    def _move(self, pod: Pod) -> None:
        node = self.ledger.node_of(pod)
        self.placing.evict(pod, node, self.due[node.uid])

    def _refill(self) -> None:
        now_ms = self.ledger.now_ms
        gained = (now_ms - self._milli_at_ms) * self.settings.moves_per_s
        self._milli = min(1000 * self.settings.move_burst, self._milli + gained)
        self._milli_at_ms = now_ms

    def _wait(self) -> None:
        """Go on when one more pod may move at least, and not for each by itself."""
        if not self._waiting:
            self._waiting = True
            pause_ms = -(-max(1, 1000 - self._milli) // self.settings.moves_per_s)
            self.timers.set(self.ledger.now_ms + max(_PAUSE_MS_MIN, pause_ms), self._wake)

    def _wake(self) -> None:
        self._waiting = False
        self._go_on()
