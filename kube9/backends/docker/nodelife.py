"""Makes, starts, ends and removes the containers of nodes; every call waits for the engine."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from attrs import frozen

from kube9.backends.docker.boots import Boots
from kube9.backends.docker.door import Door
from kube9.backends.docker.endpoint import DEFAULT_SOCKET
from kube9.backends.docker.engine import Engine, EngineAway, EngineRefused
from kube9.backends.docker.fence import Fence
from kube9.backends.docker.image import NodeImage
from kube9.backends.docker.marks import Marks
from kube9.backends.docker.network import ClusterNetwork
from kube9.backends.docker.nodebox import OUTAGE_FILE, SERVER_FILE, TOKEN_FILE, NodeBox, packed_files
from kube9.backends.docker.states import NodeStates
from kube9.backends.outage import Outage, read_outage
from kube9.backends.serverat import ServerAt, server_file_of
from kube9.core.errors import BackendError
from kube9.core.nodes import Node
from kube9.core.ports import Clock, JoinTicket
from kube9.core.stimuli import CreateNodeFailed, RestartNodeFailed

__all__ = ["Found", "NodeLife"]

_log = logging.getLogger(__name__)

_LOCK_PATIENCE_S = 30.0


@frozen
class Found:
    """A node's container."""

    id: str
    #: Whether it runs; one that is paused does.
    up: bool


