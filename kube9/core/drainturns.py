"""How a node is emptied: a few pods at a time, and none before there is a place for it elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from attrs import evolve

from kube9.core import events, nodelife, podlife
from kube9.core import stimuli as s
from kube9.core.containers import RestartPolicy
from kube9.core.drains import Drain
from kube9.core.ledger import Ledger
from kube9.core.nodes import Node
from kube9.core.placing import Placing
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.podturns import PodTurns
from kube9.core.replicas import runs
from kube9.core.timers import Timers

__all__ = ["DrainTurns", "movable"]


class DrainTurns:
    """Handles every stimulus about cordons and drains, and goes on with each drain as things change.

    The highest priority goes first, and among equals whoever came first: what room there is elsewhere goes to those
    that matter most, and what finds none and is stopped at the deadline is what matters least.

    A pod of a deployment is marked as leaving, for which the deployment launches another one; it goes when enough of
    the others run. Any other may not run twice: it is stopped, and then queued again. Neither begins before there is
    room elsewhere, and the next begins when the last one runs elsewhere, so that a want of room shows early. Pods that
    are to come to an end are left to do so until the deadline.

    All that a drain goes by is part of its node and of the pods, and so is stored.
    """

    def __init__(self, *, ledger: Ledger, placing: Placing, pod_turns: PodTurns, timers: Timers) -> None:
        self._ledger, self._placing, self._pod_turns, self._timers = ledger, placing, pod_turns, timers
        #: By uid of a node, what the outlook was when none of its pods fitted elsewhere, and why the first did not:
        #: nothing is asked again for as long as it stays so. To forget it costs no more than to ask once more.
        self._in_vain: dict[str, tuple[Hashable, str]] = {}
        self.handlers: Mapping[type[s.Stimulus], Callable[[Any], None]] = {
            s.CancelDrain: self._cancel,
            s.CordonNode: self._cordon,
            s.DrainNode: self._drain,
        }

    # Requests.

    def _cordon(self, stimulus: s.CordonNode) -> None:
        node = self._ledger.asked_node(stimulus.uid)
        if not stimulus.cordoned:
            self._end(node, events.NodeDrainCancelled)
        self._set_cordon(node.uid, stimulus.cordoned)

    def _set_cordon(self, uid: str, on: bool) -> None:
        ledger = self._ledger
        node = nodelife.cordoned(ledger.nodes[uid], on)
        if node is None:
            return
        ledger.put_node(node)
        ledger.tell(events.NodeCordoned if on else events.NodeUncordoned, node=node)
        if node.schedulable:
            self._placing.wake(ledger.table.row_of[uid])

    def _cancel(self, stimulus: s.CancelDrain) -> None:
        node = self._ledger.asked_node(stimulus.uid)
        self._end(node, events.NodeDrainCancelled)
        if not stimulus.cordoned:
            self._set_cordon(node.uid, False)

    def _drain(self, stimulus: s.DrainNode) -> None:
        ledger = self._ledger
        before = ledger.asked_node(stimulus.uid)
        drain = self._asked_for(before, stimulus)
        self._set_cordon(before.uid, True)
        node = nodelife.draining(ledger.nodes[before.uid], drain)
        ledger.put_node(node)
        ledger.tell(events.NodeDrainStarted, node=node)
        self._in_vain.pop(node.uid, None)
        self._set_alarm(node)
        if drain.over(ledger.now_ms):
            self._stop_rest(node, drain, again=True)

    def _asked_for(self, node: Node, stimulus: s.DrainNode) -> Drain:
        """The drain as it is to be; one that is under way keeps what it has done so far."""
        now_ms = self._ledger.now_ms
        begun = node.drain or Drain(
            began_at_ms=now_ms, deadline_at_ms=None, pods=len(self._ledger.bound[node.uid]), parallel=1
        )
        return evolve(
            begun,
            deadline_at_ms=None if stimulus.deadline_ms is None else now_ms + stimulus.deadline_ms,
            parallel=stimulus.parallel,
            interval_ms=stimulus.interval_ms,
            grace_ms=stimulus.grace_ms,
            move_batch=stimulus.move_batch,
        )

    def _end(self, node: Node, event: type[events.NodeEvent]) -> None:
        """``node`` is drained no longer; whoever was to leave and was not told to stop yet stays."""
        if node.drain is None:
            return
        ledger = self._ledger
        for pod in ledger.pods_on(node):
            if pod.leaving:
                ledger.put_pod(podlife.leaving(pod, False))
        after = nodelife.not_draining(node)
        ledger.put_node(after)
        ledger.tell(event, node=after)
        self._in_vain.pop(node.uid, None)

    # Going on.

    def take_up(self) -> None:
        """Go on with the drains that were under way when the control plane went away."""
        for uid in self._ledger.draining:
            self._set_alarm(self._ledger.nodes[uid])

    def go_on(self) -> bool:
        """Begin one more move on each node where one may begin; whether any began."""
        begun = False
        for uid in list(self._ledger.draining):
            begun |= self._go_on(self._ledger.nodes[uid])
        return begun

    def _go_on(self, node: Node) -> bool:
        ledger, drain = self._ledger, node.drain
        assert drain is not None, f"node {node.name} is said to be drained"
        if not ledger.bound[node.uid]:
            self._end(node, events.NodeDrained)
            return False
        if drain.over(ledger.now_ms):
            begun = self._stop_rest(node, drain)
            self._note(node, drain, waiting_for="what is left to stop, for the deadline is over")
            return begun
        moving = tuple(uid for uid in drain.moving if self._is_under_way(uid, node))
        pod, why = self._next(node, drain) if self._may_begin(node, drain, moving) else (None, "")
        if pod is None:
            self._note(node, drain, moving=moving, waiting_for=why or self._waiting_for(node, drain, moving))
            return False
        self._begin(pod, drain)
        self._note(node, drain, moving=(*moving, pod.uid), last_at_ms=ledger.now_ms)
        if drain.interval_ms:
            self._timers.set(ledger.now_ms + drain.interval_ms, _look)
        return True

    def _begin(self, pod: Pod, drain: Drain) -> None:
        if pod.owner is None:
            self._pod_turns.stop(podlife.evicting(pod), drain.grace_ms)
        else:
            self._ledger.put_pod(podlife.leaving(pod, True))

    def _stop_rest(self, node: Node, drain: Drain, *, again: bool = False) -> bool:
        """Stop whatever is not on its way out; returns whether there was any.

        :param again: and what is being stopped too, with a grace that may be another one.
        """
        rest = [pod for pod in self._ledger.pods_on(node) if not pod.deleting and (again or not pod.evicting)]
        for pod in rest:
            if pod.leaving:  # the one in its place was asked for long ago
                self._pod_turns.delete(pod, drain.grace_ms)
            else:
                self._pod_turns.stop(podlife.evicting(pod), drain.grace_ms)
        return bool(rest)

    def _note(self, node: Node, drain: Drain, **what: Any) -> None:
        after = evolve(drain, **what)
        if after != drain:
            self._ledger.put_node(nodelife.draining(node, after))

    def _set_alarm(self, node: Node) -> None:
        """Have time pass here when something is due: that alone is enough to go on."""
        drain, now_ms = node.drain, self._ledger.now_ms
        assert drain is not None, f"node {node.name} is not drained"
        if drain.deadline_at_ms is not None:
            self._timers.set(max(now_ms, drain.deadline_at_ms), _look)
        if pause_ms := drain.pause_left_ms(now_ms):
            self._timers.set(now_ms + pause_ms, _look)

    # Who is next, and who is under way.

    def _is_under_way(self, uid: str, node: Node) -> bool:
        """Whether a pod that began to move off ``node`` is neither gone nor running elsewhere yet."""
        pod = self._ledger.pods.get(uid)
        if pod is None or pod.phase.finished:
            return False
        if pod.node_uid == node.uid:
            return pod.leaving or pod.evicting or pod.deleting
        return not runs(pod)

    def _may_begin(self, node: Node, drain: Drain, moving: tuple[str, ...]) -> bool:
        # Of a node that is down, or was not heard since the control plane came back, nobody knows what still runs.
        known = not node.down and node.uid not in self._ledger.table.awaited
        return known and len(moving) < drain.parallel and not drain.pause_left_ms(self._ledger.now_ms)

    def _next(self, node: Node, drain: Drain) -> tuple[Pod | None, str]:
        """Whose turn it is; ``None`` if nobody fits elsewhere, and then why the first of them does not."""
        known = self._in_vain.get(node.uid)
        if known is not None and known[0] == self._placing.outlook:
            return None, known[1]
        refusals: dict[Hashable, str] = {}
        first = ""
        for pod in movable(drain, self._ledger.pods_on(node)):
            spec = self._spec_elsewhere(pod)
            if spec.shape not in refusals:
                refusals[spec.shape] = self._refusal(spec)
            if not refusals[spec.shape]:
                return pod, ""
            first = first or f"room for {_name(pod)}: {refusals[spec.shape]}"
        self._in_vain[node.uid] = self._placing.outlook, first
        return None, first

    def _spec_elsewhere(self, pod: Pod) -> PodSpec:
        """What would have to fit elsewhere for ``pod`` to go."""
        return pod.spec if pod.owner is None else self._ledger.deployments[pod.owner.uid].spec.template

    def _refusal(self, spec: PodSpec) -> str:
        """Why a pod of ``spec`` fits nowhere, next to those that are about to come from nodes that are drained."""
        ledger = self._ledger
        begun = (uid for node_uid in ledger.draining for uid in self._moving(node_uid))
        coming = [ledger.pods[uid].spec for uid in begun if uid in ledger.pods and ledger.pods[uid].evicting]
        planned = self._placing.plan((*coming, spec))[-1]
        return "" if planned.node_name is not None else planned.reason or "it fits on no node"

    def _moving(self, node_uid: str) -> tuple[str, ...]:
        drain = self._ledger.nodes[node_uid].drain
        return () if drain is None else drain.moving

    # For people.

    def _waiting_for(self, node: Node, drain: Drain, moving: tuple[str, ...]) -> str:
        ledger = self._ledger
        if moving:
            return self._about(ledger.pods[moving[0]], node)
        if node.down:
            return f"node {node.name} to run nothing any more, which is {node.phase.value}"
        if node.uid in ledger.table.awaited:
            return f"node {node.name} to be heard"
        pods = ledger.pods_on(node)
        if movable(drain, pods):
            return "the time of the next move"
        if pods[0].deleting or pods[0].evicting:
            return f"pod {_name(pods[0])} to stop"
        return f"pod {_name(pods[0])} to end by itself"

    def _about(self, pod: Pod, node: Node) -> str:
        name = _name(pod)
        if pod.node_uid != node.uid:
            because = f": {pod.reason}" if pod.phase is PodPhase.PENDING and pod.reason else ""
            return f"pod {name} to run elsewhere{because}"
        if pod.leaving and not pod.deleting and pod.owner is not None:
            deployment, replicas = self._ledger.deployments[pod.owner.uid], self._ledger.owned[pod.owner.uid]
            reasons = (each.reason for each in replicas.idle if each.phase is PodPhase.PENDING and each.reason)
            because = "".join(f": {reason}" for reason in list(reasons)[:1])
            count = f"{replicas.running} of {deployment.spec.replicas} run"
            return f"a pod of deployment {deployment.name} to run in place of {name}, {count} apart from it{because}"
        return f"pod {name} to stop"


def movable(drain: Drain, pods: Iterable[Pod]) -> list[Pod]:
    """Those of the pods on a node that stay until their turn comes, in that order."""
    staying = (pod for pod in pods if not (pod.deleting or pod.evicting or pod.leaving))
    moved = (pod for pod in staying if drain.move_batch or not _is_batch(pod))
    return sorted(moved, key=lambda pod: (-pod.spec.priority, pod.ordinal))


def _is_batch(pod: Pod) -> bool:
    """Whether it is to come to an end, so that to move it would throw away what it has done."""
    return pod.spec.restart_policy is not RestartPolicy.ALWAYS


def _name(pod: Pod) -> str:
    return pod.name if pod.namespace == "default" else f"{pod.namespace}/{pod.name}"


def _look() -> None:
    """Nothing to do: each drain is looked at in every turn."""
