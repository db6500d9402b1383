"""When a node that has failed is restarted by its backend: at once, then again after growing pauses."""

from __future__ import annotations

from functools import partial
from zlib import crc32

from attrs import define, field

from kube9.core import events, nodelife
from kube9.core.ledger import Ledger
from kube9.core.nodes import Node, NodePhase
from kube9.core.outcome import RestartNode
from kube9.core.settings import Settings
from kube9.core.timers import Timers

__all__ = ["Recoveries"]


@define(eq=False, kw_only=True)
class Recoveries:
    """Begins recovery attempts, and goes on after the control plane was away with those that it had begun."""

    ledger: Ledger
    timers: Timers
    settings: Settings
    #: By uid, nodes as they were when the control plane came back; of whoever was to recover them nothing was heard.
    _interrupted: dict[str, Node] = field(factory=dict, init=False)

    def begin(self, planned: Node) -> None:
        """Begin the next recovery attempt, unless much has happened since ``planned`` was how things stood."""
        node = self.ledger.nodes.get(planned.uid)
        if node is None or _stage(node) != _stage(planned) or (recovering := nodelife.recovering(node)) is None:
            return
        self.ledger.put_node(recovering)
        self.ledger.tell(events.NodeRecovering, node=recovering)
        self.ledger.instructions.append(RestartNode(recovering))

    def begin_later(self, failed: Node) -> None:
        """Begin the next attempt after a pause, the last one having failed."""
        self.timers.set(self.ledger.now_ms + self._pause_ms(failed), partial(self.begin, failed))

    def take_up(self, node: Node) -> None:
        """Go on with ``node`` after the control plane was away, unless it is heard first.

        Not before its lease is over: its pods may run on there, and an agent that could not reach the server may be
        back any moment.
        """
        if node.phase in (NodePhase.FAILED, NodePhase.RECOVERING) and not node.deleting:
            self._interrupted[node.uid] = node
            pause_ms = max(node.lease_left_ms, self._pause_ms(node))
            self.timers.set(self.ledger.now_ms + pause_ms, partial(self.go_on, node.uid))

    def go_on(self, uid: str) -> None:
        """Go on now with a node that waits for that; an attempt that was under way is made again, and counts once."""
        before, node = self._interrupted.pop(uid, None), self.ledger.nodes.get(uid)
        if before is None or node is None or _stage(node) != _stage(before) or node.deleting:
            return
        if node.phase is NodePhase.RECOVERING:
            self.ledger.instructions.append(RestartNode(node))
        else:
            self.begin(node)

    def _pause_ms(self, node: Node) -> int:
        return _spread(self.settings.recovery_backoff_ms << max(0, node.recovery_attempts - 1), node)


def _stage(node: Node) -> tuple[object, ...]:
    """Another value as soon as anything was done or heard that makes a plan for ``node`` void."""
    return node.ordinal, node.phase, node.failures, node.recovery_attempts


def _spread(pause_ms: int, node: Node) -> int:
    """``pause_ms`` and up to a quarter more, unlike for each node, so that those that failed together do not come back
    in step; the same each time, as all that the cluster does.
    """
    return pause_ms + pause_ms * (crc32(f"{node.uid}/{node.recovery_attempts}".encode()) % 256) // 1024
