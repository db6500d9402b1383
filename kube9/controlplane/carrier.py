"""Carries out what the cluster says: hands instructions to backends, and their failures back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from attrs import frozen

from kube9.controlplane.backends import Backends
from kube9.controlplane.inbox import Inbox
from kube9.controlplane.lanes import Lanes
from kube9.controlplane.settings import PlaneSettings
from kube9.controlplane.tickets import Tickets
from kube9.controlplane.turn import Turn
from kube9.controlplane.view import View
from kube9.core import stimuli as s
from kube9.core.errors import Kube9Error, NodeDown, NodeGone
from kube9.core.nodes import Node
from kube9.core.outcome import CreateNode, DestroyNode, InspectNode, Instruction, RestartNode, StartPod, StopPod
from kube9.core.pods import Pod
from kube9.core.ports import Clock, JoinTicket, NodeBackend
from kube9.plugins.fault import fault

__all__ = ["Carrier"]

_log = logging.getLogger(__name__)


@frozen
class _Job:
    instruction: Instruction
    #: How often it could not even begin.
    failures: int = 0


class Carrier:
    """Begins each instruction at its node's backend, in order for one node, side by side for several.

    What becomes of an instruction the backend delivers. What could not begin is told here in its stead, or tried again
    with growing pauses where no stimulus says "not done": a stop, a destruction, an inspection.
    """

    def __init__(
        self,
        *,
        backends: Backends,
        tickets: Tickets,
        view: View,
        inbox: Inbox,
        clock: Clock,
        settings: PlaneSettings,
    ) -> None:
        self._backends, self._tickets, self._view = backends, tickets, view
        self._inbox, self._clock, self._settings = inbox, clock, settings
        self._lanes: Lanes[_Job] = Lanes(self._do, threads=settings.backend_threads, name="kube9-backend")
        #: Nodes that are going to be inspected again: however often that is asked for, once is enough.
        self._inspected_again: set[str] = set()
        self.begun = 0
        self.start, self.drain, self.close = self._lanes.start, self._lanes.drain, self._lanes.close
        self._how: Mapping[type[Instruction], tuple[Callable[..., None], Callable[..., None]]] = {
            CreateNode: (self._create_node, self._not_created),
            RestartNode: (self._restart_node, self._not_restarted),
            DestroyNode: (self._destroy_node, self._try_again),
            InspectNode: (self._inspect_node, self._try_again),
            StartPod: (self._start_pod, self._not_started),
            StopPod: (self._stop_pod, self._try_again),
        }

    def carry_out(self, instructions: Iterable[Instruction]) -> None:
        """Put instructions at the end of their nodes' lanes."""
        self._lanes.put_all((instruction.node.uid, _Job(instruction)) for instruction in instructions)

    def __len__(self) -> int:
        """How many instructions wait."""
        return len(self._lanes)

    def _do(self, job: _Job) -> None:
        instruction = job.instruction
        begin, failed = self._how[type(instruction)]
        self.begun += 1
        try:
            begin(self._backends.get(instruction.node.spec.backend), instruction)
        except NodeGone as exc:
            if isinstance(instruction, StartPod | StopPod):
                self._node_is_gone(instruction.node, instruction.pod, str(exc))
            else:
                failed(job, str(exc))
        except Kube9Error as exc:
            failed(job, str(exc))
        except (Exception, SystemExit) as exc:
            # A backend may be anybody's plugin, and its bug is a failure of that one instruction.
            _log.exception("backend %s failed; instruction=%r", instruction.node.spec.backend, instruction)
            failed(job, fault(exc))

    # How each begins.

    def _create_node(self, backend: NodeBackend, instruction: CreateNode) -> None:
        node = instruction.node
        # There is none only where the node was given up in the meantime; nobody will be let in with that one.
        ticket = self._tickets.ticket(node.uid) or JoinTicket(node_uid=node.uid)
        backend.create_node(node, ticket)

    def _restart_node(self, backend: NodeBackend, instruction: RestartNode) -> None:
        backend.restart_node(instruction.node)

    def _destroy_node(self, backend: NodeBackend, instruction: DestroyNode) -> None:
        backend.destroy_node(instruction.node)

    def _inspect_node(self, backend: NodeBackend, instruction: InspectNode) -> None:
        node = instruction.node
        try:
            pods = backend.list_pods(node)
        except NodeDown as exc:
            self._tell(s.NodeDied, uid=node.uid, incarnation=node.incarnation, reason=str(exc))
        except NodeGone:
            self._tell(s.NodeAbsent, uid=node.uid, incarnation=node.incarnation)
        else:
            if pods is not None:
                self._tell(s.NodeReported, uid=node.uid, pods=tuple(pods))

    def _start_pod(self, backend: NodeBackend, instruction: StartPod) -> None:
        backend.start_pod(instruction.node, instruction.pod)

    def _stop_pod(self, backend: NodeBackend, instruction: StopPod) -> None:
        backend.stop_pod(instruction.node, instruction.pod, instruction.grace_ms)

    # What is told of those that could not.

    def _not_created(self, job: _Job, reason: str) -> None:
        self._tell(s.CreateNodeFailed, uid=job.instruction.node.uid, reason=reason)

    def _not_restarted(self, job: _Job, reason: str) -> None:
        self._tell(s.RestartNodeFailed, uid=job.instruction.node.uid, reason=reason)

    def _not_started(self, job: _Job, reason: str) -> None:
        assert isinstance(job.instruction, StartPod)
        pod = job.instruction.pod
        self._tell(s.StartPodFailed, uid=pod.uid, epoch=pod.epoch, reason=reason)

    def _node_is_gone(self, node: Node, pod: Pod, reason: str) -> None:
        """The backend is sure that the node is down: judge it so, and let that move the pod.

        It is no failure of the pod, which would count against it, and be tried on the same dead node again.
        """
        self._inbox.put(partial(_fail_node, node.uid, pod.uid, pod.epoch, reason))

    def _try_again(self, job: _Job, reason: str) -> None:
        instruction, failures = job.instruction, job.failures
        if isinstance(instruction, InspectNode):
            if instruction.node.uid in self._inspected_again:
                return
            self._inspected_again.add(instruction.node.uid)
        pause_ms = min(self._settings.backend_retry_ms << min(failures, 16), self._settings.backend_retry_ms_max)
        _log.warning(
            "%s of node %s could not begin, next try in %s ms: %s",
            type(instruction).__name__,
            instruction.node.name,
            pause_ms,
            reason,
        )
        again = _Job(instruction, failures + 1)
        self._clock.call_at(self._clock.now_ms() + pause_ms, partial(self._put_again, again))

    def _put_again(self, job: _Job) -> None:
        if isinstance(job.instruction, InspectNode):
            self._inspected_again.discard(job.instruction.node.uid)
        if self._still_wanted(job.instruction):
            self._lanes.put_all([(job.instruction.node.uid, job)])

    def _still_wanted(self, instruction: Instruction) -> bool:
        if isinstance(instruction, StopPod):
            pod = self._view.pod_by_uid(instruction.pod.uid)
            return pod is not None and pod.epoch == instruction.pod.epoch and pod.node_uid == instruction.node.uid
        return self._view.node_by_uid(instruction.node.uid) is not None

    def _tell(self, kind: type[s.Stimulus], **about: Any) -> None:
        self._inbox.put(kind(at_ms=self._clock.now_ms(), **about))


def _fail_node(node_uid: str, pod_uid: str, epoch: int, reason: str, turn: Turn) -> None:
    """Judge a node to be down, unless it has joined anew since: then the pod was given up there, or has a new epoch."""
    pod = turn.cluster.pods.get(pod_uid)
    if pod is not None and pod.node_uid == node_uid and pod.epoch == epoch and not pod.phase.finished:
        turn.tell(s.FailNode, uid=node_uid, reason=reason)
