"""Keeps up the tunnels that machines beat through."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from kube9.backends.lanes import Lanes
from kube9.backends.patience import Away
from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.machine import Machine, Machines
from kube9.core.errors import Kube9Error
from kube9.core.nodes import Node

__all__ = ["Keeper"]

_log = logging.getLogger(__name__)

_LOOK_S = 0.25
#: Between one try and the next, the first of which comes at once.
_PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0)


class Keeper:
    """One thread that looks, and leaves the work to the machine's own lane.

    :param refresh: opens a tunnel again, and has the agent know of it.
    """

    def __init__(
        self, machines: Machines, lanes: Lanes, refresh: Callable[[Node], None], closing: threading.Event
    ) -> None:
        self._machines, self._lanes, self._refresh, self._closing = machines, lanes, refresh, closing
        self._nodes: dict[str, Node] = {}
        #: How often it was tried in vain, and when it is due again.
        self._tries: dict[str, tuple[int, float]] = {}
        #: Those whose turn has not come yet.
        self._waiting: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="kube9-ssh-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Once ``closing`` is set."""
        self._thread.join()

    def keep(self, node: Node) -> None:
        """Look after the tunnel of a node, if it has one."""
        self._nodes[node.uid] = node

    def _run(self) -> None:
        while not self._closing.wait(_LOOK_S):
            # Copied in one step, for others add to them, and before the machines, for each node's is there before it.
            nodes = dict(self._nodes)
            machines = {machine.node_uid: machine for machine in self._machines.all()}
            for uid in nodes.keys() - machines.keys():
                del self._nodes[uid]
                self._tries.pop(uid, None)
            for uid, machine in machines.items():
                if _is_broken(machine) and uid in nodes:
                    self._mend(uid, nodes[uid])

    def _mend(self, uid: str, node: Node) -> None:
        tries, due_s = self._tries.get(uid, (0, 0.0))
        if uid in self._waiting or time.monotonic() < due_s:
            return
        self._waiting.add(uid)
        self._lanes.put(uid, partial(self._try, node, tries))

    def _try(self, node: Node, tries: int) -> None:
        try:
            machine = self._machines.known(node.uid)
            if machine is None or not _is_broken(machine):
                return
            self._refresh(node)
            self._tries.pop(node.uid, None)
        except (Away, MachineRefused, Kube9Error) as exc:
            if not tries and not self._closing.is_set():
                _log.warning("the tunnel of node %s is broken, trying on: %s", node.name, exc)
            pause_s = _PAUSES_S[min(tries + 1, len(_PAUSES_S) - 1)]
            self._tries[node.uid] = tries + 1, time.monotonic() + pause_s
        finally:
            self._waiting.discard(node.uid)


def _is_broken(machine: Machine) -> bool:
    return machine.tunnel is not None and not machine.tunnel.alive and not machine.down
