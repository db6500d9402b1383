"""What becomes of a node when somebody asks for something, judges it, or its backend reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attrs import evolve

from kube9.core import events, nodelife, podlife
from kube9.core import stimuli as s
from kube9.core.errors import Conflict, DuplicateName
from kube9.core.ledger import Ledger
from kube9.core.moves import Moves
from kube9.core.nodes import Node, NodePhase
from kube9.core.outcome import CreateNode, DestroyNode, InspectNode, StopPod
from kube9.core.placing import Placing
from kube9.core.podturns import PodTurns
from kube9.core.recoveries import Recoveries
from kube9.core.settings import Settings
from kube9.core.timers import Timers

__all__ = ["NodeTurns"]


class NodeTurns:
    """Handles every stimulus about a node."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        placing: Placing,
        pod_turns: PodTurns,
        moves: Moves,
        recoveries: Recoveries,
        timers: Timers,
        settings: Settings,
    ) -> None:
        self._ledger, self._placing, self._pod_turns, self._moves = ledger, placing, pod_turns, moves
        self._recoveries, self._timers, self._settings = recoveries, timers, settings
        self.handlers: Mapping[type[s.Stimulus], Callable[[Any], None]] = {
            s.AddNode: self._add,
            s.CreateNodeFailed: self._not_created,
            s.DeleteNode: self._delete,
            s.DestroyNodeDone: self._destroyed,
            s.FailNode: self._fail,
            s.ForgetNode: self._forget,
            s.GiveUpNode: self._give_up,
            s.Heartbeat: self._trust,
            s.HoldMoves: lambda stimulus: moves.hold(stimulus.reason),
            s.LookAfterNode: self._look_after,
            s.NodeAbsent: self._absent,
            s.NodeFenced: self._fenced,
            s.NodeJoined: self._joined,
            s.NodeReported: self._reported,
            s.RenewTicket: self._renew_ticket,
            s.RestartNodeFailed: self._not_restarted,
            s.SuspectNode: self._suspect,
            s.NodeDescribed: self._described,
            s.NodeDied: self._died,
            s.TrustNode: self._trust,
        }

    # Requests.

    def _add(self, stimulus: s.AddNode) -> None:
        ledger, spec = self._ledger, stimulus.spec
        if spec.name in ledger.node_uids:
            raise DuplicateName(f"there is a node {spec.name!r} already")
        if stimulus.uid in ledger.nodes:
            raise DuplicateName(f"there is a node with uid {stimulus.uid!r} already")
        node = Node(
            uid=stimulus.uid,
            spec=spec,
            ordinal=ledger.next_ordinal(),
            created_at_ms=ledger.now_ms,
            token_digest=stimulus.token_digest,
        )
        ledger.add_node(node)
        ledger.tell(events.NodeAdded, node=node)
        ledger.instructions.append(CreateNode(node))

    def _renew_ticket(self, stimulus: s.RenewTicket) -> None:
        node = self._ledger.asked_node(stimulus.uid)
        self._ledger.put_node(evolve(node, token_digest=stimulus.token_digest))

    def _delete(self, stimulus: s.DeleteNode) -> None:
        node = nodelife.deleting(self._ledger.asked_node(stimulus.uid))
        self._ledger.put_node(node)
        self._ledger.instructions.append(DestroyNode(node))

    def _forget(self, stimulus: s.ForgetNode) -> None:
        node = self._ledger.asked_node(stimulus.uid)
        if not nodelife.may_be_forgotten(node):
            raise Conflict(
                f"node {node.name!r} is {node.phase.value} and may run pods; only a node that is down and whose lease "
                "is over can be struck out by force, any other is deleted"
            )
        self._remove(node)

    # Judgements, and what backends report.

    def _look_after(self, stimulus: s.LookAfterNode) -> None:
        node = self._ledger.known_node(stimulus)
        if node is not None and not node.deleting:
            self._ledger.instructions.append(InspectNode(node))

    def _described(self, stimulus: s.NodeDescribed) -> None:
        node = self._ledger.known_node(stimulus)
        if node is None or node.phase is not NodePhase.PROVISIONING or self._ledger.pods_on(node):
            return
        spec = node.spec.filled_up(stimulus.capacity, stimulus.labels)
        if spec != node.spec:
            described = evolve(node, spec=spec)
            self._ledger.table.rewrite(described)
            self._ledger.put_node(described)

    def _joined(self, stimulus: s.NodeJoined) -> None:
        node = self._ledger.known_node(stimulus)
        if node is None:
            return
        if stimulus.incarnation and stimulus.incarnation == node.incarnation and not node.deleting:
            self._ledger.stale(stimulus)
            return
        self._come_up(node, stimulus.incarnation, f"node {node.name} started anew")

    def _come_up(self, node: Node, incarnation: str, reason: str | None) -> None:
        """``node`` is up; with a ``reason`` it is empty, and what was bound to it moves for that."""
        joined = nodelife.joined(node, self._settings.flaps_max, incarnation)
        if joined is None:
            return
        self._moves.forget(node)
        if reason is not None:
            self._placing.evict_all(node, reason)
        self._become(joined, events.NodeReady)
        if joined.tried_last:
            self.let_settle(joined)
        if reason is not None:
            self._end_wait(joined)

    def let_settle(self, node: Node) -> None:
        """Try ``node`` last for a while."""
        settings = self._settings
        pause_ms = settings.tried_last_ms << min(node.streak - settings.flaps_max - 1, 20)
        due_ms = self._ledger.now_ms + min(pause_ms, settings.tried_last_ms_max)
        self._timers.set(due_ms, partial(self._settle, node.uid, node.failures))

    def _settle(self, uid: str, failures: int) -> None:
        node = self._ledger.nodes.get(uid)
        if node is not None and node.failures == failures:
            self._become(nodelife.settled(node), None)

    def _not_created(self, stimulus: s.CreateNodeFailed) -> None:
        if (node := self._ledger.known_node(stimulus)) is not None:
            self._become(nodelife.not_created(node, stimulus.reason), events.NodeLost)

    def _suspect(self, stimulus: s.SuspectNode) -> None:
        if (node := self._ledger.known_node(stimulus)) is not None:
            self._become(nodelife.suspected(node, stimulus.reason), events.NodeSuspected)

    def _trust(self, stimulus: s.TrustNode | s.Heartbeat) -> None:
        if (node := self._ledger.known_node(stimulus)) is not None:
            self._become(nodelife.trusted(node), events.NodeReady)

    def _fail(self, stimulus: s.FailNode) -> None:
        node = self._ledger.known_node(stimulus)
        if node is None:
            return
        failed = nodelife.failed(
            node,
            stimulus.reason,
            lease_left_ms=stimulus.lease_left_ms,
            at_ms=self._ledger.now_ms,
            settled_after_ms=self._settings.node_settled_after_ms,
        )
        if failed is None:
            return
        self._become(failed, events.NodeFailed)
        self._recoveries.begin(failed)
        because = f": {stimulus.reason}" if stimulus.reason else ""
        self._moves.after_lease(self._ledger.nodes[node.uid], f"node {node.name} failed{because}")

    def _died(self, stimulus: s.NodeDied) -> None:
        node = self._ledger.known_node(stimulus)
        if node is None or stimulus.incarnation not in ("", node.incarnation):
            return
        if node.down:
            self._fenced(s.NodeFenced(at_ms=stimulus.at_ms, uid=node.uid, incarnation=stimulus.incarnation))
            self._recoveries.go_on(node.uid)
        else:
            self._fail(s.FailNode(at_ms=stimulus.at_ms, uid=node.uid, reason=stimulus.reason))
        self._end_wait(self._ledger.nodes[node.uid])

    def _fenced(self, stimulus: s.NodeFenced) -> None:
        node = self._ledger.known_node(stimulus)
        if node is not None and node.down and stimulus.incarnation in ("", node.incarnation):
            self._become(nodelife.lease_over(node), events.NodeFenced)
            self._moves.now(node, f"node {node.name} was fenced")

    def _not_restarted(self, stimulus: s.RestartNodeFailed) -> None:
        if (node := self._ledger.known_node(stimulus)) is None:
            return
        after = nodelife.not_recovered(node, stimulus.reason, self._settings.recovery_attempts)
        self._become(after, events.NodeLost if after is not None and after.phase is NodePhase.LOST else None)
        if after is not None and after.phase is NodePhase.FAILED:
            self._recoveries.begin_later(after)

    def _give_up(self, stimulus: s.GiveUpNode) -> None:
        node = self._ledger.known_node(stimulus)
        if node is None or (lost := nodelife.given_up(node, stimulus.reason)) is None:
            return
        self._become(lost, events.NodeLost)
        self._moves.now(node, f"node {node.name} was given up")

    def _destroyed(self, stimulus: s.DestroyNodeDone) -> None:
        if (node := self._ledger.known_node(stimulus)) is not None:
            self._remove(node)

    def _remove(self, node: Node) -> None:
        self._moves.forget(node)
        self._placing.evict_all(node, f"node {node.name} was deleted")
        self._ledger.remove_node(node)
        self._ledger.tell(events.NodeDeleted, node=node)

    # After the control plane was away.

    def _reported(self, stimulus: s.NodeReported) -> None:
        node = self._ledger.known_node(stimulus)
        if node is None or node.deleting:
            return
        if node.down:
            self._come_up(node, "", None)
        node = self._ledger.nodes[node.uid]
        copies = {(report.pod_uid, report.epoch): report for report in stimulus.pods}
        for pod in self._ledger.pods_on(node):
            self._pod_turns.adopt(pod, copies.pop((pod.uid, pod.epoch), None))
        for report in copies.values():
            if not report.phase.finished:
                self._ledger.instructions.append(StopPod(node, podlife.remnant(report, node.uid), 0))
        self._end_wait(node)

    def _absent(self, stimulus: s.NodeAbsent) -> None:
        node = self._ledger.known_node(stimulus)
        if node is None or node.deleting or stimulus.incarnation not in ("", node.incarnation):
            return
        if (anew := nodelife.absent(node)) is None:
            return
        self._moves.forget(node)
        self._become(anew, events.NodeRecovering)
        self._ledger.instructions.append(CreateNode(anew))
        self._moves.now(anew, f"node {node.name} was not up when it was looked for")
        self._end_wait(anew)

    def _end_wait(self, node: Node) -> None:
        """It is known what ``node`` runs, and it may take more."""
        table = self._ledger.table
        if node.uid not in table.awaited:
            return
        table.awaited.remove(node.uid)
        table.update(node)
        if node.schedulable:
            self._placing.wake(table.row_of[node.uid])
        if not table.awaited:
            self._placing.reconsider()

    def _become(self, node: Node | None, event: type[events.NodeEvent] | None) -> None:
        """Let a node take its next value, tell of it, and wake whom it could help; ``None`` is no change."""
        if node is None:
            return
        self._ledger.put_node(node)
        if event is not None:
            self._ledger.tell(event, node=node)
        if node.schedulable:
            self._placing.wake(self._ledger.table.row_of[node.uid])
