"""One turn of the loop: what it changes, and whom it answers."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from kube9.controlplane.inbox import LATER, Request
from kube9.controlplane.tickets import Tickets
from kube9.core.cluster import Cluster
from kube9.core.deployments import Deployment
from kube9.core.errors import InvariantViolation, Kube9Error
from kube9.core.events import Event
from kube9.core.nodes import Node
from kube9.core.outcome import (
    Change,
    CreateNode,
    DeploymentRemoved,
    DeploymentStored,
    Instruction,
    NodeRemoved,
    NodeStored,
    Outcome,
    PodRemoved,
    PodStored,
)
from kube9.core.pods import Pod
from kube9.core.stimuli import RenewTicket, Stimulus

__all__ = ["Turn"]


class Turn:
    """Hands stimuli to the cluster, and gathers what is to be made durable, done, told and answered.

    :param now_ms: the time of every stimulus of this turn, unless one brings an earlier time that can still be used.
    :param clock_ms: the same moment on the clock, which the cluster's time may be ahead of; ``None`` where it is not.
    :param outage: why nothing can be stored just now; empty where it can.
    """

    def __init__(
        self, cluster: Cluster, tickets: Tickets, now_ms: int, *, clock_ms: int | None = None, outage: str = ""
    ) -> None:
        self.cluster, self.tickets, self.outage = cluster, tickets, outage
        self.now_ms = max(now_ms, cluster.now_ms)
        self.clock_ms = now_ms if clock_ms is None else clock_ms
        self.handled = 0
        self.instructions: list[Instruction] = []
        self.events: list[Event] = []
        self._nodes: dict[str, NodeStored | NodeRemoved] = {}
        self._pods: dict[str, PodStored | PodRemoved] = {}
        self._deployments: dict[str, DeploymentStored | DeploymentRemoved] = {}
        self._answers: list[tuple[Request[object], object, Kube9Error | None]] = []

    # What is done in the turn.

    def ask(self, request: Request[object]) -> None:
        """Do what a request wants, and note its answer.

        :raises InvariantViolation: and whatever else is no answer to anybody but a bug.
        """
        try:
            result = request.do(self)
        except InvariantViolation:
            raise
        except Kube9Error as exc:
            self._answers.append((request, None, exc))
        else:
            if result is not LATER:
                self.answer(request, result)

    def answer(self, request: Request[Any], result: object) -> None:
        """Answer a request of this turn, or one that was not answered with its own."""
        self._answers.append((request, result, None))

    def tell(self, kind: type[Stimulus], **about: Any) -> None:
        """Let the cluster handle a stimulus of this moment.

        :raises Kube9Error: it cannot be met; nothing has changed.
        """
        self.handle(kind(at_ms=self.now_ms, **about))

    def handle(self, stimulus: Stimulus) -> None:
        """Let the cluster handle a stimulus, at its own time if that is neither past nor to come."""
        cluster = self.cluster
        if not cluster.now_ms <= stimulus.at_ms <= self.now_ms:
            stimulus = evolve(stimulus, at_ms=self.now_ms)
        self.take(cluster.handle(stimulus))
        self.handled += 1

    def take(self, outcome: Outcome) -> None:
        """Gather what one stimulus led to."""
        for change in outcome.changes:
            self._note(change)
        self.events += outcome.events
        if outcome.instructions:
            self.instructions += outcome.instructions
            for instruction in outcome.instructions:
                if type(instruction) is CreateNode and instruction.node.uid not in self.tickets:
                    self._renew_ticket(instruction.node.uid)

    def _renew_ticket(self, node_uid: str) -> None:
        # In the same commit as the instruction: what is stored of the token is there before its node is.
        self.tell(RenewTicket, uid=node_uid, token_digest=self.tickets.issue(node_uid))

    def _note(self, change: Change) -> None:
        kind = type(change)
        if kind is PodStored:
            self._pods[change.pod.uid] = change  # type: ignore[union-attr,assignment]
        elif kind is PodRemoved:
            self._pods[change.uid] = change  # type: ignore[union-attr,assignment]
        elif isinstance(change, NodeStored):
            self._nodes[change.node.uid] = change
        elif isinstance(change, NodeRemoved):
            self._nodes[change.uid] = change
        elif isinstance(change, DeploymentStored):
            self._deployments[change.deployment.uid] = change
        elif isinstance(change, DeploymentRemoved):
            self._deployments[change.uid] = change

    # What has come of it.

    def changes(self) -> list[Change]:
        """The last change of each thing; what is gone goes first, so that a name it had can be given again."""
        changes: list[Change] = [*self._nodes.values(), *self._deployments.values(), *self._pods.values()]
        gone: list[Change] = [
            each for each in changes if isinstance(each, (NodeRemoved, DeploymentRemoved, PodRemoved))
        ]
        if not gone:
            return changes
        return gone + [each for each in changes if isinstance(each, (NodeStored, DeploymentStored, PodStored))]

    def answer_all(self) -> None:
        """Tell all who asked how it went."""
        for request, result, error in self._answers:
            if error is None:
                request.answer(result)
            else:
                request.refuse(error)
        self._answers.clear()

    def refuse_all(self, kind: type[Kube9Error], why: str) -> None:
        """Tell all who asked that it is not done."""
        for request, _, _ in self._answers:
            request.refuse(kind(why))
        self._answers.clear()

    # What came to be in this very turn, and so is not yet to be found among what is durable.

    def new_node(self, name: str) -> Node | None:
        stored = (each.node for each in self._nodes.values() if isinstance(each, NodeStored))
        return next((node for node in stored if node.name == name), None)

    def new_pod(self, namespace: str, name: str) -> Pod | None:
        stored = (each.pod for each in self._pods.values() if isinstance(each, PodStored))
        return next((pod for pod in stored if pod.name == name and pod.namespace == namespace), None)

    def new_deployment(self, namespace: str, name: str) -> Deployment | None:
        stored = (each.deployment for each in self._deployments.values() if isinstance(each, DeploymentStored))
        return next((each for each in stored if each.name == name and each.namespace == namespace), None)
