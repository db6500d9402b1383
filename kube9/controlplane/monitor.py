"""Listens to nodes, and judges those that fall silent."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from kube9.controlplane.answers import NodeHealth
from kube9.controlplane.backends import Backends
from kube9.controlplane.inbox import Inbox
from kube9.controlplane.turn import Turn
from kube9.controlplane.view import View
from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.nodes import Node, NodePhase
from kube9.core.ports import Clock, HealthCheck
from kube9.heartbeats.beatfile import BEAT, DOWN, GONE, UP
from kube9.heartbeats.judge import Judge, Verdict
from kube9.heartbeats.leases import HISTORY_BEATS

__all__ = ["Monitor"]

_log = logging.getLogger(__name__)

_JUDGED = (NodePhase.READY, NodePhase.SUSPECT)


class Monitor:
    """Notes when each node was heard, in memory only, and has the health check judge its silence.

    A node is judged once it was heard, or from its joining on where its backend says that its nodes beat. After the
    control plane was away, or this process stood still, every node first gets as long as it takes to be judged dead:
    the silence may have been on the listener's side.

    :param heartbeat_ms: how often nodes beat whose backend does not say.
    :param note: told of each beat and of what is known of its node: event, name, and when.
    """

    def __init__(
        self,
        *,
        check: HealthCheck,
        backends: Backends,
        view: View,
        inbox: Inbox,
        clock: Clock,
        heartbeat_ms: int,
        note: Callable[[str, str, int], None] | None = None,
    ) -> None:
        self._judge, self._backends, self._view = Judge(check, heartbeat_ms), backends, view
        self._inbox, self._clock = inbox, clock
        self.heartbeat_ms = heartbeat_ms
        self._note = note or _nobody_notes
        self._arrivals: dict[str, deque[int]] = {}
        #: Nodes that are suspected and no more than that. One that is heard again keeps its history, which says how
        #: irregular it is; one that starts anew begins another.
        self._doubted: set[str] = set()
        #: Nodes that the loop is to look at, and has not yet.
        self._suspicious: set[str] = set()
        self._judge_from_ms = self._swept_ms = 0
        self._closed = False
        self.beats = 0

    def start(self) -> None:
        """Listen from now on, and judge after the time of grace."""
        now_ms = self._swept_ms = self._clock.now_ms()
        self._give_grace(now_ms)
        self._clock.call_at(now_ms + self._judge.pause_ms, self._sweep)

    def close(self) -> None:
        """Judge nobody any more."""
        self._closed = True

    @property
    def fail_after_ms(self) -> int:
        """How long a node may be silent at least until it is judged dead."""
        return self._judge.fail_after_ms

    @property
    def lease_ms(self) -> int:
        """After how long without an answer a node must have stopped its pods: one beat before it is judged dead."""
        return max(1, self.fail_after_ms - self.heartbeat_ms)

    # Listening.

    def beat(self, uid: str) -> Node | None:
        """A node was heard; returns it as it is. The store hears nothing of it, the cluster only if that matters."""
        self.beats += 1
        node = self._view.node_by_uid(uid)
        if node is None:
            return None
        now_ms = self._clock.now_ms()
        arrivals = self._arrivals.get(uid)
        if arrivals is None:
            arrivals = self._arrivals[uid] = deque(maxlen=HISTORY_BEATS)
        arrivals.append(now_ms)
        if node.phase in _JUDGED:
            self._note(BEAT, node.name, now_ms)
        if node.phase is NodePhase.SUSPECT:
            self._inbox.put(s.Heartbeat(at_ms=now_ms, uid=uid))
        return node

    def introduce(self, uid: str) -> None:
        """A node was heard by a call of its own: one that was being made has joined by that."""
        node = self.beat(uid)
        if node is not None and node.phase is NodePhase.PROVISIONING:
            self._inbox.put(partial(_join, uid))

    def hear(self, events: Iterable[e.Event]) -> None:
        """Begin with the nodes that came up, and forget those that are gone."""
        for event in events:
            if not isinstance(event, e.NodeEvent):
                continue
            node = event.node
            if isinstance(event, e.NodeReady):
                if not (node.uid in self._doubted and self._heard_lately(node)) and self._begin(node):
                    self._note(UP, node.name, self._clock.now_ms())
                self._doubted.discard(node.uid)
            elif isinstance(event, e.NodeSuspected):
                self._doubted.add(node.uid)
            elif isinstance(event, e.NodeFailed):
                self._doubted.discard(node.uid)
            elif isinstance(event, e.NodeDeleted):
                self._doubted.discard(node.uid)
                if self._arrivals.pop(node.uid, None) is not None:
                    self._note(GONE, node.name, self._clock.now_ms())

    def broke(self, node: Node) -> None:
        """A node was broken on purpose, which nobody but a recording is told."""
        self._note(DOWN, node.name, self._clock.now_ms())

    def _heard_lately(self, node: Node) -> bool:
        arrivals = self._arrivals.get(node.uid)
        return arrivals is not None and self._clock.now_ms() - arrivals[-1] <= self._interval_ms(node)

    def _begin(self, node: Node) -> bool:
        """Count a node's silence from now on, if it is known to beat; says whether it is."""
        beats = node.uid in self._arrivals or bool(self._backends.heartbeat_ms(node.spec.backend))
        if beats:
            self._arrivals[node.uid] = deque((self._clock.now_ms(),), maxlen=HISTORY_BEATS)
        return beats

    # Judging.

    def _sweep(self) -> None:
        if self._closed:
            return
        now_ms = self._clock.now_ms()
        if now_ms - self._swept_ms > self._judge.pause_ms + self.fail_after_ms // 2:
            _log.warning("%d ms went by unseen; nodes get time to be heard again", now_ms - self._swept_ms)
            self._give_grace(now_ms)
        self._swept_ms = now_ms
        if now_ms >= self._judge_from_ms:
            self._look_around(now_ms)
        # At a distance from the end rather than the beginning: a sweep that takes long must not leave no time.
        self._clock.call_at(self._clock.now_ms() + self._judge.pause_ms, self._sweep)

    def _look_around(self, now_ms: int) -> None:
        for node in self._view.nodes():
            uid = node.uid
            if node.phase in _JUDGED and uid not in self._suspicious and self._charge(node, now_ms) is not None:
                self._suspicious.add(uid)
                self._inbox.put(partial(self._decide, uid))

    def _decide(self, uid: str, turn: Turn) -> None:
        """Judge a node on the loop's thread, where its phase is the present one and late beats are counted."""
        self._suspicious.discard(uid)
        node = turn.cluster.nodes.get(uid)
        now_ms = self._clock.now_ms()
        if node is None or now_ms < self._judge_from_ms:
            return
        charge = self._charge(node, now_ms)
        if charge is not None:
            turn.tell(charge, uid=uid, reason=f"not heard for {now_ms - self._arrivals[uid][-1]} ms")

    def _charge(self, node: Node, now_ms: int) -> type[s.SuspectNode | s.FailNode] | None:
        """What to tell the cluster of a node, if anything."""
        arrivals = self._arrivals.get(node.uid)
        if arrivals is None or node.phase not in _JUDGED:
            return None
        verdict = self._judge.verdict(arrivals, now_ms, self._interval_ms(node))
        if verdict is Verdict.FAILED:
            return s.FailNode
        return s.SuspectNode if verdict is Verdict.SUSPECT and node.phase is NodePhase.READY else None

    def _interval_ms(self, node: Node) -> int:
        return self._backends.heartbeat_ms(node.spec.backend) or self.heartbeat_ms

    def _give_grace(self, now_ms: int) -> None:
        """Judge nobody until every node that is up had the time to be heard."""
        self._judge_from_ms = now_ms + self.fail_after_ms
        for node in self._view.nodes():
            if node.phase in _JUDGED:
                self._begin(node)

    # Telling.

    def health(self) -> tuple[NodeHealth, ...]:
        """Every node in join order, and how long it has been silent."""
        now_ms = self._clock.now_ms()
        return tuple(self._health(node, now_ms) for node in self._view.nodes())

    def _health(self, node: Node, now_ms: int) -> NodeHealth:
        arrivals = self._arrivals.get(node.uid)
        return NodeHealth(
            name=node.name,
            uid=node.uid,
            phase=node.phase.value,
            last_heard_ms_ago=None if arrivals is None else max(0, now_ms - arrivals[-1]),
            suspicion=None
            if arrivals is None or node.phase not in _JUDGED
            else self._judge.suspicion(arrivals, now_ms, self._interval_ms(node)),
            failures=node.failures,
            reason=node.reason,
        )


def _join(uid: str, turn: Turn) -> None:
    """Let a node join, unless it has by now: a second time would be a new start, which moves its pods."""
    node = turn.cluster.nodes.get(uid)
    if node is not None and node.phase is NodePhase.PROVISIONING:
        turn.tell(s.NodeJoined, uid=uid)


def _nobody_notes(_event: str, _node_name: str, _at_ms: int) -> None:
    return None
