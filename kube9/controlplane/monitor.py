"""Listens to nodes, and judges those that fall silent."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from secrets import token_urlsafe

from attrs import evolve

from kube9.agent.brain import Answer, Beat
from kube9.controlplane.answers import HeartbeatAnswer, NodeHealth
from kube9.controlplane.backends import Backends
from kube9.controlplane.inbox import Inbox
from kube9.controlplane.leasebook import LeaseBook
from kube9.controlplane.steadycheck import SteadyCheck
from kube9.controlplane.turn import Turn
from kube9.controlplane.usage import Usage
from kube9.controlplane.view import View
from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.errors import StoreUnavailable
from kube9.core.nodes import Node, NodePhase
from kube9.core.ports import Clock, HealthCheck
from kube9.core.reception import Reception, report_of
from kube9.core.watch import NodeWatch, WatchSettings
from kube9.heartbeats.beatfile import BEAT, DOWN, GONE, UP
from kube9.heartbeats.leases import fail_after_ms

__all__ = ["Monitor"]

_log = logging.getLogger(__name__)

_JUDGED = (NodePhase.READY, NodePhase.SUSPECT)
#: Nodes that were started together beat in step for ever, unless each is told another time.
_SPREAD = (0.9, 1.0)


class Monitor:
    """Has the watch note when each node was heard, in memory only, and has the cluster told what follows from silence.

    A node is judged once it was heard, or from its joining on where its backend says that its nodes beat. After the
    control plane was away, or this process stood still, every node first gets the time of ten beats to be heard again:
    the silence may have been on the listener's side.

    Any thread may say that a node was heard. Everything else of the watch, and all of the reception, is done on the
    loop's thread: only there can a beat be answered with a lease before which no pod of the node has moved.

    :param heartbeat_ms: how often nodes are to beat, as long as there are few of them.
    :param lease_ms: for how long at least a node may run pods after a beat that was answered.
    :param note_lease: makes durable how long a lease a node may have, before any has it.
    :param usage: gets what nodes measured.
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
        lease_ms: int = 1,
        note_lease: Callable[[int], None] | None = None,
        note: Callable[[str, str, int], None] | None = None,
        usage: Usage | None = None,
    ) -> None:
        self._note = note or _nobody_notes
        self._usage = usage or Usage()
        self._leases = LeaseBook(note_lease or _nobody_needs)
        self._backends, self._view = backends, view
        self._inbox, self._clock = inbox, clock
        settings = WatchSettings(interval_ms=heartbeat_ms, lease_ms_min=lease_ms)
        check = SteadyCheck(check, heartbeat_ms)
        self._watch = NodeWatch(check, settings, interval_of=self._interval_of_backend)
        self._reception = Reception(self._watch, partial(token_urlsafe, 16))
        #: Longer than this nobody was judged only because this process stood still, or its store was away.
        self._still_ms = fail_after_ms(check, heartbeat_ms) // 2
        self._judged_ms = 0
        #: Nodes that were judged dead: what is left of their leases is counted, and no beat may make it more.
        self._failed: set[str] = set()
        self._asked = self._closed = False
        self.beats = 0

    def start(self, earlier_lease_ms: int = 0) -> None:
        """Listen from now on, and judge after the time of grace.

        :param earlier_lease_ms: the longest lease that a node may have from a server before this one.
        :raises StoreError: it cannot be noted how long leases are.
        """
        now_ms = self._judged_ms = self._clock.now_ms()
        nodes = self._view.nodes()
        for node in nodes:
            if node.phase in _JUDGED and self._beats(node):
                self._watch.begin(node.uid, now_ms)
                self._watch.may_have(node.uid, now_ms, earlier_lease_ms)
        self._watch.give_grace(nodes, now_ms)
        self._leases.open(earlier_lease_ms, self._watch.lease_ms)
        self._clock.call_at(now_ms, self._sweep)

    def close(self) -> None:
        """Judge nobody any more."""
        self._closed = True

    @property
    def held(self) -> str:
        """Why pods of nodes that are down stay where they are; empty where they move."""
        return self._watch.held

    # Listening.

    def beat(self, uid: str) -> Node | None:
        """A node was heard; returns it as it is. The store hears nothing of it, the cluster only if that matters."""
        self.beats += 1
        node = self._view.node_by_uid(uid)
        if node is None:
            return None
        now_ms = self._clock.now_ms()
        self._watch.heard(uid, now_ms)
        if node.phase in _JUDGED:
            self._note(BEAT, node.name, now_ms)
        if node.phase is NodePhase.SUSPECT:
            self._inbox.put(s.Heartbeat(at_ms=now_ms, uid=uid))
        return node

    def introduce(self, uid: str) -> HeartbeatAnswer:
        """A node was heard by a call of its own: one that was being made has joined by that."""
        node = self.beat(uid)
        if node is not None and node.phase is NodePhase.PROVISIONING:
            self._inbox.put(partial(_join, uid))
        # It was noted first that it was heard: either that counts, or it is among those that failed by now.
        lease_ms = 0 if node is None or node.down or uid in self._failed else self._watch.lease_ms
        return HeartbeatAnswer(interval_ms=self._next_interval_ms(), lease_ms=lease_ms)

    def take(self, uid: str, beat: Beat, turn: Turn) -> Answer:
        """A node's agent tells what runs there. On the loop's thread.

        :raises StoreUnavailable: the cluster would have to be told. A node that has no news gets its lease all the
            same, or all pods would end with the database.
        """
        self.beats += 1
        reports = tuple(map(report_of, beat.pods))
        welcome = self._reception.take(turn.cluster, uid, beat, reports, turn.clock_ms)
        node = turn.cluster.nodes.get(uid)
        if welcome.lease_ms and node is not None and node.phase in _JUDGED:
            self._note(BEAT, node.name, turn.clock_ms)
        if welcome.lease_ms and (beat.use or self._usage.of_node(uid) is not None):
            self._usage.note(uid, beat.use)
        if welcome.silent:
            return Answer(beat.sequence, beat.token, 0, self._next_interval_ms(), boot=beat.boot)
        if welcome.stimulus is not None:
            if turn.outage:
                raise StoreUnavailable(turn.outage)
            turn.handle(welcome.stimulus)
        return Answer(beat.sequence, welcome.token, welcome.lease_ms, self._next_interval_ms(), welcome.gone, beat.boot)

    def hear(self, events: Iterable[e.Event]) -> None:
        """Begin with the nodes that came up, and forget those that are gone. On the loop's thread.

        The same may be heard twice, and changes nothing then.
        """
        for event in events:
            if isinstance(event, e.NodeReady):
                failed = event.node.uid in self._failed
                self._failed.discard(event.node.uid)
                if not self._begin(event.node) and failed:
                    self._note(UP, event.node.name, self._clock.now_ms())
            elif isinstance(event, e.NodeFailed):
                self._failed.add(event.node.uid)
            elif isinstance(event, e.NodeDeleted):
                self._forget(event.node)

    def _begin(self, node: Node) -> bool:
        """Count a node's silence from now on, if it is known to beat and was not heard just now; whether it was so."""
        now_ms = self._clock.now_ms()
        heard_ms = self._watch.last_heard_ms(node.uid)
        if self._beats(node) and (heard_ms is None or now_ms - heard_ms > self._interval_ms(node)):
            self._watch.begin(node.uid, now_ms)
            self._note(UP, node.name, now_ms)
            return True
        return False

    def broke(self, node: Node) -> None:
        """A node was broken on purpose, which nobody but a recording is told."""
        self._note(DOWN, node.name, self._clock.now_ms())

    def _forget(self, node: Node) -> None:
        uid = node.uid
        if self._watch.knows(uid):
            self._note(GONE, node.name, self._clock.now_ms())
        self._watch.forget(uid)
        self._reception.forget(uid)
        self._failed.discard(uid)

    def _beats(self, node: Node) -> bool:
        """Whether silence says anything of a node: it was heard before, if only by a server before this one."""
        return bool(self._watch.knows(node.uid) or node.incarnation or self._interval_of_backend(node))

    # Judging.

    @property
    def _pause_ms(self) -> int:
        return max(1, self._watch.interval_ms // 2)

    def _sweep(self) -> None:
        if self._closed:
            return
        if not self._asked:
            self._asked = True
            self._inbox.put(self._judge)
        # At a distance from the end rather than the beginning: a sweep that takes long must not leave no time.
        self._clock.call_at(self._clock.now_ms() + self._pause_ms, self._sweep)

    def _judge(self, turn: Turn) -> None:
        """Judge all nodes on the loop's thread, where their phases are the present ones.

        As of the turn's beginning: every beat that the turn took up was sent before, and what is left of a lease is
        counted from there on.
        """
        self._asked = False
        # A node that came up in this very turn was last heard before it went down.
        self.hear(turn.events)
        now_ms, nodes = turn.clock_ms, list(turn.cluster.nodes.values())
        self._leases.settle(self._watch.settings.lease_for(len(nodes)), now_ms)
        unseen_ms, self._judged_ms = now_ms - self._judged_ms, now_ms
        if unseen_ms > self._pause_ms + self._still_ms:
            _log.warning("%d ms went by unseen; nodes get time to be heard again", unseen_ms)
            self._watch.give_grace(nodes, now_ms)
        if not self._closed:
            self._tell(list(self._watch.judge(nodes, now_ms)), turn)

    def _tell(self, verdicts: Sequence[s.Stimulus], turn: Turn) -> None:
        looked_after = {verdict.uid for verdict in verdicts if isinstance(verdict, s.LookAfterNode)}
        for verdict in verdicts:
            if isinstance(verdict, s.FailNode):
                # From here on no beat is answered with a lease, so what is left now is all that will ever be.
                self._failed.add(verdict.uid)
                left_ms = self._watch.lease_left_ms(verdict.uid, verdict.at_ms)
                turn.handle(evolve(verdict, lease_left_ms=left_ms))
                continue
            turn.handle(verdict)
            if isinstance(verdict, s.SuspectNode) and verdict.uid not in looked_after:
                self._look_after(verdict.uid, turn)

    def _look_after(self, uid: str, turn: Turn) -> None:
        """An agent that has died may be back before its node has failed, and pods that outlived it need not move."""
        if self._backends.is_by_agent(turn.cluster.nodes[uid].spec.backend):
            turn.tell(s.LookAfterNode, uid=uid)

    def _interval_of_backend(self, node: Node) -> int:
        return self._backends.heartbeat_ms(node.spec.backend)

    def _interval_ms(self, node: Node) -> int:
        return self._interval_of_backend(node) or self._watch.interval_ms

    def _next_interval_ms(self) -> int:
        return max(1, int(self._watch.interval_ms * random.uniform(*_SPREAD)))

    # Telling.

    def health(self) -> tuple[NodeHealth, ...]:
        """Every node in join order, and how long it has been silent."""
        now_ms = self._clock.now_ms()
        return tuple(self._health(node, now_ms) for node in self._view.nodes())

    def _health(self, node: Node, now_ms: int) -> NodeHealth:
        heard_ms = self._watch.last_heard_ms(node.uid)
        return NodeHealth(
            name=node.name,
            uid=node.uid,
            phase=node.phase.value,
            last_heard_ms_ago=None if heard_ms is None else max(0, now_ms - heard_ms),
            suspicion=self._watch.suspicion(node, now_ms),
            failures=node.failures,
            reason=node.reason,
        )


def _join(uid: str, turn: Turn) -> None:
    """Let a node join, unless it has by now: a second time would be a new start, which moves its pods."""
    node = turn.cluster.nodes.get(uid)
    if node is not None and node.phase is NodePhase.PROVISIONING:
        turn.tell(s.NodeJoined, uid=uid)


def _nobody_needs(_lease_ms: int) -> None:
    return None


def _nobody_notes(_event: str, _node_name: str, _at_ms: int) -> None:
    return None
