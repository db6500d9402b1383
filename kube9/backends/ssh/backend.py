"""The SSH backend: the port, and what it tells."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kube9.backends.agentfile import AgentFile, agent_file
from kube9.backends.lanes import Lanes
from kube9.backends.outage import asked_outage
from kube9.backends.patience import Away, patiently
from kube9.backends.serverat import ServerAt
from kube9.backends.ssh.failures import MachineAway, MachineRefused
from kube9.backends.ssh.farewells import Farewells
from kube9.backends.ssh.keeper import Keeper
from kube9.backends.ssh.login import Login
from kube9.backends.ssh.machine import Machine, Machines
from kube9.backends.ssh.nodelife import NodeLife
from kube9.backends.ssh.podstreams import PodStreams
from kube9.backends.ssh.questions import Questions
from kube9.backends.ssh.settings import SshSettings
from kube9.backends.ssh.target import SshConfig
from kube9.backends.ssh.wayback import WayBack
from kube9.core.errors import BackendError, Kube9Error, NodeDown, NodeGone
from kube9.core.nodes import Node, NodePhase
from kube9.core.pods import Pod
from kube9.core.ports import ALL_LOGS, Clock, CommandSession, JoinTicket, LogOptions, PodReport
from kube9.core.stimuli import (
    CreateNodeFailed,
    DestroyNodeDone,
    NodeAbsent,
    NodeDescribed,
    NodeFenced,
    RestartNodeFailed,
    Stimulus,
)

__all__ = ["SshBackend", "make_backend"]

_log = logging.getLogger(__name__)

_FAULTS = (MachineAway, MachineRefused, Kube9Error)
_SYSTEM_KNOWN_HOSTS = Path("/etc/ssh/ssh_known_hosts")
#: When an agent that was started is looked at; one that ends by itself has done so by then.
_FIRST_LOOK_MS = 10_000
#: How long a machine may be away before that is a failure of what was asked for.
_PATIENCE_MS = 20_000
#: Each machine has a thread while something is done there; there is no use in more than can be on at a time.
_WORKERS = 256


def make_backend(
    clock: Clock,
    deliver: Callable[[Stimulus], None],
    *,
    cluster: str,
    settings: SshSettings,
    server: ServerAt,
    environment: Mapping[str, str] = os.environ,
) -> SshBackend:
    """The backend as the user's own ssh would go about it.

    :param environment: where the home, the agent of ssh and secrets are found.
    """
    home = Path(environment.get("HOME") or "~").expanduser()
    files = (_at(home, settings.known_hosts), _SYSTEM_KNOWN_HOSTS)
    return SshBackend(
        clock,
        deliver,
        cluster=cluster,
        settings=settings,
        config=SshConfig(_at(home, settings.config), files),
        login=Login(timeout_ms=settings.timeout_ms, keepalive_ms=settings.keepalive_ms, environment=environment),
        server=server,
    )


def _at(home: Path, path: str) -> Path:
    return home / path[2:] if path.startswith("~/") else Path(path).expanduser()


class SshBackend:
    """Nodes are machines, each with one connection that is made when it is needed.

    :param cluster: the mark of the cluster, in everything that is made.
    :param server: where the API server listens, where that is known already.
    """

    #: Nodes run kube9's agent, which alone is told what to run and tells what runs.
    by_agent = True

    def __init__(
        self,
        clock: Clock,
        deliver: Callable[[Stimulus], None],
        *,
        cluster: str,
        settings: SshSettings,
        config: SshConfig,
        login: Login,
        server: ServerAt,
        agent: Callable[[], AgentFile] = agent_file,
    ) -> None:
        self._clock, self._deliver = clock, deliver
        self._closing = threading.Event()
        self.machines = Machines(cluster, settings, config, login)
        self._life = NodeLife(
            self.machines,
            WayBack(settings.server, server),
            _once(agent),
            self._describe,
            settings.sandbox_image,
            clock.now_ms,
        )
        self._work = Lanes(_WORKERS, "kube9-ssh")
        # Beside what is done to a node, or a question would wait for a join that takes its time.
        self._questions = Questions(Lanes(_WORKERS, "kube9-ssh-ask"))
        self._farewells = Farewells(clock, self._work, self._life.destroy, partial(self._tell, DestroyNodeDone))
        self._keeper = Keeper(self.machines, self._work, self._life.refresh, self._closing)
        self._keeper.start()

    def close(self) -> None:
        """Let go of all machines; nodes and pods go on."""
        self._closing.set()
        self._keeper.close()
        # What is under way ends by that, rather than in its own time.
        self.machines.close()
        self._questions.close()
        self._work.close()

    # What the port asks for.

    def create_node(self, node: Node, join: JoinTicket) -> None:
        """Bring the agent there and start it; nothing where it runs.

        :raises InvalidInput: the node's options cannot be used.
        """
        self._farewells.forget(node.uid)
        self._known(node).leaving.clear()
        self._work.put(node.uid, partial(self._create, node, join))

    def restart_node(self, node: Node) -> None:
        """End all that runs there, say so if anybody waits for that, and start the agent anew.

        A machine that is away is waited for. If its node is given a pod meanwhile, it is well, and left as it is.
        """
        if (machine := self.machines.known(node.uid)) is not None:
            machine.counted_on.clear()
        self._work.put(node.uid, partial(self._restart, node))

    def destroy_node(self, node: Node) -> None:
        """Leave nothing there, and say so; see :class:`~kube9.backends.ssh.farewells.Farewells` for when it cannot."""
        if (machine := self.machines.known(node.uid)) is not None:
            machine.leaving.set()
        self._farewells.begin(node)

    def start_pod(self, node: Node, pod: Pod) -> None:  # noqa: ARG002  (the agent is told by the server)
        """Nothing, unless it is known for sure that nothing runs there.

        :raises NodeGone: it is.
        """
        self._check(node)
        if node.phase is NodePhase.READY and (machine := self.machines.known(node.uid)) is not None:
            machine.counted_on.set()

    def stop_pod(self, node: Node, pod: Pod, grace_ms: int) -> None:  # noqa: ARG002  (as above)
        """Nothing, unless it is known for sure that nothing runs there.

        :raises NodeGone: it is.
        """
        self._check(node)

    def list_pods(self, node: Node) -> Sequence[PodReport] | None:
        """``None`` where the agent or its pods run; where neither does, that is made sure of.

        :raises BackendError: it cannot be said for sure, or not yet: the machine is still being asked.
        """
        self._known(node)
        up = self._questions.ask(node.uid, partial(self._life.look, node))
        if up is None:
            raise NodeGone(f"there is no agent of node {node.name!r} on its machine")
        if not up:
            raise NodeDown("its agent and its pods have ended")
        return None

    def logs(self, node: Node, pod: Pod, options: LogOptions = ALL_LOGS) -> Iterator[bytes]:
        """What a run of a container wrote."""
        return self._streams(node).logs(pod, options)

    def run_command(
        self, node: Node, pod: Pod, container: str, command: Sequence[str], *, terminal: bool = False
    ) -> CommandSession:
        """Begin a command, beside a container's own processes."""
        return self._streams(node).run_command(pod, container, command, terminal=terminal)

    def fail_node(self, node: Node, *, down_for_ms: int | None = None, permanent: bool = False) -> None:
        """Kill the agent with all its pods. What is said of its return is noted on the machine, and so holds for
        servers after this one too: they bring it back when they are to restart it, and not before its time.

        :raises InvalidInput: it is to come back by itself, and never.
        :raises NodeGone: there is no such node.
        """
        outage = asked_outage(down_for_ms, permanent, self._clock.now_ms())
        try:
            there = self._life.fail(node, outage)
        except _FAULTS as exc:
            raise BackendError(f"node {node.name!r} cannot be killed: {exc}") from exc
        if not there:
            raise NodeGone(f"there is no agent of node {node.name!r} on its machine; create_node brings one")
        self._known(node)
        if outage is not None and outage.until_ms is not None:
            self._come_back_at(outage.until_ms, node)

    # What a worker does.

    def _create(self, node: Node, join: JoinTicket) -> None:
        try:
            machine = self._known(node)
            patiently(partial(self._life.create, node, join), _PATIENCE_MS, machine.leaving)
        except (*_FAULTS, Away) as exc:
            self._tell(CreateNodeFailed, node.uid, reason=str(exc))
            return
        look = partial(self._work.put, node.uid, partial(self._look_after_start, node))
        self._clock.call_at(self._clock.now_ms() + _FIRST_LOOK_MS, look)

    def _look_after_start(self, node: Node) -> None:
        """An agent that ended before it joined is heard by nobody, and nobody else would look for it."""
        machine = self.machines.known(node.uid)
        if machine is None or machine.leaving.is_set() or machine.down:
            return
        try:
            if self._life.look(node) is False:
                self._tell(CreateNodeFailed, node.uid, reason=f"{machine.link.where}: {self._life.last_words(node)}")
        except _FAULTS as exc:
            _log.info("node %s was not looked at after its start: %s", node.name, exc)

    def _restart(self, node: Node) -> None:
        def fenced() -> None:
            if node.lease_left_ms:
                self._tell(NodeFenced, node.uid, incarnation=node.incarnation)

        try:
            machine = self._known(node)
            due_ms = patiently(partial(self._life.restart, node, fenced), _PATIENCE_MS, machine.leaving)
        except (*_FAULTS, Away) as exc:
            self._tell(RestartNodeFailed, node.uid, reason=str(exc))
            return
        if due_ms is None:
            # It counts as no attempt, and leads to a new one with a new ticket.
            self._tell(NodeAbsent, node.uid, incarnation=node.incarnation)
        elif due_ms:
            self._come_back_at(due_ms, node)

    def _come_back_at(self, due_ms: int, node: Node) -> None:
        self._clock.call_at(due_ms, partial(self._work.put, node.uid, partial(self._come_back, node)))

    def _come_back(self, node: Node) -> None:
        """An outage is over: start what is down, whoever asked for it in the meantime."""
        machine = self.machines.known(node.uid)
        if machine is None or not machine.down or self._farewells.has(node.uid):
            return
        try:
            patiently(partial(self._life.restart, node, _nobody), _PATIENCE_MS, machine.leaving)
        except (*_FAULTS, Away) as exc:
            _log.warning("node %s could not come back by itself: %s", node.name, exc)

    def _known(self, node: Node) -> Machine:
        machine = self.machines.of(node)
        self._keeper.keep(node)
        return machine

    def _check(self, node: Node) -> None:
        machine = self.machines.known(node.uid)
        if machine is not None and machine.down:
            raise NodeGone(f"node {node.name!r} is down; it runs nothing until it has joined again")

    def _streams(self, node: Node) -> PodStreams:
        self._check(node)
        return PodStreams(self._known(node))

    def _describe(self, node: Node, capacity: Mapping[str, int], labels: Mapping[str, str]) -> None:
        self._tell(NodeDescribed, node.uid, capacity=capacity, labels=labels)

    def _tell(self, kind: type[Stimulus], uid: str, **about: Any) -> None:
        if not self._closing.is_set():  # whoever listened has gone
            self._deliver(kind(at_ms=self._clock.now_ms(), uid=uid, **about))  # type: ignore[call-arg]


def _once(make: Callable[[], AgentFile]) -> Callable[[], AgentFile]:
    """It takes a moment, and is the same for all machines."""
    lock = threading.Lock()
    made: list[AgentFile] = []

    def get() -> AgentFile:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get


def _nobody() -> None:
    return None
