"""Brings the agent to machines, starts it, and ends and removes all there is of a node; every call waits for that."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from kube9.backends.agentfile import AgentFile
from kube9.backends.outage import OUTAGE_NAME, Outage, read_outage
from kube9.backends.serverat import ServerAt, is_loopback, server_file_of
from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.machine import Found, Machine, Machines
from kube9.backends.ssh.program import Facts, Program
from kube9.backends.ssh.service import Service
from kube9.backends.ssh.wayback import WayBack
from kube9.core.nodes import Node
from kube9.core.ports import JoinTicket

__all__ = ["LIMITS_LABEL", "RUNTIME_LABEL", "Describe", "NodeLife"]

_log = logging.getLogger(__name__)

#: What runs pods on a node: docker or process.
RUNTIME_LABEL = "kube9.io/runtime"
#: What holds processes to their limits there.
LIMITS_LABEL = "kube9.io/limits"
_AGENT, _NODE, _SERVER, _TOKEN, _SERVICE = "agent.pyz", "node.json", "server.json", "token", "service"
_OUTAGE = OUTAGE_NAME
_LOG = "agent.log"
#: For the agent's program, what it keeps, and a few lines of a few logs.
_FREE_BYTES_MIN = 32 * 2**20

#: Tells what a machine has: the node, its capacity, and labels.
Describe = Callable[[Node, Mapping[str, int], Mapping[str, str]], None]


class NodeLife:
    """:param agent: makes the program that is brought to machines.

    :param sandbox_image: for machines with Docker.
    :param now_ms: the time, as outages are counted.
    """

    def __init__(
        self,
        machines: Machines,
        way: WayBack,
        agent: Callable[[], AgentFile],
        describe: Describe,
        sandbox_image: str,
        now_ms: Callable[[], int],
    ) -> None:
        self._machines, self._way, self._agent, self._describe = machines, way, agent, describe
        self._sandbox_image, self._now_ms = sandbox_image, now_ms

    # Making.

    def create(self, node: Node, join: JoinTicket) -> None:
        """Have the agent run there, unless it does already.

        :raises MachineAway, MachineRefused: it cannot.
        """
        if not join.token:
            raise MachineRefused("its ticket has no token, so that its agent could not introduce itself; add it again")
        self._way.learn(ServerAt(url=join.server_url, certificate=join.certificate))
        machine = self._machines.of(node)
        with machine.alone():
            found = machine.look(_NODE, _SERVER, _SERVICE)
            if _uid(found) not in ("", node.uid):
                self._end(machine, found)
            if found.agent and _uid(found) == node.uid and Program(machine).status().runs:
                self._introduce(machine, found, join)
            else:
                self._make(machine, node, join)
            machine.down = False

    def _make(self, machine: Machine, node: Node, join: JoinTicket) -> None:
        facts = self._survey(machine)
        runtime = machine.options.runtime or ("docker" if facts.docker else "process")
        if runtime == "docker" and not facts.docker:
            raise MachineRefused(
                f"{machine.link.where} has no Docker engine that its user may use ({facts.docker_error}): add the user "
                "to the group docker there, or leave out --option runtime=docker"
            )
        learned = {"cpu": facts.cpu_milli, "memory": facts.memory_bytes}
        capacity = {name: node.spec.capacity.get(name, learned[name]) for name in learned}
        labels = {RUNTIME_LABEL: runtime}
        if runtime == "process" and facts.limits:
            labels[LIMITS_LABEL] = facts.limits
        self._describe(node, capacity, labels)
        server = self._way.open(machine)
        files = {
            _NODE: _packed(self._about(node, runtime, facts, capacity)),
            _SERVER: _packed(server_file_of(server)),
            _TOKEN: join.token.encode(),
        }
        # Services of a user who does not linger end with the last logout, which may be ours.
        systemd = facts.systemd and machine.found().lingers
        if systemd:
            files[_SERVICE] = machine.unit.encode()
        machine.put(files)
        self._start(machine, systemd=systemd)

    def _survey(self, machine: Machine) -> Facts:
        """Bring the program there if it is another one, and have it look around."""
        found = machine.found()
        if found.free < _FREE_BYTES_MIN:
            raise MachineRefused(
                f"{machine.link.where} has {found.free // 2**20} MiB left where {found.folder} would be, and at least "
                f"{_FREE_BYTES_MIN // 2**20} are needed; make room, or say another place by --option folder=PATH"
            )
        self._bring(machine, found)
        return Program(machine).look()

    def _bring(self, machine: Machine, found: Found) -> None:
        agent = self._agent()
        if found.agent != agent.sha256:
            _log.info("%s gets the agent, %d bytes", machine.link.where, len(agent.data))
            machine.put({_AGENT: agent.data})

    def _about(self, node: Node, runtime: str, facts: Facts, capacity: Mapping[str, int]) -> dict[str, Any]:
        about: dict[str, Any] = {
            "node": node.name,
            "nodeUid": node.uid,
            "cluster": self._machines.cluster,
            "runtime": runtime,
            "capacity": {name: amount for name, amount in capacity.items() if amount},
        }
        if runtime == "docker":
            about |= {"engine": facts.docker, "hostNetwork": "host", "sandboxImage": self._sandbox_image}
        return about

    @staticmethod
    def _start(machine: Machine, *, systemd: bool) -> None:
        if systemd:
            Service(machine).start()
        else:
            Program(machine).start()

    # Introducing.

    def _introduce(self, machine: Machine, found: Found, join: JoinTicket) -> None:
        """Have a node that runs take another token, and the server's present address."""
        machine.put({_TOKEN: join.token.encode()})
        self._tell(machine, found)

    def refresh(self, node: Node) -> None:
        """Have a node that runs know the server's present address, through a tunnel that carries."""
        machine = self._machines.of(node)
        with machine.alone():
            self._tell(machine, machine.look(_NODE, _SERVER, _SERVICE))

    def _tell(self, machine: Machine, found: Found) -> None:
        """The agent reads it again as soon as it does not reach the server where that was."""
        if not self._way.known or not found.files[_SERVER]:
            return
        before = _document(found.files[_SERVER])
        server = self._present(machine, str(before.get("url", "")))
        if server_file_of(server) != before:
            machine.put({_SERVER: _packed(server_file_of(server))})

    def _present(self, machine: Machine, before: str) -> ServerAt:
        """What is straight stays straight, and what was a tunnel is one again, at the same port if it can be had."""
        parts = urlsplit(before)
        tunnelled = is_loopback(parts.hostname or "") and not machine.options.server
        if not tunnelled and self._way.candidate(machine):
            if before == self._way.candidate(machine):
                return self._way.straight(machine)
            return self._way.open(machine)
        return self._way.through_tunnel(machine, parts.port or 0 if tunnelled else 0)

    # Recovering.

    def restart(self, node: Node, fenced: Callable[[], None]) -> int | None:
        """End all that runs there, and start the agent anew, unless the node is counted on again by then.

        Returns 0, or when the agent may be started if the node was broken until then; ``None`` where there is none.

        :param fenced: called once nothing of it runs.
        :raises MachineAway, MachineRefused: it cannot be started.
        :raises BackendError: it was broken for good.
        """
        machine = self._machines.of(node)
        with machine.alone():
            found = machine.look(_NODE, _SERVER, _SERVICE, _OUTAGE)
            if _uid(found) != node.uid or not found.agent:
                return None
            # It was away when this was asked for, and has come back by itself: pods may run there that are wanted.
            if machine.counted_on.is_set() and not machine.down:
                return 0
            self._sweep(machine, found)
            fenced()
            outage = read_outage(found.files[_OUTAGE])
            if outage is not None and (due_ms := outage.due_ms(self._now_ms())):
                return due_ms
            self._bring(machine, found)
            self._tell(machine, found)
            self._start(machine, systemd=bool(found.files[_SERVICE]))
            machine.down = False
            return 0

    @staticmethod
    def _sweep(machine: Machine, found: Found) -> None:
        if found.files[_SERVICE]:
            Service(machine).stop()
        Program(machine).sweep()
        machine.down = True

    def fail(self, node: Node, outage: Outage | None) -> bool:
        """Kill the agent and all that runs there; whether there is such a node."""
        machine = self._machines.of(node)
        with machine.alone():
            found = machine.look(_NODE, _SERVICE, _OUTAGE)
            if _uid(found) != node.uid or not found.agent:
                return False
            if outage is not None or found.files[_OUTAGE]:
                machine.put({_OUTAGE: outage.note() if outage is not None else b""})
            self._sweep(machine, found)
            return True

    # Looking.

    def look(self, node: Node) -> bool | None:
        """Whether it runs, where otherwise nothing of it does any more; ``None`` where there is no such node.

        An agent that ended while its pods run on is started again: it goes on where it was.

        :raises MachineAway, MachineRefused: that cannot be said for sure.
        """
        machine = self._machines.of(node)
        with machine.alone():
            found = machine.look(_NODE, _SERVER, _SERVICE)
            if _uid(found) != node.uid or not found.agent:
                return None
            status = Program(machine).status()
            if not status.runs:
                self._sweep(machine, found)
                return False
            self._tell(machine, found)
            if not status.agent:
                self._start(machine, systemd=bool(found.files[_SERVICE]))
            return True

    def last_words(self, node: Node) -> str:
        """What the agent of a node said before it ended.

        :raises MachineAway, MachineRefused: that cannot be seen.
        """
        found = self._machines.of(node).look(_LOG)
        lines = found.files[_LOG].strip().splitlines()
        said = (
            f"and its log ends with: {lines[-1][-500:]}" if lines else "and it wrote no log; is there room on the disk?"
        )
        return f"the agent ended soon after its start, {said}"

    # Removing.

    def destroy(self, node: Node) -> None:
        """Leave nothing of it there.

        :raises MachineAway, MachineRefused: something may be left.
        """
        machine = self._machines.of(node)
        with machine.alone():
            found = machine.look(_NODE, _SERVICE)
            # Of another uid, a node of the same name that came after this one was struck out.
            if _uid(found) in ("", node.uid):
                self._end(machine, found)
        self._machines.forget(node.uid)

    def _end(self, machine: Machine, found: Found) -> None:
        if unit := found.files[_SERVICE]:
            Service(machine, unit).remove()
        # Where the join ended before that was written, nothing was started, and the program cannot say what to end.
        if found.agent and found.files[_NODE]:
            Program(machine).sweep()
        machine.down = True
        machine.remove_folder()


def _uid(found: Found) -> str:
    """Whose folder it is; empty for nobody's."""
    return str(_document(found.files[_NODE]).get("nodeUid", ""))


def _document(content: str) -> dict[str, Any]:
    try:
        document = json.loads(content) if content else {}
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _packed(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document).encode()
