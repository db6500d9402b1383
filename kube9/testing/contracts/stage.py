"""What a test of a backend works with: calls in a word, and what became of them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress

from attrs import define, evolve, field

from kube9.core.errors import BackendError
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.ports import JoinTicket, NodeBackend, PodReport
from kube9.core.stimuli import DestroyNodeDone, NodeJoined, PodStarted, Stimulus
from kube9.testing.deliveries import Deliveries

__all__ = ["Stage"]


@define(eq=False)
class Stage:
    """A backend, what it delivered, and the nodes made with it, which :meth:`clear` destroys."""

    backend: NodeBackend
    deliveries: Deliveries
    patience_ms: int
    quiet_ms: int
    nodes: list[Node] = field(factory=list, init=False)
    #: In every uid, so that what another run of the tests left in the outside world is not taken for this one's.
    mark: str = field(factory=lambda: secrets.token_hex(4), init=False)

    def new_node(self, spec: NodeSpec) -> Node:
        """A node of its own uid that the backend does not know yet."""
        number = len(self.nodes) + 1
        node = Node(uid=f"n{number}-{self.mark}", spec=spec, ordinal=number)
        self.nodes.append(node)
        return node

    def create(self, node: Node, ticket: JoinTicket) -> None:
        """Create ``node``, and wait until it has joined."""
        self.backend.create_node(node, ticket)
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
        self.backend.start_pod(node, pod)
        self.expect(PodStarted, pod.uid, pod.epoch)

    def heard(self, kind: type[Stimulus], uid: str, epoch: int | None = None) -> int:
        """How often it was told so far."""
        return len(self.deliveries.of(kind, uid, epoch))

    def expect(self, kind: type[Stimulus], uid: str, epoch: int | None = None, times: int = 1) -> None:
        """Wait until it was told that often."""
        came = self.deliveries.wait_for(lambda: self.heard(kind, uid, epoch) >= times, self.patience_ms)
        which = uid if epoch is None else f"{uid} epoch {epoch}"
        heard = "\n".join(f"  {each}" for each in self.deliveries.all) or "  nothing"
        assert came, f"{kind.__name__} of {which} did not come {times} times in {self.patience_ms} ms; came:\n{heard}"

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