class NodeLife:
    """The life of each node's container.

    :param socket: the engine's socket on the engine's own host; empty to find it out.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        marks: Marks,
        image: NodeImage,
        network: ClusterNetwork,
        door: Door,
        fence: Fence,
        clock: Clock,
        boots: Boots,
        socket: str,
    ) -> None:
        self._engine, self._marks, self._image, self._network = engine, marks, image, network
        self._door, self._fence, self._clock, self._boots, self._socket = door, fence, clock, boots, socket
        self.states = NodeStates()
        self._info: Mapping[str, Any] | None = None
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        #: Nodes whose making is under way, and needs the network.
        self._making: set[str] = set()

    @contextmanager
    def alone(self, uid: str) -> Iterator[None]:
        """Nobody else starts or ends anything of this node meanwhile.

        :raises BackendError: somebody else took too long.
        """
        with self._lock:
            lock = self._locks.setdefault(uid, threading.Lock())
        if not lock.acquire(timeout=_LOCK_PATIENCE_S):
            raise BackendError(f"something else has been done with the node of uid {uid} for {_LOCK_PATIENCE_S:.0f} s")
        try:
            yield
        finally:
            lock.release()

    def find(self, uid: str) -> Found | None:
        """A node's container; ``None`` where there is none."""
        for listed in self._engine.containers((*self._marks.of_node(uid), *self._marks.of_nodes[1:])):
            # The list still says that it runs when the engine tells that it died.
            if (known := self._engine.inspect(str(listed["Id"]))) is not None:
                return Found(str(listed["Id"]), bool(known["State"]["Running"]))
        return None

    def info(self, *, anew: bool = False) -> Mapping[str, Any]:
        """What the engine says of itself; ``anew`` if it may be another one by now."""
        info = self._info
        if info is None or anew:
            info = self._info = self._engine.info()
        return info

    # Making.

    def create(self, node: Node, join: JoinTicket) -> None:
        """Make and start it, unless it runs.

        :raises BackendError: it cannot be made.
        """
        self._door.learn(ServerAt(url=join.server_url, certificate=join.certificate))
        found = self.find(node.uid)
        if found is not None and found.up:
            self._introduce(found.id, join)
            self.states.put(node.uid, True)
            return
        with self._lock:
            self._making.add(node.uid)
        try:
            try:
                self._make(node, join)
            except EngineRefused as exc:
                if not _lacks_something(exc):
                    raise
                # The image or the network was removed by somebody just now.
                self._make(node, join)
        finally:
            with self._lock:
                self._making.discard(node.uid)

    def _make(self, node: Node, join: JoinTicket) -> None:
        if not join.token:
            raise BackendError("its ticket has no token, so that its agent could not introduce itself; add it again")
        image, gateway = self._image.ensure(), self._network.ensure()
        server = self._door.open(self.info(), gateway)
        box = NodeBox(node=node, marks=self._marks, image=image, network=self._network.name, socket=self._socket_path())
        with self.alone(node.uid):
            self._make_room(node, box.name)
            container = box.create(self._engine, self.info())
            try:
                self._engine.put_archive(container, box.files(server, join.token))
                self._boots.begin(node.uid, CreateNodeFailed, self._clock.now_ms())
                self._start(container)
            except (EngineAway, EngineRefused):
                self._boots.end(node.uid)
                with suppress(EngineAway, EngineRefused):
                    self._engine.remove(container)
                raise
            self.states.put(node.uid, True)

    def _socket_path(self) -> str:
        if self._socket:
            return self._socket
        own = self._engine.endpoint.socket_path
        # In a machine of its own, the engine's socket is at the usual place, wherever its host shows it.
        return DEFAULT_SOCKET if own is None or self._door.is_desktop(self.info()) else own

    def _make_room(self, node: Node, name: str) -> None:
        """Remove a stopped container of this node, and one of a node of this name that was struck out."""
        self._fence.remove(self._fence.end_pods(node.uid))
        if (old := self.find(node.uid)) is not None:
            self._engine.remove(old.id)
        other = self._engine.inspect(name)
        if other is None:
            return
        labelled = {"Labels": other["Config"].get("Labels")}
        if not self._marks.is_node(labelled):
            raise BackendError(
                f"there is a container {name!r} that kube9 did not make for this cluster; rename or remove it"
            )
        self._fence.remove_all(self._marks.node_uid(labelled))

    def _start(self, container: str) -> None:
        with self._engine.calls() as client:
            client.start(container)

    # Introducing.

    def _introduce(self, container: str, join: JoinTicket) -> None:
        """Have a node that runs take another token, and the server's present address."""
        files = {}
        if join.token and self._engine.read_file(container, TOKEN_FILE) != join.token.encode():
            files[TOKEN_FILE] = join.token.encode()
        self._tell(container, files)

    def refresh(self, container: str) -> None:
        """Have a node that runs know the server's present address."""
        self._tell(container, {})

    def _tell(self, container: str, files: dict[str, bytes]) -> None:
        if self._door.known:
            server = server_file_of(self._door.open(self.info(), self._network.ensure()))
            if _document(self._engine.read_file(container, SERVER_FILE)) != server:
                files[SERVER_FILE] = json.dumps(server).encode()
        if files:
            self._engine.put_archive(container, packed_files(files))
            self._engine.kill(container, "HUP")

    # Recovering.

    def restart(self, node: Node, fenced: Callable[[], None]) -> int | None:
        """Start it anew, empty of pods: 0, or when it may be started, if it was broken on purpose until then.

        ``None`` where there is no container that could be started.

        :param fenced: called once nothing of it runs.
        :raises BackendError: it cannot be started.
        """
        with self.alone(node.uid):
            found = self.find(node.uid)
            if found is not None and found.up:
                self.states.put(node.uid, False)
                self._engine.kill(found.id)
            dead = self._fence.end_pods(node.uid)
            fenced()
            if found is None:
                self._fence.remove(dead)
                return None
            # Its agent removes them when it begins. Just now the engine has others to start, which wait for that.
            return self._start_again(node, found.id)

    def _start_again(self, node: Node, container: str) -> int | None:
        outage = read_outage(self._engine.read_file(container, OUTAGE_FILE))
        if outage is not None and (due_ms := outage.due_ms(self._clock.now_ms())):
            return due_ms
        if self._door.known:
            server = server_file_of(self._door.open(self.info(), self._network.ensure()))
            self._engine.put_archive(container, packed_files({SERVER_FILE: json.dumps(server).encode()}))
        self._boots.begin(node.uid, RestartNodeFailed, self._clock.now_ms())
        try:
            self._start(container)
        except (EngineAway, EngineRefused) as exc:
            self._boots.end(node.uid)
            if isinstance(exc, EngineRefused) and _lacks_something(exc):
                # Its network or its image is another one by now: it will never start again.
                self._engine.remove(container)
                return None
            raise
        self.states.put(node.uid, True)
        return 0

    # Breaking.

    def break_it(self, node: Node, outage: Outage | None) -> bool:
        """Kill it and its pods; whether there is one."""
        with self.alone(node.uid):
            found = self.find(node.uid)
            if found is None:
                return False
            if outage is not None:
                self._engine.put_archive(found.id, packed_files({OUTAGE_FILE: outage.note()}))
            self.states.put(node.uid, False)
            self._engine.kill(found.id)
            self._fence.end_pods(node.uid)
            return True

    # Looking.

    def look(self, uid: str) -> Found | None:
        """Its container; where that does not run, nothing of the node does any more.

        :raises BackendError: that cannot be said for sure.
        """
        with self.alone(uid):
            found = self.find(uid)
            if found is None or not found.up:
                self._fence.end_pods(uid)
            if found is None:
                self.states.drop(uid)
            else:
                self.states.put(uid, found.up)
        return found

    def end_of(self, container: str) -> str:
        """How a container ended."""
        found = self._engine.inspect(container)
        if found is None:
            return "its container was removed"
        state = found["State"]
        how = "was out of memory" if state.get("OOMKilled") else f"ended with code {state.get('ExitCode')}"
        error = str(state.get("Error") or "")
        return f"its container {how}" + (f": {error}" if error else "")

    def epitaph(self, container: str) -> str:
        """The same, and what it said last."""
        end, last = self.end_of(container), self._engine.last_lines(container)
        return f"{end}; it said last: {last}" if last else end

    # Removing.

    def destroy(self, node: Node) -> bool:
        """Remove everything of it, and of the cluster if nothing else is left; whether nothing of it is there."""
        with self.alone(node.uid):
            gone = self._fence.remove_all(node.uid)
        if not gone:
            return False
        self._boots.end(node.uid)
        self.states.drop(node.uid)
        with self._lock:
            self._locks.pop(node.uid, None)
            in_use = bool(self._making)
        if not in_use and not self._engine.containers((self._marks.of_cluster,)):
            self._door.close()
            if not self._fence.remove_cluster():
                _log.warning(
                    "the cluster's network is not removed: the engine counts something on it that is not there, which "
                    "only its restart mends; then: docker network rm %s",
                    self._network.name,
                )
            self._image.remove_leftovers()
        return True


def _lacks_something(refusal: EngineRefused) -> bool:
    """Whether a container cannot be because its image or its network is not there."""
    return refusal.status == 404 or ("network" in str(refusal) and "not found" in str(refusal))


def _document(content: bytes | None) -> dict[str, Any] | None:
    try:
        document = None if content is None else json.loads(content)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
