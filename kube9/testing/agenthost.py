"""A control plane for agents, as small as they let it be."""

from __future__ import annotations

import json
import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, final
from urllib.parse import unquote

from attrs import evolve

from kube9.agent.brain import Answer, Beat
from kube9.api.beats import answer_document, read_beat, read_wait_ms
from kube9.api.limits import Limits
from kube9.core.errors import BackendError, InvalidInput, NodeGone
from kube9.core.nodes import Node
from kube9.core.pods import Pod, PodReport
from kube9.core.ports import ALL_LOGS, Clock, CommandRunner, CommandSession, JoinTicket, LogOptions, NodeBackend
from kube9.core.reception import report_of
from kube9.core.roll import Roll, Standing
from kube9.core.stimuli import NodeJoined, Stimulus
from kube9.testing.agentseat import AgentSeat

__all__ = ["AgentHost"]

#: How long a node is waited for that should beat any moment, and after how long its backend is asked for it again.
_PATIENCE_MS, _ASK_AGAIN_MS = 60_000, 500


@final
class AgentHost:
    """Makes a whole backend of one whose nodes run agents: it listens for their beats, and answers with orders.

    :param backend: the one whose ``by_agent`` is true.
    :param deliver: is told what the beats tell; the same that ``backend`` delivers to.
    :param host: where to listen, with ``port``.
    :param url: where agents find it; the address it listens on, where that is unsaid.
    :param before_answer: is called with the number of each beat before that is answered, on a thread of its own; it may
        take its time, and what it raises as ``ConnectionError`` loses the answer.
    """

    def __init__(
        self,
        backend: NodeBackend,
        deliver: Callable[[Stimulus], None],
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        url: str = "",
        interval_ms: int = 100,
        lease_ms: int = 60_000,
        before_answer: Callable[[int], None] | None = None,
    ) -> None:
        self.backend = backend
        self.interval_ms, self.lease_ms, self.before_answer = interval_ms, lease_ms, before_answer
        self._clock = clock
        self._roll = Roll(lambda: secrets.token_hex(8))
        #: By the name of the node.
        self.seats: dict[str, AgentSeat] = {}
        self.changed = threading.Condition()
        self.closed = False
        # Whoever waits for a delivery may hold what the next one wants, and beats are to go on.
        self._outbox: queue.SimpleQueue[Stimulus | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._deliver_all, args=(deliver,), name="agenthost-deliveries")]
        self._server = _Server((host, port), self)
        self.url = url or f"http://{host}:{self._server.server_port}"
        self._threads.append(
            threading.Thread(target=self._server.serve_forever, args=(0.02,), name="agenthost-listener")
        )
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> AgentHost:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hear nothing more; what agents run is left as it is."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._outbox.put(None)
        for thread in self._threads:
            thread.join()

    # What a backend does.

    def create_node(self, node: Node, join: JoinTicket) -> None:
        """Of the ticket, only whose it is counts."""
        with self.changed:
            seat = self.seats.get(node.name)
            if seat is None or seat.node.uid != node.uid or seat.gone:
                remind_ms = max(50, self.interval_ms // 4)
                seat = self.seats[node.name] = AgentSeat(
                    node=node, token=secrets.token_urlsafe(16), remind_ms=remind_ms
                )
        self.backend.create_node(node, evolve(join, server_url=self.url, token=seat.token))

    def restart_node(self, node: Node) -> None:
        """As the backend does it."""
        self.backend.restart_node(node)

    def destroy_node(self, node: Node) -> None:
        """As the backend does it; the agent is told that it is gone, should it still be heard."""
        with self.changed:
            seat = self.seats.get(node.name)
            if seat is not None and seat.node.uid == node.uid:
                seat.gone = True
                self._roll.forget(node.uid)
                self.changed.notify_all()
        self.backend.destroy_node(node)

    def start_pod(self, node: Node, pod: Pod) -> None:
        """Have the agent start it."""
        self.backend.start_pod(node, pod)
        with self.changed:
            self._seat(node).start(pod)
            self.changed.notify_all()

    def stop_pod(self, node: Node, pod: Pod, grace_ms: int) -> None:
        """Have the agent stop it."""
        self.backend.stop_pod(node, pod, grace_ms)
        with self.changed:
            self._seat(node).stop(pod.uid, pod.epoch, grace_ms)
            self.changed.notify_all()

    def list_pods(self, node: Node) -> Sequence[PodReport]:
        """What the node tells with its next beat."""
        end_s = time.monotonic() + _PATIENCE_MS / 1_000
        heard: int | None = None
        while time.monotonic() < end_s:
            reports = self._ask(node)
            if reports is not None:
                return reports
            with self.changed:
                seat = self._seat(node)
                heard = seat.beats if heard is None else heard
                self.changed.notify_all()
                if self.changed.wait_for(lambda: seat.beats > heard, _ASK_AGAIN_MS / 1_000):  # noqa: B023
                    return seat.reports
        raise NodeGone(f"node {node.name} did not beat for {_PATIENCE_MS} ms")

    def logs(self, node: Node, pod: Pod, options: LogOptions = ALL_LOGS) -> Iterator[bytes]:
        """As the backend has them."""
        self._ask(node)
        return self.backend.logs(node, pod, options)

    def run_command(
        self, node: Node, pod: Pod, container: str, command: Sequence[str], *, terminal: bool = False
    ) -> CommandSession:
        """As the backend does it, if it can."""
        self._ask(node)
        if not isinstance(self.backend, CommandRunner):
            raise InvalidInput(f"{type(self.backend).__name__} runs no commands")
        return self.backend.run_command(node, pod, container, command, terminal=terminal)

    def _ask(self, node: Node) -> Sequence[PodReport] | None:
        """What the backend says of a node, which may take its time to be sure."""
        end_s = time.monotonic() + _PATIENCE_MS / 1_000
        while True:
            try:
                return self.backend.list_pods(node)
            except NodeGone:
                raise
            except BackendError:
                if time.monotonic() > end_s:
                    raise
            with self.changed:
                self.changed.wait(_ASK_AGAIN_MS / 1_000)

    def _seat(self, node: Node) -> AgentSeat:
        seat = self.seats.get(node.name)
        if seat is None or seat.node.uid != node.uid or seat.gone:
            raise NodeGone(f"node {node.name} ({node.uid}) was never made, or is gone")
        return seat

    def _deliver_all(self, deliver: Callable[[Stimulus], None]) -> None:
        while (stimulus := self._outbox.get()) is not None:
            deliver(stimulus)

    # What a server does.

    def answer(self, name: str, bearer: str, document: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the document for a beat; returns when it is time to answer.

        :raises ManifestError: it is no beat.
        """
        beat, wait_ms = read_beat(document, Limits()), read_wait_ms(document)
        with self.changed:
            seat = self.seats.get(name)
            if seat is None or not secrets.compare_digest(bearer, seat.token):
                return 401, {"type": "about:blank", "title": "Access denied", "status": 401, "detail": f"not {name}"}
            return 200, answer_document(self._answer(seat, beat, wait_ms))

    def _answer(self, seat: AgentSeat, beat: Beat, wait_ms: int) -> Answer:
        at_ms = self._clock.now_ms()
        nothing = Answer(beat.sequence, beat.token, 0, self.interval_ms, boot=beat.boot)
        if seat.gone:
            return nothing._replace(token="", gone=True)
        standing = self._roll.receive(seat.node, beat.boot, beat.token, beat.sequence)
        if standing is Standing.LATE:
            return nothing
        known = nothing._replace(token=self._roll.token(seat.node, beat.boot))
        if standing is Standing.UNPROVED:
            return known
        seat.sequence = beat.sequence
        self._tell(seat, standing, beat, at_ms)
        self.changed.notify_all()
        self._hold(seat, beat.sequence, seat.beats, wait_ms)
        if seat.gone:
            return nothing._replace(token="", gone=True)
        start, stop = seat.orders(_now_ms()) if seat.sequence == beat.sequence else ((), ())
        return known._replace(lease_ms=self.lease_ms, start=start, stop=stop)

    def _tell(self, seat: AgentSeat, standing: Standing, beat: Beat, at_ms: int) -> None:
        if standing is Standing.JOINED:
            seat.node = evolve(seat.node, incarnation=beat.boot)
            news: list[Stimulus] = [NodeJoined(at_ms=at_ms, uid=seat.node.uid, incarnation=beat.boot)]
            news += seat.join(at_ms)
        else:
            news = seat.report(list(map(report_of, beat.pods)), at_ms)
        for each in news:
            self._outbox.put(each)

    def _hold(self, seat: AgentSeat, sequence: int, beats: int, wait_ms: int) -> None:
        """Wait until there is something to say, a later beat has come, or it has been long enough."""
        end_ms = _now_ms() + min(wait_ms, self.interval_ms)
        while not (self.closed or seat.gone or seat.sequence != sequence or seat.beats != beats):
            due_ms = seat.due_ms()
            left_ms = min(end_ms, end_ms if due_ms is None else due_ms) - _now_ms()
            if left_ms <= 0:
                return
            self.changed.wait(left_ms / 1_000)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, address: tuple[str, int], host: AgentHost) -> None:
        self.host = host
        self._links: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, which an agent keeps open for good."""
        self._links.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """It is over."""
        self._links.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An agent that dies in the midst of a beat is part of the play."""

    def hang_up(self) -> None:
        """End all connections."""
        for link in list(self._links):
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        """Take a beat."""
        beat = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = unquote(self.path.removeprefix("/v1/nodes/").removesuffix("/heartbeat"))
        host = self.server.host
        status, document = host.answer(name, self.headers.get("Authorization", "").removeprefix("Bearer "), beat)
        if host.before_answer is not None:
            host.before_answer(beat["sequence"])
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests say enough themselves."""
