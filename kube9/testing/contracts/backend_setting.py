"""What the contract of a backend works with, and what an implementer may replace of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar

import pytest

from kube9.clocks import VirtualClock
from kube9.core.errors import NodeGone
from kube9.core.frozen import FrozenMap
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodSpec
from kube9.core.ports import Clock, JoinTicket, NodeBackend
from kube9.testing.contracts.contract import Contract
from kube9.testing.contracts.stage import Stage
from kube9.testing.deliveries import Deliveries

__all__ = ["GRACE_MS", "BackendSetting"]

#: What a stopped pod is given.
GRACE_MS = 1_000


class BackendSetting(Contract):
    """Fixtures, the pods that are run, and how a node is killed."""

    capabilities: ClassVar[Mapping[str, str]] = FrozenMap(
        {
            "copies": "run several epochs of one pod side by side, as no node does that refuses a second copy",
            "exec": "run a command in a container that runs (echoing_command, failing_command)",
            "exit": "run a pod that ends by itself with a given exit code (short_pod)",
            "fence": "tell that nothing of a node runs any more, as soon as its restart has made sure of that",
            "follow": "hand out what a pod goes on to write",
            "heartbeats": "hear its nodes itself; those that run kube9's agent are heard by the server, over HTTP",
            "logs": "hand out what a pod has written",
            "lose": "let a test kill a node (lose_node)",
            "many-nodes": "have several nodes at once",
            "readiness": "probe whether a pod is ready (unready_pod)",
            "reconnect": "be made anew, as when the server starts again, and find what runs (reconnected)",
            "restart": "restart a node",
            "restart-container": "start a container that ended again on its node (crashing_pod)",
            "start-error": "be given a pod that cannot start (unstartable_pod)",
        }
    )

    #: How long the contract waits for an answer, in the clock's time.
    patience_ms: ClassVar[int] = 60_000
    #: After how long without a word nothing more is expected, in the clock's time.
    quiet_ms: ClassVar[int] = 500

    #: How long the contract waits for what a pod or a command writes, in real time.
    reading_patience_s: ClassVar[float] = 60.0

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock the backend runs by."""
        return VirtualClock()

    @pytest.fixture
    def deliver(self, clock: Clock) -> Deliveries:
        """What the backend delivers to."""
        return Deliveries(clock)

    @pytest.fixture
    def backend(self) -> NodeBackend:
        """The backend to test; ask for the fixtures ``clock`` and ``deliver`` to make it."""
        self.to_override("backend", "a backend made with the fixtures 'clock' and 'deliver'")

    @pytest.fixture
    def stage(self, backend: NodeBackend, deliver: Deliveries) -> Iterator[Stage]:
        """The backend and what it told; what was made is destroyed in the end."""
        stage = Stage(backend, deliver, self.patience_ms, self.quiet_ms)
        stage.count = lambda node, pod: self.running_copies(stage.backend, node, pod)
        yield stage
        stage.clear()

    def node_spec(self, name: str) -> NodeSpec:
        """A node that the backend can make, with room for a few of the pods below."""
        return NodeSpec(name=name, capacity={"cpu": 1000, "memory": 2**30})

    def join_ticket(self, node: Node) -> JoinTicket:
        """What ``node`` needs to introduce itself."""
        return JoinTicket(node_uid=node.uid)

    def long_pod(self) -> PodSpec:
        """A pod that runs until it is stopped."""
        return PodSpec(name="long", requests={"cpu": 10, "memory": 2**20})

    def short_pod(self, exit_code: int) -> PodSpec:
        """A pod that soon exits with ``exit_code``; needed for the capability ``exit``."""
        self.to_override("short_pod", f"a pod that soon exits with {exit_code}")

    def crashing_pod(self) -> PodSpec:
        """A pod with a container that soon exits with 1, each time that it is started.

        Needed for the capability ``restart-container``, with the restart policy that a pod has where none is said.
        """
        self.to_override("crashing_pod", "a pod with a container that soon exits with 1")

    def unready_pod(self) -> PodSpec:
        """A pod that runs until it is stopped, and whose readiness probe fails at first and soon passes.

        Needed for the capability ``readiness``.
        """
        self.to_override("unready_pod", "a pod that runs and is ready only a while later")

    def unstartable_pod(self) -> PodSpec:
        """A pod that cannot start, such as one whose image does not exist; needed for ``start-error``."""
        self.to_override("unstartable_pod", "a pod that cannot start")

    def echoing_command(self) -> Sequence[str]:
        """A command that writes what it reads until its input ends, and then ends well."""
        return ["cat"]

    def failing_command(self) -> Sequence[str]:
        """A command that writes ``out`` to stdout and ``err`` to stderr, a line each, and exits with 3."""
        return ["sh", "-c", "echo out; echo err >&2; exit 3"]

    def lose_node(self, backend: NodeBackend, node: Node) -> None:
        """Kill the node as a failing machine would die; a restart must still be possible. Needed for ``lose``."""
        self.to_override("lose_node", f"a way to kill node {node.name} of {type(backend).__name__}")

    def reconnected(self, backend: NodeBackend) -> NodeBackend:
        """Another backend over the same outside world, as a server that starts again makes it; for ``reconnect``.

        ``backend`` is not asked any more, as if the server that had it was killed; only closed, if it has a ``close``,
        so that what is heard from then on is heard by the other.
        """
        self.to_override("reconnected", f"another {type(backend).__name__} over the same outside world")

    def running_copies(self, backend: NodeBackend, node: Node, pod: Pod) -> int | None:  # noqa: ARG002
        """How many copies of ``pod`` really run on ``node``, of whatever epoch, counted without asking ``backend``.

        As by looking for processes. ``None``, as here, has the contract believe what the backend says of itself.
        """
        return None

    def lose(self, stage: Stage, node: Node) -> None:
        """Kill the node."""
        stage.note("lose_node", node)
        self.lose_node(stage.backend, node)

    def reconnect(self, stage: Stage, node: Node) -> None:
        """Go on with another backend over the same outside world, and ask it about ``node``, as a new server does."""
        stage.note("reconnected", node)
        before = stage.backend
        stage.backend = self.reconnected(before)
        if before is not stage.backend and (close := getattr(before, "close", None)) is not None:
            close()
        stage.listed(node)

    def joined(self, stage: Stage, name: str = "node") -> Node:
        """A new node that has joined."""
        node = stage.new_node(self.node_spec(name))
        stage.create(node, self.join_ticket(node))
        return node

    def expected_log(self) -> bytes:
        """What the log of :meth:`long_pod` contains soon after its start."""
        return b""

    def assert_gone(self, stage: Stage, node: Node) -> None:
        """Every call about pods on ``node`` raises ``NodeGone``, and when it is made, not later."""
        pod, backend = stage.new_pod(node, self.long_pod()), stage.backend
        calls: dict[str, Callable[[], object]] = {
            "start_pod": partial(backend.start_pod, node, pod),
            "stop_pod": partial(backend.stop_pod, node, pod, GRACE_MS),
            "list_pods": partial(backend.list_pods, node),
            "logs": partial(backend.logs, node, pod),
        }
        for what, call in calls.items():
            stage.expect_refusal(NodeGone, what, node, call)
