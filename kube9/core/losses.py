"""How many nodes a cluster can lose before some pod fits nowhere."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Mapping
from contextlib import suppress

import numpy as np
from attrs import define, field, frozen

from kube9.core.errors import PluginError
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.core.ports import FloatArray
from kube9.core.twin import Twin

__all__ = ["Loss", "Losses", "losses"]


@frozen
class Loss:
    """A node that cannot be lost without some of its pods having to wait."""

    node_name: str
    #: Those that would wait, in the order in which they were tried.
    pods: tuple[Pod, ...]
    #: Why the first of them would.
    reason: str


@frozen(kw_only=True)
class Losses:
    """What becomes of pods when nodes are lost. Whoever waits already is not counted."""

    #: How many nodes there are to lose: those that take pods or have some.
    nodes: int
    #: The nodes each of which, lost alone, leaves pods waiting; in join order.
    alone: tuple[Loss, ...]
    #: How many can be lost one after the other, always the fullest that is left, until a pod fits nowhere.
    in_a_row: int
    #: The one after these; ``None`` if there is none.
    then: Loss | None


def losses(twin: Twin) -> Generator[None, None, Losses]:
    """Find it out; ``twin`` is of no use afterwards."""
    trial = _Trial(twin)
    nodes = trial.nodes()
    alone: list[Loss] = []
    for node in nodes:
        loss = yield from trial.lose(node)
        if loss is not None:
            alone.append(loss)
        trial.take_back(node)
    in_a_row, then = 0, None
    left = {node.uid: node for node in nodes}
    while left and then is None:
        then = yield from trial.lose(left.pop(trial.fullest(left)))
        in_a_row += then is None
    return Losses(nodes=len(nodes), alone=tuple(alone), in_a_row=in_a_row, then=then)


@define
class _Trial:
    """Loses nodes on the table of a twin alone: who is where is kept here, for that is all there is to take back."""

    twin: Twin
    #: By uid of their node, the pods that would have to move; those being deleted would be gone with it.
    on: dict[str, list[Pod]] = field(init=False)
    #: Bound elsewhere by the last loss.
    moved: list[Pod] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        ledger = self.twin.ledger
        self.on = {
            uid: [pod for pod in map(ledger.pods.__getitem__, uids) if not pod.deleting]
            for uid, uids in ledger.bound.items()
        }

    def nodes(self) -> list[Node]:
        ledger = self.twin.ledger
        schedulable = ledger.table.schedulable.tolist()
        return [
            node for node, takes in zip(ledger.nodes.values(), schedulable, strict=True) if takes or self.on[node.uid]
        ]

    def lose(self, node: Node) -> Generator[None, None, Loss | None]:
        """``node`` fails, and its pods go elsewhere as far as they fit."""
        twin, table = self.twin, self.twin.ledger.table
        table.update(twin.failed(node))
        self.moved = []
        attempt = _Attempt(twin)
        for pod in sorted(self.on[node.uid], key=twin.rank):
            bound = attempt.place(pod)
            if bound is not None:
                table.place(bound)
                self.moved.append(bound)
            yield
        for bound in self.moved:
            self.on[_node_uid(bound)].append(bound)
        return Loss(node.name, tuple(attempt.waiting), attempt.reason) if attempt.waiting else None

    def take_back(self, node: Node) -> None:
        """The last loss, which was of ``node``, never was."""
        table = self.twin.ledger.table
        for bound in reversed(self.moved):
            table.release(bound)
            self.on[_node_uid(bound)].pop()
        table.update(node)

    def fullest(self, uids: Mapping[str, Node]) -> str:
        """Of these nodes, which are in join order, the one that has given away the most of one of its resources."""
        table = self.twin.ledger.table
        rows = np.fromiter(map(table.row_of.__getitem__, uids), dtype=np.int64, count=len(uids))
        return table.owner(int(rows[self._shares()[rows].argmax()])).uid

    def _shares(self) -> FloatArray:
        table = self.twin.ledger.table
        shares = np.zeros(len(table))
        for resource, capacity in table.capacity.items():
            used = capacity - table.free[resource]
            shares = np.maximum(shares, used / np.maximum(capacity, 1))
        return shares


@define
class _Attempt:
    """Tries the pods of one node in the order of the queue."""

    twin: Twin
    waiting: list[Pod] = field(factory=list, init=False)
    #: Why the first of them waits.
    reason: str = field(default="", init=False)
    #: Shapes that fit nowhere any more; nobody frees anything meanwhile.
    _refused: set[Hashable] = field(factory=set, init=False)

    def place(self, pod: Pod) -> Pod | None:
        """``pod`` as it would be bound; ``None`` if it would wait."""
        bound, reason = self._try(pod)
        if bound is None:
            self.reason = self.reason or reason
            self.waiting.append(pod)
        return bound

    def _try(self, pod: Pod) -> tuple[Pod | None, str]:
        binder, shape = self.twin.binder, pod.spec.shape
        if self._is_held_back(pod):
            return None, self.twin.queue.behind
        if shape in self._refused:
            return None, ""
        if self.waiting:  # of the first it is known why, and to count is as much work as to decide
            bound, reason = self._quietly(pod), ""
        else:
            bound, reason = binder.would_bind(pod)
        if bound is None and binder.monotone:
            self._refused.add(shape)
        return bound, reason

    def _quietly(self, pod: Pod) -> Pod | None:
        with suppress(PluginError):
            return self.twin.binder.on_its_place(pod)
        return None

    def _is_held_back(self, pod: Pod) -> bool:
        queue = self.twin.queue
        if not queue.blocks:
            return False
        return bool(self.waiting) or (queue.blocker is not None and self.twin.rank(pod) > queue.blocker)


def _node_uid(bound: Pod) -> str:
    assert bound.node_uid is not None, "a pod that is bound has a node"
    return bound.node_uid
