"""What a test of a backend works with: calls in a word, and what became of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

from attrs import define, evolve, field

from kube9.core.errors import BackendError
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.ports import JoinTicket, NodeBackend, PodReport
from kube9.core.stimuli import DestroyNodeDone, Heartbeat, NodeJoined, PodStarted, Stimulus
from kube9.testing.deliveries import Deliveries

__all__ = ["Stage"]

E = TypeVar("E", bound=Exception)

#: How many of the last calls are told with what went wrong.
_CALLS_TOLD = 12


@define(eq=False)
class Stage:
    """A backend, what it delivered, and the nodes made with it, which :meth:`clear` destroys."""

    backend: NodeBackend
    deliveries: Deliveries
    patience_ms: int
    quiet_ms: int
    #: How many copies of a pod run on a node, of whatever epoch, counted from outside; ``None`` for nobody can count.
    count: Callable[[Node, Pod], int | None] = field(default=lambda _node, _pod: None)
    #: The calls that were made, in words, and the uid of the node each is about.
    calls: list[tuple[str, str]] = field(factory=list, init=False)
    nodes: list[Node] = field(factory=list, init=False)
    #: In every uid, so that what another run of the tests left in the outside world is not taken for this one's.
    mark: str = field(factory=lambda: secrets.token_hex(4), init=False)

    @property
    def ask(self) -> NodeBackend:
        """The backend; what it is called with by way of this is told with what goes wrong."""
        return cast("NodeBackend", _Noting(self.backend, self.note))

    def note(self, name: str, node: Node, *more: object) -> None:
        """Keep that something was called."""
        words = [node.name, *(f"{each.name} epoch {each.epoch}" for each in more if isinstance(each, Pod))]
        self.calls.append((node.uid, f"{name}({', '.join(words)})"))

    def story(self, node: Node | None = None) -> str:
        """What was called, or what was called about ``node``."""
        calls = [told for uid, told in self.calls if node is None or uid == node.uid]
        earlier = ["..."] if len(calls) > _CALLS_TOLD else []
        return f"the calls: {', '.join(earlier + calls[-_CALLS_TOLD:]) or 'none'}"

    def new_node(self, spec: NodeSpec) -> Node:
        """A node of its own uid that the backend does not know yet."""
        number = len(self.nodes) + 1
        node = Node(uid=f"n{number}-{self.mark}", spec=spec, ordinal=number)
        self.nodes.append(node)
        return node

    def create(self, node: Node, ticket: JoinTicket) -> None:
        """Create ``node``, and wait until it has joined."""
        self.ask.create_node(node, ticket)
        self.expect(NodeJoined, node.uid)

    def new_pod(self, node: Node, spec: PodSpec, name: str = "pod", epoch: int = 1) -> Pod:
        """A pod bound to ``node``; the same name is the same pod."""
        return Pod(
            uid=f"{name}-{self.mark}",
            spec=evolve(spec, name=f"{spec.name}-{name}"),
            ordinal=1,
            created_at_ms=0,
            phase=PodPhase.STARTING,
            node_uid=node.uid,
            epoch=epoch,
        )

    def start(self, node: Node, pod: Pod) -> None:
        """Start ``pod``, and wait until it was told that it runs."""
        self.ask.start_pod(node, pod)
        self.expect(PodStarted, pod.uid, pod.epoch)

    def heard(self, kind: type[Stimulus], uid: str, epoch: int | None = None) -> int:
        """How often it was told so far."""
        return len(self.deliveries.of(kind, uid, epoch))

    def expect(self, kind: type[Stimulus], uid: str, epoch: int | None = None, times: int = 1) -> None:
        """Wait until it was told that often."""
        came = self.deliveries.wait_for(lambda: self.heard(kind, uid, epoch) >= times, self.patience_ms)
        which = uid if epoch is None else f"{uid} epoch {epoch}"
        others = [each for each in self.deliveries.all if not isinstance(each, Heartbeat)]
        heard = "\n".join(f"  {each}" for each in others) or "  nothing"
        assert came, (
            f"{kind.__name__} of {which} did not come {times} times in {self.patience_ms} ms; {self.story()}; "
            f"came:\n{heard}"
        )

    def settle(self) -> None:
        """Wait until whatever is still to be told surely was."""
        self.deliveries.settle(self.quiet_ms)

    def listed(self, node: Node) -> Sequence[PodReport]:
        """What runs or ran on the node."""
        reports = self.backend.list_pods(node)
        assert reports is not None, "the contract is for whoever can tell what runs: a backend together with its agents"
        return reports

    def reports(self, node: Node, pod: Pod) -> list[PodReport]:
        """What the node says of this pod, of every epoch."""
        return [report for report in self.listed(node) if report.pod_uid == pod.uid]

    def epochs_alive(self, node: Node, pod: Pod) -> list[int]:
        """The epochs of this pod that start or run on the node."""
        alive = (PodPhase.STARTING, PodPhase.RUNNING)
        return sorted(report.epoch for report in self.reports(node, pod) if report.phase in alive)

    def expect_alive(self, node: Node, pod: Pod, epochs: Sequence[int]) -> None:
        """Just these epochs of ``pod`` run on ``node``, as the node says, and as whoever can count them says."""
        alive, wanted = self.epochs_alive(node, pod), list(epochs)
        assert alive == wanted, (
            f"list_pods({node.name}) gives epochs {alive} of {pod.name} as alive, expected {wanted}; {self.story(node)}"
        )
        self.expect_copies(node, pod, len(wanted))

    def expect_copies(self, node: Node, pod: Pod, wanted: int) -> None:
        """So many copies of ``pod`` run on ``node``, where somebody can count them."""
        counted = self.count(node, pod)
        assert counted is None or counted == wanted, (
            f"running_copies counts {counted} of {pod.name} on {node.name}, expected {wanted}; {self.story(node)}"
        )

    def expect_never(self, kind: type[Stimulus], node: Node, pod: Pod) -> None:
        """It was not told of this epoch so far."""
        told = self.deliveries.of(kind, pod.uid, pod.epoch)
        assert not told, f"{kind.__name__} came of {pod.name} epoch {pod.epoch}: {told[0]}; {self.story(node)}"

    def expect_refusal(self, kind: type[E], what: str, node: Node, call: Callable[[], object]) -> E:
        """``call`` raises ``kind`` when it is made; returns what it raised.

        :param what: is called, in words.
        """
        try:
            given = call()
        except kind as exc:
            return exc
        raise AssertionError(f"{what} on {node.name} gave {given!r}, expected {kind.__name__}; {self.story(node)}")

    def clear(self) -> None:
        """Destroy every node, as far as that is possible."""
        for node in self.nodes:
            before = self.heard(DestroyNodeDone, node.uid)
            with suppress(BackendError):
                self.backend.destroy_node(evolve(node, deleting=True, phase=NodePhase.READY))
                self.deliveries.wait_for(
                    lambda uid=node.uid, before=before: self.heard(DestroyNodeDone, uid) > before,  # type: ignore[misc]
                    self.patience_ms,
                )


class _Noting:
    """Hands calls on, and notes those about nodes."""

    def __init__(self, backend: NodeBackend, note: Callable[..., None]) -> None:
        self._backend, self._note = backend, note

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._backend, name)

        def call(*given: Any) -> Any:
            self._note(name, *given)
            return method(*given)

        return call
