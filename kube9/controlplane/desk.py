"""Tells agents what to do: each in the answer to its beat, which is kept back until there is something to tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from attrs import define

from kube9.agent.brain import Answer, Beat, CopyReport, StartOrder, StopOrder
from kube9.controlplane.backends import Backends
from kube9.controlplane.inbox import LATER, Inbox, Later, Request
from kube9.controlplane.turn import Turn
from kube9.core.agenda import agenda
from kube9.core.cluster import Cluster
from kube9.core.nodes import Node
from kube9.core.outcome import Instruction, StartPod, StopPod
from kube9.core.pods import Pod
from kube9.core.ports import Clock
from kube9.manifest.writtenpod import pod_spec

__all__ = ["Desk", "start_order"]


@define(eq=False)
class _Held:
    """An answer that nobody has yet."""

    request: Request[Answer]
    answer: Answer
    #: What the beat listed.
    copies: tuple[CopyReport, ...]


class Desk:
    """Knows which agents wait for an answer.

    What a node is to do follows from the cluster as it is at that moment, and from the list of its latest beat. So
    nothing is queued here that could be out of date by the time it is told, and what was lost on the way is told again.

    """

    def __init__(self, backends: Backends, inbox: Inbox, clock: Clock, *, held_max: int) -> None:
        self._backends, self._inbox, self._clock, self._held_max = backends, inbox, clock, held_max
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        #: How long copies get to stop where somebody said otherwise than their pods do, by node.
        self._graces: dict[str, dict[tuple[str, int], int]] = {}

    def ask(self, node_uid: str, beat: Beat, wait_ms: int, take: Callable[[Turn], Answer]) -> Request[Answer]:
        """Have a beat answered, by what ``take`` makes of it and by what its node is to do. From any thread.

        :param wait_ms: for how long at most the answer may be kept back while there is nothing to do.
        """

        def do(turn: Turn) -> Answer | Later:
            return self._take(node_uid, beat, take(turn), request, wait_ms, turn)

        # It weighs nothing: were beats refused for too many pods that wait, nodes would seem to be dead.
        request: Request[Answer] = Request(do, weight=0, reads=True)
        return self._inbox.ask(request)

    def _take(
        self, node_uid: str, beat: Beat, answer: Answer, request: Request[Answer], wait_ms: int, turn: Turn
    ) -> Answer | Later:
        node = turn.cluster.nodes.get(node_uid)
        if node is None or not answer.lease_ms or not self._backends.is_by_agent(node.spec.backend):
            return answer
        self._let_go(node_uid)
        self._forget_graces(node_uid, beat.pods)
        # While nothing can be stored, the cluster is ahead of what is durable; what is not told now is told later.
        if not turn.outage:
            answer = self._with_orders(node, answer, beat.pods, turn.cluster, turn.instructions)
        hold_ms = min(wait_ms, answer.interval_ms)
        if hold_ms <= 0 or answer.start or answer.stop or answer.token != beat.token or len(self) >= self._held_max:
            return answer
        held = _Held(request, answer, beat.pods)
        with self._lock:
            self._held[node_uid] = held
        self._clock.call_at(self._clock.now_ms() + hold_ms, partial(self._expire, node_uid, held))
        return LATER

    def tell(self, instructions: Sequence[Instruction], cluster: Cluster) -> None:
        """Tell agents at once what they are to do from now on; it is durable. On the loop's thread."""
        self._note_graces(instructions)
        orders = (each for each in instructions if isinstance(each, StartPod | StopPod))
        for node_uid in dict.fromkeys(order.node.uid for order in orders):
            self._look(node_uid, cluster)

    def forget(self, node_uid: str) -> None:
        """The node is gone."""
        self._let_go(node_uid)
        self._graces.pop(node_uid, None)

    def close(self) -> None:
        """Keep nothing back any more."""
        self._held_max = 0
        for node_uid in list(self._held):
            self._let_go(node_uid)

    def __len__(self) -> int:
        """How many answers are kept back."""
        return len(self._held)

    def _look(self, node_uid: str, cluster: Cluster) -> None:
        held, node = self._held.get(node_uid), cluster.nodes.get(node_uid)
        if held is None or node is None:
            return
        answer = self._with_orders(node, held.answer, held.copies, cluster)
        if (answer.start or answer.stop) and self._take_out(node_uid, held):
            held.request.answer(answer)

    def _with_orders(
        self,
        node: Node,
        answer: Answer,
        copies: tuple[CopyReport, ...],
        cluster: Cluster,
        decided: Iterable[Instruction] = (),
    ) -> Answer:
        """:param decided: what was decided in this turn so far, of which graces are still to be noted."""
        if node.incarnation != answer.boot:
            return answer
        to_do = agenda(cluster, node, copies)
        if to_do.stop:
            self._note_graces(decided)
        graces = self._graces.get(node.uid, {})
        stop = (StopOrder(each.uid, each.epoch, graces.get(each[:2], each.grace_ms)) for each in to_do.stop)
        return answer._replace(start=tuple(map(start_order, to_do.start)), stop=tuple(stop))

    def _expire(self, node_uid: str, held: _Held) -> None:
        if self._take_out(node_uid, held):
            held.request.answer(held.answer)

    def _let_go(self, node_uid: str) -> None:
        held = self._held.get(node_uid)
        if held is not None:
            self._expire(node_uid, held)

    def _take_out(self, node_uid: str, held: _Held) -> bool:
        """Whether it is for the caller to answer."""
        with self._lock:
            if self._held.get(node_uid) is not held:
                return False
            del self._held[node_uid]
            return True

    def _note_graces(self, instructions: Iterable[Instruction]) -> None:
        for stop in (each for each in instructions if isinstance(each, StopPod)):
            # Where a node is told again, that is with the pod's own, whatever was said before.
            if stop.grace_ms != stop.pod.spec.grace_ms and self._backends.is_by_agent(stop.node.spec.backend):
                self._graces.setdefault(stop.node.uid, {})[stop.pod.uid, stop.pod.epoch] = stop.grace_ms

    def _forget_graces(self, node_uid: str, copies: Iterable[CopyReport]) -> None:
        if node_uid in self._graces:
            listed = {(copy.uid, copy.epoch) for copy in copies}
            graces = self._graces.pop(node_uid)
            if left := {place: grace_ms for place, grace_ms in graces.items() if place in listed}:
                self._graces[node_uid] = left


def start_order(pod: Pod) -> StartOrder:
    """What an agent is told of a pod that is to be started."""
    spec = pod_spec(pod.spec, secrets=True)
    return StartOrder(pod.uid, pod.epoch, pod.namespace, pod.name, pod.owner_name or "", spec, dict(pod.devices))
