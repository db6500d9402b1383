"""The end of nodes, also of those whose machine cannot be reached any more."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial

from attrs import define

from kube9.backends.lanes import Lanes
from kube9.backends.patience import Away
from kube9.backends.ssh.failures import MachineRefused
from kube9.core.errors import InvalidInput, Kube9Error
from kube9.core.nodes import Node, NodePhase
from kube9.core.ports import Clock

__all__ = ["Farewells"]

_log = logging.getLogger(__name__)

#: Between one try and the next; the last again and again.
_PAUSES_MS = (200, 500, 1_000, 2_000, 5_000, 10_000, 30_000)
#: For how long a machine is tried that surely runs nothing, and for how long any other.
_PATIENCE_EMPTY_MS, _PATIENCE_MS = 10_000, 3_600_000


@define
class _Farewell:
    node: Node
    since_ms: int
    tries: int = 0


class Farewells:
    """Tries to leave nothing on a node's machine, in the machine's own lane, and says when that is done.

    That it is done makes the node's pods start elsewhere. So it is said of a machine that cannot be reached only if it
    is sure that none of them runs there: it never joined, or it is down and its lease is over, by which its agent has
    ended them. Such a machine is tried for a short while all the same, and may keep a folder with a dead agent. Of any
    other nothing is said: it is tried for an hour, and then again whenever its deletion is asked for again.
    """

    def __init__(
        self, clock: Clock, lanes: Lanes, destroy: Callable[[Node], None], done: Callable[[str], None]
    ) -> None:
        self._clock, self._lanes, self._destroy, self._done = clock, lanes, destroy, done
        self._lock = threading.Lock()
        self._farewells: dict[str, _Farewell] = {}

    def has(self, uid: str) -> bool:
        """Whether a node is at its end."""
        return uid in self._farewells

    def begin(self, node: Node) -> None:
        """Begin, or begin anew with how the node stands by now."""
        farewell = _Farewell(node, self._clock.now_ms())
        with self._lock:
            self._farewells[node.uid] = farewell
        self._lanes.put(node.uid, partial(self._try, farewell))

    def forget(self, uid: str) -> None:
        """It is to be there after all."""
        with self._lock:
            self._farewells.pop(uid, None)

    def _try(self, farewell: _Farewell) -> None:
        node = farewell.node
        if self._farewells.get(node.uid) is not farewell:
            return
        try:
            self._destroy(node)
        except InvalidInput:
            # What is said of its machine makes no sense, so that it never had one.
            self._end(farewell)
        except (Away, MachineRefused, Kube9Error) as exc:
            self._go_on(farewell, str(exc))
        else:
            self._end(farewell)

    def _go_on(self, farewell: _Farewell, why: str) -> None:
        node, now_ms = farewell.node, self._clock.now_ms()
        empty = self._is_empty(node, now_ms)
        if now_ms - farewell.since_ms >= (_PATIENCE_EMPTY_MS if empty else _PATIENCE_MS):
            if empty:
                _log.warning("node %s is gone, and may have left a folder on its machine: %s", node.name, why)
                self._end(farewell)
            else:
                _log.warning("node %s could not be removed and is not tried any more: %s", node.name, why)
                self.forget(node.uid)
            return
        if farewell.tries == 0:
            _log.warning("node %s could not be removed, trying on: %s", node.name, why)
        pause_ms = _PAUSES_MS[min(farewell.tries, len(_PAUSES_MS) - 1)]
        farewell.tries += 1
        self._clock.call_at(now_ms + pause_ms, partial(self._lanes.put, node.uid, partial(self._try, farewell)))

    @staticmethod
    def _is_empty(node: Node, now_ms: int) -> bool:
        """Whether none of its pods can run on its machine, whatever that does."""
        if not node.incarnation or node.phase is NodePhase.PROVISIONING:
            return True
        return node.down and (node.failed_at_ms is None or now_ms >= node.failed_at_ms + node.lease_left_ms)

    def _end(self, farewell: _Farewell) -> None:
        self.forget(farewell.node.uid)
        self._done(farewell.node.uid)
