"""The Docker backend: the port, and what it tells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from kube9.backends.agentfile import AgentFile, agent_file
from kube9.backends.docker.boots import Boots
from kube9.backends.docker.command import DockerCommand
from kube9.backends.docker.door import Door
from kube9.backends.docker.endpoint import Endpoint
from kube9.backends.docker.engine import Engine, EngineAway, EngineRefused
from kube9.backends.docker.fence import Fence, runs
from kube9.backends.docker.image import NodeImage
from kube9.backends.docker.marks import Marks
from kube9.backends.docker.network import ClusterNetwork
from kube9.backends.docker.nodelife import NodeLife
from kube9.backends.docker.podlogs import PodContainers
from kube9.backends.docker.settings import DockerSettings
from kube9.backends.docker.watch import EngineWatch
from kube9.backends.lanes import Lanes
from kube9.backends.outage import asked_outage
from kube9.backends.patience import PAUSES_S, patiently
from kube9.backends.serverat import ServerAt
from kube9.core.errors import BackendError, Conflict, NodeDown, NodeGone
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.core.ports import ALL_LOGS, Clock, CommandSession, JoinTicket, LogOptions, PodReport
from kube9.core.stimuli import (
    CreateNodeFailed,
    DestroyNodeDone,
    LookAfterNode,
    NodeAbsent,
    NodeFenced,
    RestartNodeFailed,
    Stimulus,
)

__all__ = ["DockerBackend"]

_log = logging.getLogger(__name__)

_FAULTS = (BackendError, EngineAway, EngineRefused)
#: How long an engine may be away before that is a failure of what was asked for.
_PATIENCE_MS = 60_000
_WORKERS, _HELPERS = 16, 8


class DockerBackend:
    """Nodes are containers of one engine. It is connected to in the background, again and again where that fails.

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
        endpoint: Endpoint,
        settings: DockerSettings,
        server: ServerAt,
        agent: Callable[[], AgentFile] = agent_file,
    ) -> None:
        self._clock, self._deliver, self._settings = clock, deliver, settings
        self._closing = threading.Event()
        self._marks = marks = Marks(cluster)
        self._engine = engine = Engine(endpoint, settings.timeout_ms, settings.socket)
        self._network = ClusterNetwork(engine, marks, settings.network, settings.subnet)
        self._door = Door(settings.server, server)
        self._fence = Fence(engine, marks, self._closing)
        self._boots = Boots(settings.join_timeout_ms)
        self._life = NodeLife(
            engine=engine,
            marks=marks,
            image=NodeImage(engine, settings.base, settings.pull, agent),
            network=self._network,
            door=self._door,
            fence=self._fence,
            clock=clock,
            boots=self._boots,
            socket=settings.socket,
        )
        #: Nodes that are being destroyed: whatever becomes of their containers is no news.
        self._doomed: set[str] = set()
        # The second is for what must not wait behind a slow pull: the end of what a dead node left.
        self._work, self._help = Lanes(_WORKERS, "kube9-docker"), Lanes(_HELPERS, "kube9-docker-help")
        self._watch = EngineWatch(engine, marks, self._connected, self._happened, self._closing)
        self._watch.start()

    def close(self) -> None:
        """Let go of the engine; nodes and pods go on."""
        self._closing.set()
        self._door.close()
        self._help.close()
        self._work.close()
        self._engine.close()
        self._watch.close()

    # What the port asks for.

    def create_node(self, node: Node, join: JoinTicket) -> None:
        """Make the node's container, or start it anew where it is down; nothing where it runs."""
        self._doomed.discard(node.uid)
        self._work.put(node.uid, partial(self._create, node, join))

    def restart_node(self, node: Node) -> None:
        """End the node with all its pods, say so if anybody waits for that, and start it again."""
        self._work.put(node.uid, partial(self._restart, node))

    def destroy_node(self, node: Node) -> None:
        """Remove all there is of the node, however long the engine may be away."""
        self._doomed.add(node.uid)
        self._work.put(node.uid, partial(self._destroy, node))

    def start_pod(self, node: Node, pod: Pod) -> None:  # noqa: ARG002  (the agent is told by the server)
        """Nothing, unless the node is not there.

        :raises NodeGone: it has no container that runs, as far as is known.
        """
        self._life.states.check(node)

    def stop_pod(self, node: Node, pod: Pod, grace_ms: int) -> None:  # noqa: ARG002  (as above)
        """Nothing, unless the node is not there.

        :raises NodeGone: it has no container that runs, as far as is known.
        """
        self._life.states.check(node)

    def list_pods(self, node: Node) -> Sequence[PodReport] | None:
        """``None`` where the node runs; where it does not, everything of it is ended first.

        :raises BackendError: it cannot be said for sure.
        """
        try:
            found = self._life.look(node.uid)
            if found is None:
                raise NodeGone(f"node {node.name!r} has no container on the engine")
            if not found.up:
                raise NodeDown(self._life.end_of(found.id))
            return None
        except (EngineAway, EngineRefused) as exc:
            raise BackendError(f"node {node.name!r} cannot be looked for: {exc}") from exc

    def logs(self, node: Node, pod: Pod, options: LogOptions = ALL_LOGS) -> Iterator[bytes]:
        """What the latest run of a container wrote, or the one before it."""
        self._life.states.check(node)
        try:
            return PodContainers(self._engine, self._marks, node.uid, pod).logs(options)
        except (EngineAway, EngineRefused) as exc:
            raise BackendError(f"the logs of pod {pod.name!r} cannot be read: {exc}") from exc

    def run_command(
        self, node: Node, pod: Pod, container: str, command: Sequence[str], *, terminal: bool = False
    ) -> CommandSession:
        """Begin a command by the engine's own means."""
        self._life.states.check(node)
        try:
            found = PodContainers(self._engine, self._marks, node.uid, pod).runs_of(container)
        except (EngineAway, EngineRefused) as exc:
            raise BackendError(f"pod {pod.name!r} cannot be looked for: {exc}") from exc
        if not found or not runs(found[-1]):
            which = f"container {container!r} of pod" if container else "pod"
            raise Conflict(f"{which} {pod.name!r} does not run just now; see 'kube9 pod show {pod.name}'")
        return DockerCommand(self._engine, str(found[-1]["Id"]), command, terminal=terminal)

    def fail_node(self, node: Node, *, down_for_ms: int | None = None, permanent: bool = False) -> None:
        """Kill the node's container and its pods. What is said of its return is noted in the container, and so holds
        for servers after this one too: they bring it back when they are to restart it, and not before its time.

        :raises InvalidInput: it is to come back by itself, and never.
        :raises NodeGone: there is no such node.
        """
        outage = asked_outage(down_for_ms, permanent, self._clock.now_ms())
        try:
            there = self._life.break_it(node, outage)
        except (EngineAway, EngineRefused) as exc:
            raise BackendError(f"node {node.name!r} cannot be killed: {exc}") from exc
        if not there:
            raise NodeGone(f"node {node.name!r} has no container on the engine; create_node makes one")
        if outage is not None and outage.until_ms is not None:
            self._come_back_at(outage.until_ms, node)

    # What a worker does.

    def _create(self, node: Node, join: JoinTicket) -> None:
        try:
            patiently(partial(self._life.create, node, join), _PATIENCE_MS, self._closing)
        except _FAULTS as exc:
            self._tell(CreateNodeFailed, node.uid, reason=str(exc))
        else:
            self._look_later(node.uid)

    def _restart(self, node: Node) -> None:
        def fenced() -> None:
            if node.lease_left_ms:
                self._tell(NodeFenced, node.uid, incarnation=node.incarnation)

        try:
            due_ms = patiently(partial(self._life.restart, node, fenced), _PATIENCE_MS, self._closing)
        except _FAULTS as exc:
            self._tell(RestartNodeFailed, node.uid, reason=str(exc))
            return
        if due_ms is not None:
            self._look_later(node.uid)
            if due_ms:
                self._come_back_at(due_ms, node)
        else:
            # It counts as no attempt, and leads to a new one with a new ticket.
            self._life.states.drop(node.uid)
            self._tell(NodeAbsent, node.uid, incarnation=node.incarnation)

    def _come_back_at(self, due_ms: int, node: Node) -> None:
        self._clock.call_at(due_ms, partial(self._work.put, node.uid, partial(self._come_back, node)))

    def _come_back(self, node: Node) -> None:
        """An outage is over: start what is down, whoever asked for it in the meantime."""
        try:
            found = self._life.look(node.uid)
            if found is not None and not found.up and node.uid not in self._doomed:
                patiently(partial(self._life.restart, node, _nobody), _PATIENCE_MS, self._closing)
        except _FAULTS as exc:
            _log.warning("node %s could not come back by itself: %s", node.name, exc)

    def _destroy(self, node: Node) -> None:
        tries = 0
        while not self._closing.is_set():
            try:
                if self._life.destroy(node):
                    self._tell(DestroyNodeDone, node.uid)
                    return
                why = "something of it is still there"
            except _FAULTS as exc:
                why = str(exc)
            if tries % 30 == 0:
                _log.warning("node %s could not be removed, trying on: %s", node.name, why)
            self._closing.wait(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    def _look_later(self, uid: str) -> None:
        due_ms = self._clock.now_ms() + self._settings.join_timeout_ms
        self._clock.call_at(due_ms, partial(self._help.put, uid, partial(self._see_to, uid, news=False)))

    # What the engine tells.

    def _connected(self) -> None:
        """Look at everything anew."""
        self._life.info(anew=True)
        nodes = {self._marks.node_uid(each): each for each in self._engine.containers(self._marks.of_nodes)}
        before = self._life.states.fill({uid: runs(each) for uid, each in nodes.items()})
        _log.info("engine at %s: nodes=%d", self._engine.endpoint, len(nodes))
        for uid in (*nodes, *(uid for uid in before if uid not in nodes)):
            if uid in nodes and runs(nodes[uid]):
                self._help.put(uid, partial(self._refresh, str(nodes[uid]["Id"])))
            else:
                self._help.put(uid, partial(self._see_to, uid))
        self._help.put("", self._remove_orphans)

    def _refresh(self, container: str) -> None:
        try:
            self._life.refresh(container)
        except _FAULTS as exc:
            _log.warning("node container %s could not be told where the API server is: %s", container[:12], exc)

    def _remove_orphans(self) -> None:
        try:
            self._fence.remove_orphans()
        except _FAULTS as exc:
            _log.warning("what nodes that are gone left could not be removed: %s", exc)

    def _happened(self, action: str, uid: str) -> None:
        if action == "oom":
            _log.warning("a process of the node with uid %s was ended for want of memory", uid)
        elif action == "start":
            self._life.states.put(uid, True)
        elif uid not in self._doomed:
            self._life.states.put(uid, False)
            self._help.put(uid, partial(self._see_to, uid))

    def _see_to(self, uid: str, *, news: bool = True) -> None:
        """A node's container is down, or may be: end its pods at once, and have the cluster ask."""
        if uid in self._doomed:
            return
        try:
            found = self._life.look(uid)
            up = found is not None and found.up
            failure = None if up else self._boots.died(uid, self._clock.now_ms())
            if failure is not None:
                reason = "its container was removed" if found is None else self._life.epitaph(found.id)
                self._tell(failure, uid, reason=reason)
            news = news or failure is not None
        except _FAULTS as exc:
            # Whoever asks then tries again until it is sure.
            _log.warning("the node with uid %s went down and could not be looked at: %s", uid, exc)
        if news:
            self._tell(LookAfterNode, uid)

    def _tell(self, kind: type[Stimulus], uid: str, **about: Any) -> None:
        self._deliver(kind(at_ms=self._clock.now_ms(), uid=uid, **about))  # type: ignore[call-arg]


def _nobody() -> None:
    return None
