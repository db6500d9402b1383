"""Who was heard when, and what to make of silence: the same judgement for a server and for a simulation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator

from attrs import field, frozen

from kube9.core import stimuli as s
from kube9.core.nodes import Node, NodePhase
from kube9.core.ports import HealthCheck, HeartbeatHistory
from kube9.core.validation import positive

__all__ = [
    "ARRIVALS_KEPT",
    "HEARTBEAT_MS",
    "LEASE_MS",
    "NodeWatch",
    "WatchSettings",
    "beat_interval_ms",
    "usual_watch",
    "with_drift",
]

#: How many beats of a node are remembered.
ARRIVALS_KEPT = 32
#: How often nodes beat where nobody says otherwise.
HEARTBEAT_MS = 1_000
#: For how long a node may run pods after a beat, unless somebody says otherwise. A server that is away for less is not
#: missed, and pods of a node that is cut off wait for as long.
LEASE_MS = 30_000
_JUDGED = (NodePhase.READY, NodePhase.SUSPECT)
#: Not heard, and not given up.
_MISSED = (NodePhase.FAILED, NodePhase.RECOVERING)
#: Of so few nodes all may well be dead.
_HOLD_NODES_MIN = 2


@frozen(kw_only=True)
class WatchSettings:
    """How a cluster listens to its nodes. Times are in milliseconds."""

    #: How often a node is asked to beat.
    interval_ms: int = field(default=HEARTBEAT_MS, validator=positive)
    #: How many beats a second all nodes together may send; with more nodes each beats more seldom.
    beats_per_s: int = field(default=1_000, validator=positive)
    #: For how long a node may run pods after it sent the last beat that was answered, in intervals.
    lease_intervals: int = field(default=9, validator=positive)
    #: The same in milliseconds where that is longer.
    lease_ms_min: int = field(default=1, validator=positive)
    #: From what share of dead nodes on the fault is taken to be the listener's; Kubernetes has the same number.
    hold_share: float = 0.55
    #: How often nodes are looked for that are silent while moves are held, in intervals.
    look_intervals: int = field(default=10, validator=positive)

    def interval_for(self, nodes: int) -> int:
        """How often each of so many nodes is to beat."""
        return max(self.interval_ms, -(-1000 * nodes // self.beats_per_s))

    def lease_for(self, nodes: int) -> int:
        """The lease that a beat renews where there are so many nodes."""
        return max(self.lease_ms_min, self.lease_intervals * self.interval_for(nodes))


class NodeWatch:
    """Remembers when each node was heard, and says what follows from silence. It has no clock: all times are given.

    A lease is counted by its node from the moment it sent a beat, and here from the moment that beat came, which is
    later: no two clocks are compared, and only their speeds must be alike, within one part in fifty.

    :param settings: how the cluster listens.
    :param interval_of: how often a node beats by itself, for backends that decide that; 0 where the settings do.
    """

    def __init__(
        self,
        check: HealthCheck,
        settings: WatchSettings | None = None,
        *,
        interval_of: Callable[[Node], int] = lambda _: 0,
    ) -> None:
        self.check, self.settings = check, settings or WatchSettings()
        self._interval_of = interval_of
        self._arrivals: dict[str, deque[int]] = {}
        #: When each node's lease is over at the latest. It may have got a longer one than a beat would renew now.
        self._ends_ms: dict[str, int] = {}
        #: The latest time of grace: from when, and until when.
        self._grace_from_ms = self._judge_from_ms = 0
        self._looked_ms: dict[str, int] = {}
        #: Why nothing is judged to have failed; empty where things are judged.
        self.held = ""
        #: Nodes that were silent meanwhile.
        self._doubted: set[str] = set()
        self._nodes = 1

    @property
    def interval_ms(self) -> int:
        """How often nodes are to beat, as many as there are now."""
        return self.settings.interval_for(self._nodes)

    @property
    def lease_ms(self) -> int:
        """For how long a node may run pods after it sent a beat that is answered now."""
        return self.settings.lease_for(self._nodes)

    # Listening.

    def heard(self, uid: str, at_ms: int) -> None:
        """A beat of a node came."""
        arrivals = self._arrivals.get(uid)
        if arrivals is None:
            arrivals = self._arrivals[uid] = deque(maxlen=ARRIVALS_KEPT)
        arrivals.append(at_ms)
        self._lengthen(uid, at_ms)

    def begin(self, uid: str, at_ms: int) -> None:
        """Count a node's silence from now on."""
        self._arrivals[uid] = deque((at_ms,), maxlen=ARRIVALS_KEPT)
        self._lengthen(uid, at_ms)

    def may_have(self, uid: str, at_ms: int, lease_ms: int) -> None:
        """A node may have got a lease as long as this from another listener, as late as now."""
        self._ends_ms[uid] = max(self._ends_ms.get(uid, 0), at_ms + with_drift(lease_ms))

    def forget(self, uid: str) -> None:
        """The node is gone."""
        self._arrivals.pop(uid, None)
        self._ends_ms.pop(uid, None)
        self._looked_ms.pop(uid, None)
        self._doubted.discard(uid)

    def knows(self, uid: str) -> bool:
        return uid in self._arrivals

    def last_heard_ms(self, uid: str) -> int | None:
        """When a node was heard last; ``None`` if never."""
        arrivals = self._arrivals.get(uid)
        return None if arrivals is None else arrivals[-1]

    def give_grace(self, nodes: Collection[Node], at_ms: int) -> None:
        """The listener was away: every node gets the time of some beats to be heard again.

        :param nodes: all there are; how often they beat goes by their number.
        """
        self._nodes = max(1, len(nodes))
        self._grace_from_ms = at_ms
        self._judge_from_ms = at_ms + (self.settings.lease_intervals + 1) * self.interval_ms
        for node in nodes:
            if node.phase in _JUDGED and node.uid in self._arrivals:
                self.begin(node.uid, at_ms)

    # Judging.

    def judge(self, nodes: Collection[Node], at_ms: int) -> Iterator[s.Stimulus]:
        """What the cluster should be told now."""
        self._nodes = max(1, len(nodes))
        if at_ms < self._judge_from_ms:
            # What was held before the listener was away is held on.
            yield from self._hold(nodes, [node for node in nodes if self._is_still_suspect(node)], at_ms)
            return
        silent = [node for node in nodes if self._is_silent(node, at_ms)]
        suspect_at = self.check.suspect_at
        suspected = [node for node in silent if (self.suspicion(node, at_ms) or 0.0) >= suspect_at]
        yield from self._hold(nodes, suspected, at_ms)
        for node in silent:
            verdict = self.verdict(node, at_ms)
            if verdict is not None:
                yield verdict

    def verdict(self, node: Node, at_ms: int) -> s.Stimulus | None:
        """What follows from the silence of one node; ``None`` for nothing new."""
        suspicion = self.suspicion(node, at_ms)
        if suspicion is None or at_ms < self._judge_from_ms:
            return None
        reason = f"not heard for {at_ms - self._arrivals[node.uid][-1]} ms"
        if suspicion >= self.check.fail_at and not self.held:
            left_ms = self.lease_left_ms(node.uid, at_ms)
            return s.FailNode(at_ms=at_ms, uid=node.uid, reason=reason, lease_left_ms=left_ms)
        if suspicion >= self.check.suspect_at and node.phase is NodePhase.READY:
            return s.SuspectNode(at_ms=at_ms, uid=node.uid, reason=reason)
        return None

    def suspicion(self, node: Node, at_ms: int) -> float | None:
        """What the health check says of a node; ``None`` for one that is not judged."""
        arrivals = self._arrivals.get(node.uid)
        if arrivals is None or node.phase not in _JUDGED:
            return None
        return self.check.suspicion(self._history(node, arrivals), at_ms)

    def lease_left_ms(self, uid: str, at_ms: int) -> int:
        """For how long pods may still run on a node that is not heard any more; 0 where surely none do."""
        self._lengthen(uid, self._arrivals[uid][-1])
        return max(0, self._ends_ms[uid] - at_ms)

    def _lengthen(self, uid: str, heard_ms: int) -> None:
        """What was heard then may have renewed the lease. It never ends earlier for that."""
        self.may_have(uid, heard_ms, self.lease_ms)

    def _hold(self, nodes: Collection[Node], suspected: Collection[Node], at_ms: int) -> Iterator[s.Stimulus]:
        """Suspect oneself where most nodes look dead at once; look for them by another way meanwhile."""
        missed = [node for node in nodes if self._is_missed(node)]
        counted = len(missed) + sum(node.phase in _JUDGED for node in nodes)
        dead = len(suspected) + len(missed)
        most = counted >= _HOLD_NODES_MIN and dead > self.settings.hold_share * counted
        # Once begun it lasts until enough of them are back, or are deleted by somebody who knows that they are gone.
        holds = most and bool(suspected or self.held)
        if holds != bool(self.held):
            self.held = f"{dead} of {counted} nodes are not heard; the fault may be here" if holds else ""
            yield s.HoldMoves(at_ms=at_ms, reason=self.held)
        if not holds:
            self._looked_ms.clear()
            self._doubted.clear()
            return
        self._doubted.update(node.uid for node in (*suspected, *missed))
        pause_ms = self.settings.look_intervals * self.interval_ms
        for node in suspected:
            if at_ms - self._looked_ms.get(node.uid, -pause_ms) >= pause_ms:
                self._looked_ms[node.uid] = at_ms
                yield s.LookAfterNode(at_ms=at_ms, uid=node.uid)

    def _is_missed(self, node: Node) -> bool:
        """Whether a node is not heard that was heard before, and nobody who hears well has given it up."""
        return node.phase in _MISSED or node.remade or (node.phase is NodePhase.LOST and node.uid in self._doubted)

    def _is_silent(self, node: Node, at_ms: int) -> bool:
        """Whether it is worth asking about a node: of many nodes nearly all were heard just now."""
        arrivals = self._arrivals.get(node.uid)
        return arrivals is not None and node.phase in _JUDGED and at_ms - arrivals[-1] > self._interval(node)

    def _is_still_suspect(self, node: Node) -> bool:
        """Whether a node was suspected before the time of grace, and not heard in it."""
        arrivals = self._arrivals.get(node.uid)
        return arrivals is not None and node.phase is NodePhase.SUSPECT and arrivals[-1] <= self._grace_from_ms

    def _history(self, node: Node, arrivals: deque[int]) -> HeartbeatHistory:
        return HeartbeatHistory(arrivals_ms=tuple(arrivals), interval_ms=self._interval(node))

    def _interval(self, node: Node) -> int:
        return self._interval_of(node) or self.interval_ms


def with_drift(lease_ms: int) -> int:
    """A lease as it may seem to a clock that goes faster than the node's."""
    return lease_ms + lease_ms // 50 + 1


def beat_interval_ms(check: HealthCheck, otherwise_ms: int = HEARTBEAT_MS) -> int:
    """How often nodes are to beat: as a check says by its attribute ``interval_ms``, if it does."""
    return int(getattr(check, "interval_ms", otherwise_ms))


def usual_watch(check: HealthCheck) -> NodeWatch:
    """As a server has it that is told nothing else."""
    return NodeWatch(check, WatchSettings(interval_ms=beat_interval_ms(check), lease_ms_min=LEASE_MS))
