"""A cluster's life by the seed: everything that can happen to it happens, in an order that only the seed decides."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.affinity import NodeRequirement, NodeSelectorTerm, Operator
from kube9.core.cluster import Cluster
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import Conflict, DuplicateName, InvariantViolation
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec, Taint
from kube9.core.outcome import (
    CreateNode,
    DestroyNode,
    InspectNode,
    Instruction,
    Outcome,
    RestartNode,
    StartPod,
    StopPod,
)
from kube9.core.plan import Planned
from kube9.core.pods import DeviceRequest, Pod, PodPhase, PodReport, PodSpec, Toleration
from kube9.testing.copies import Copies
from kube9.testing.stored import Stored

__all__ = ["random_run"]

T = TypeVar("T")

#: How often the control plane dies and comes back, for each time that something else happens.
_RESTARTS = 0.01


def random_run(make_cluster: Callable[[], Cluster], seed: int, steps: int = 500, check_every: int = 1) -> str:
    """Put a cluster through ``steps`` random stimuli and a few restarts; returns a digest of all it answered.

    The same seed gives the same digest in every process, unless something in the cluster or its policies depends
    on what it must not depend on, such as the order of a set.

    :param make_cluster: makes an empty cluster, the same each time: one to begin with, and one for each restart.
    :param check_every: after how many steps :meth:`Cluster.check` is called each time.
    :raises InvariantViolation: the cluster contradicts itself, what it said before, or what it had said was planned.
    """
    world = _World(make_cluster, random.Random(seed))
    for step in range(1, steps + 1):
        world.step()
        if step % check_every == 0:
            world.check()
    return world.digest.hexdigest()


class _World:
    """Nodes, users and time, as a cluster meets them."""

    def __init__(self, make_cluster: Callable[[], Cluster], rng: random.Random) -> None:
        self.make_cluster, self.rng = make_cluster, rng
        self.cluster = make_cluster()
        self.stored, self.copies = Stored(), Copies()
        self.at_ms = self.made = 0
        self.to_do: list[Instruction] = []
        self.digest = hashlib.sha256()
        # What may happen next, and how often it does for each time that something else does.
        turns: list[tuple[Callable[[], s.Stimulus | None], int]] = [
            (self.answer, 30),
            (self.launch_pod, 16),
            (self.exit_pod, 10),
            (self.pass_time, 6),
            (self.tell_health, 4),
            (self.apply_deployment, 4),
            (self.add_node, 7),
            (self.judge_node, 4),
            (self.fail_node, 3),
            (self.hold_moves, 1),
            (self.repeat_report, 3),
            (self.delete_pod, 3),
            (self.scale_deployment, 3),
            (self.cordon_node, 2),
            (self.drain_node, 3),
            (self.cancel_drain, 1),
            (self.inspect_node, 2),
            (self.look_after_node, 1),
            (self.describe_node, 1),
            (self.delete_node, 1),
            (self.forget_node, 1),
            (self.renew_ticket, 1),
            (self.delete_deployment, 1),
        ]
        self.turns, self.weights = zip(*turns, strict=True)

    def step(self) -> None:
        if self.rng.random() < _RESTARTS:
            self.restart()
            return
        stimulus = None
        while stimulus is None:
            stimulus = self.rng.choices(self.turns, self.weights)[0]()
        planned = self.plan(stimulus) if isinstance(stimulus, s.LaunchPod) else None
        self.copies.note(stimulus, self.cluster)
        try:
            outcome = self.cluster.handle(stimulus)
        except (Conflict, DuplicateName) as exc:
            self.digest.update(repr((stimulus, exc)).encode())
            return
        self.stored.take(outcome)
        self.check_copies(outcome)
        self.to_do += outcome.instructions
        self.digest.update(repr((stimulus, outcome)).encode())
        if planned is not None and isinstance(stimulus, s.LaunchPod):
            self.compare(planned, self.cluster.pods[stimulus.uid])

    def plan(self, stimulus: s.LaunchPod) -> Planned | None:
        """What the cluster promises of a pod that it is asked for next, if nothing else is due in the same turn."""
        due_ms = self.cluster.due_at_ms
        if self.rng.random() < 0.8 or (due_ms is not None and due_ms <= stimulus.at_ms):
            return None
        return self.cluster.plan([stimulus.spec, self.pod_spec("more")])[0]

    def compare(self, planned: Planned, pod: Pod) -> None:
        node = None if pod.node_uid is None else self.cluster.nodes[pod.node_uid].name
        if node != planned.node_name:
            raise InvariantViolation(f"{planned} was planned, and {pod.name} went to {node}")

    def restart(self) -> None:
        """The control plane dies, and comes back to what it has stored; what it was about to do is not done."""
        self.cluster, outcome = self.stored.restart(self.make_cluster, self.later())
        self.copies.restart(self.at_ms)
        self.check_copies(outcome)
        self.to_do = list(outcome.instructions)
        self.digest.update(repr(outcome).encode())

    def check(self) -> None:
        self.cluster.check()
        try:
            self.stored.check(self.cluster)
        except AssertionError as exc:
            raise InvariantViolation(str(exc)) from exc

    def check_copies(self, outcome: Outcome) -> None:
        try:
            self.copies.check(outcome, self.cluster)
        except AssertionError as exc:
            raise InvariantViolation(str(exc)) from exc

    def later(self) -> int:
        self.at_ms += self.rng.choice((0, 0, 1, 20, 300))
        return self.at_ms

    def one_of(self, things: Sequence[T]) -> T | None:
        return self.rng.choice(things) if things else None

    def any_node(self) -> Node | None:
        return self.one_of(list(self.cluster.nodes.values()))

    # What backends say.

    def answer(self) -> s.Stimulus | None:
        """A backend has done what it was told, or could not; now and then it will say so again."""
        if not self.to_do:
            return None
        number = self.rng.randrange(len(self.to_do))
        instruction = self.to_do[number] if self.rng.random() < 0.1 else self.to_do.pop(number)
        well = self.rng.random() < (0.5 if isinstance(instruction, RestartNode) else 0.8)
        if isinstance(instruction, StartPod | StopPod):
            return self.answer_about_pod(instruction, well=well)
        at_ms, uid = self.later(), instruction.node.uid
        if isinstance(instruction, InspectNode):
            return self.report(instruction.node) if well else self.not_there(uid)
        if isinstance(instruction, DestroyNode):
            return s.DestroyNodeDone(at_ms=at_ms, uid=uid)
        if well:
            return s.NodeJoined(at_ms=at_ms, uid=uid, incarnation=self.rng.choice(("", "", "a", "b")))
        if isinstance(instruction, RestartNode) and self.rng.random() < 0.2:
            self.to_do.append(instruction)
            return s.NodeFenced(at_ms=at_ms, uid=uid, incarnation=self.rng.choice(("", "a")))
        if isinstance(instruction, CreateNode):
            return s.CreateNodeFailed(at_ms=at_ms, uid=uid, reason="quota")
        assert isinstance(instruction, RestartNode)
        return s.RestartNodeFailed(at_ms=at_ms, uid=uid, reason="off")

    def answer_about_pod(self, instruction: StartPod | StopPod, *, well: bool) -> s.Stimulus:
        at_ms, pod = self.later(), instruction.pod
        if isinstance(instruction, StopPod):
            return s.StopPodDone(at_ms=at_ms, uid=pod.uid, epoch=pod.epoch)
        if well:
            return s.PodStarted(at_ms=at_ms, uid=pod.uid, epoch=pod.epoch)
        return s.StartPodFailed(at_ms=at_ms, uid=pod.uid, epoch=pod.epoch, reason="no image")

    def report(self, node: Node) -> s.NodeReported:
        """What runs there: mostly what the cluster thinks, less what is gone, more what should be."""
        bound = [pod for pod in self.cluster.pods.values() if pod.node_uid == node.uid and not pod.phase.finished]
        reports = [self.copy_of(pod) for pod in bound if self.rng.random() < 0.8]
        elsewhere = self.one_of(list(self.cluster.pods.values()))
        if elsewhere is not None and elsewhere.epoch and self.rng.random() < 0.3:
            reports.append(evolve(self.copy_of(elsewhere), epoch=elsewhere.epoch - 1))
        if self.rng.random() < 0.2:
            reports.append(PodReport(pod_uid="nobody-knows", epoch=1, phase=PodPhase.RUNNING))
        return s.NodeReported(at_ms=self.later(), uid=node.uid, pods=tuple(reports))

    def copy_of(self, pod: Pod) -> PodReport:
        phases = (PodPhase.STARTING, PodPhase.RUNNING, PodPhase.RUNNING, PodPhase.SUCCEEDED, PodPhase.FAILED)
        phase = self.rng.choice(phases)
        if phase is PodPhase.FAILED and self.rng.random() < 0.3:
            return PodReport(pod_uid=pod.uid, epoch=pod.epoch, phase=phase, error="no image")
        exit_code = {PodPhase.SUCCEEDED: 0, PodPhase.FAILED: 1}.get(phase)
        return PodReport(pod_uid=pod.uid, epoch=pod.epoch, phase=phase, exit_code=exit_code)

    def inspect_node(self) -> s.Stimulus | None:
        """It was asked although the control plane was not away."""
        node = self.any_node()
        if node is None:
            return None
        return self.report(node) if self.rng.random() < 0.7 else self.not_there(node.uid)

    def describe_node(self) -> s.Stimulus | None:
        """Its backend found out more of it, perhaps too late."""
        node = self.any_node()
        return None if node is None else s.NodeDescribed(at_ms=self.later(), uid=node.uid, capacity={"disk": 5})

    def not_there(self, uid: str) -> s.Stimulus:
        """It is gone, or it is only down."""
        kind = self.rng.choice((s.NodeAbsent, s.NodeDied))
        return kind(at_ms=self.later(), uid=uid, incarnation=self.rng.choice(("", "a")))

    def look_after_node(self) -> s.Stimulus | None:
        """It is not heard, though it may be well."""
        node = self.any_node()
        return None if node is None else s.LookAfterNode(at_ms=self.later(), uid=node.uid)

    def exit_pod(self) -> s.Stimulus | None:
        pod = self.one_of([pod for pod in self.cluster.pods.values() if pod.node_uid and not pod.phase.finished])
        if pod is None:
            return None
        return s.PodExited(at_ms=self.later(), uid=pod.uid, epoch=pod.epoch, exit_code=self.rng.choice((0, 0, 1)))

    def tell_health(self) -> s.Stimulus | None:
        """A pod became ready, or is not any more; now and then it was started again, or this is old news."""
        bound = [pod for pod in self.cluster.pods.values() if pod.node_uid and not pod.phase.finished]
        sick = [pod for pod in bound if pod.started_at_ms is not None and not pod.ready]
        pod = self.one_of(sick or bound)
        if pod is None:
            return None
        restarts = max(0, pod.restarts + self.rng.choice((-1, 0, 0, 1)))
        ready = self.rng.random() < 0.6
        reason = "" if ready else self.rng.choice(("NotReady: not yet", "Unhealthy: it hangs"))
        return s.PodHealthChanged(
            at_ms=self.later(), uid=pod.uid, epoch=pod.epoch, ready=ready, restarts=restarts, reason=reason
        )

    def repeat_report(self) -> s.Stimulus | None:
        """A report of an epoch that is over, or soon will be."""
        pod = self.one_of(list(self.cluster.pods.values()))
        if pod is None:
            return None
        kind = self.rng.choice((s.PodStarted, s.PodExited, s.StopPodDone))
        return kind(at_ms=self.later(), uid=pod.uid, epoch=max(0, pod.epoch - 1))

    def judge_node(self) -> s.Stimulus | None:
        """Mostly one that is up."""
        up = [node for node in self.cluster.nodes.values() if node.phase in (NodePhase.READY, NodePhase.SUSPECT)]
        node = self.one_of(up) if self.rng.random() < 0.7 else self.any_node()
        if node is None:
            return None
        kinds = (
            s.SuspectNode,
            s.SuspectNode,
            s.TrustNode,
            s.Heartbeat,
            s.FailNode,
            s.GiveUpNode,
            s.NodeJoined,
        )
        return self.rng.choice(kinds)(at_ms=self.later(), uid=node.uid)

    def fail_node(self) -> s.Stimulus | None:
        """With pods that may run on for a while."""
        busy = {pod.node_uid for pod in self.cluster.pods.values() if not pod.phase.finished}
        node = self.one_of([node for node in self.cluster.nodes.values() if node.uid in busy and not node.down])
        if node is None:
            return None
        lease_left_ms = self.rng.choice((0, 20, 1000))
        return s.FailNode(at_ms=self.later(), uid=node.uid, reason="silent", lease_left_ms=lease_left_ms)

    def hold_moves(self) -> s.Stimulus:
        return s.HoldMoves(at_ms=self.later(), reason=self.rng.choice(("", "", "most nodes look dead")))

    # What users ask for.

    def launch_pod(self) -> s.Stimulus:
        """Now and then under a name that a deployment would give."""
        self.made += 1
        name = f"p{self.made}" if self.rng.random() < 0.9 else f"web-{self.rng.randint(1, 9)}"
        return s.LaunchPod(at_ms=self.later(), uid=f"pod-{self.made}", spec=self.pod_spec(name))

    def pod_spec(self, name: str) -> PodSpec:
        rng = self.rng
        requests = {"cpu": rng.choice((100, 500, 1000, 4000)), "memory": rng.randrange(2**30)}
        devices = (DeviceRequest(kind="gpu", count=rng.randint(1, 2), milli=rng.choice((300, 1000))),)
        not_here = NodeRequirement(key="zone", operator=Operator.NOT_IN, values=(rng.choice("ab"),))
        return PodSpec(
            name=name,
            requests=dict(rng.sample(sorted(requests.items()), rng.randint(1, 2))),
            devices=devices if rng.random() < 0.2 else (),
            node_selector={"zone": rng.choice("ab")} if rng.random() < 0.2 else {},
            node_affinity=(NodeSelectorTerm(expressions=(not_here,)),) if rng.random() < 0.1 else (),
            tolerations=(Toleration(key="gpu", exists=True),) if rng.random() < 0.5 else (),
            priority=rng.choice((0, 0, 5)),
        )

    def delete_pod(self) -> s.Stimulus | None:
        pod = self.one_of(list(self.cluster.pods.values()))
        return None if pod is None else s.DeletePod(at_ms=self.later(), uid=pod.uid)

    def apply_deployment(self) -> s.Stimulus:
        """A new one, or another state of one that is there."""
        rng = self.rng
        self.made += 1
        name = rng.choice(("web", "web", "db", "job"))
        spec = DeploymentSpec(
            name=name,
            replicas=rng.choice((0, 1, 3, 6)),
            template=self.pod_spec(name),
            max_unavailable=rng.choice((1, 1, 2)),
        )
        return s.ApplyDeployment(at_ms=self.later(), uid=f"deployment-{self.made}", spec=spec)

    def scale_deployment(self) -> s.Stimulus | None:
        each = self.one_of(list(self.cluster.deployments.values()))
        if each is None:
            return None
        return s.ScaleDeployment(at_ms=self.later(), uid=each.uid, replicas=self.rng.choice((0, 1, 2, 5)))

    def delete_deployment(self) -> s.Stimulus | None:
        each = self.one_of(list(self.cluster.deployments.values()))
        return None if each is None else s.DeleteDeployment(at_ms=self.later(), uid=each.uid)

    def add_node(self) -> s.Stimulus:
        rng = self.rng
        self.made += 1
        spec = NodeSpec(
            name=f"n{self.made}",
            capacity={"cpu": rng.choice((2000, 8000)), "memory": 2**32, **({"pods": 3} if rng.random() < 0.2 else {})},
            devices=(DeviceGroup(kind="gpu", count=rng.randint(1, 4)),) if rng.random() < 0.4 else (),
            labels={"zone": rng.choice("ab")},
            taints=(Taint("gpu"),) if rng.random() < 0.2 else (),
        )
        return s.AddNode(at_ms=self.later(), uid=f"node-{self.made}", spec=spec)

    def cordon_node(self) -> s.Stimulus | None:
        node = self.any_node()
        if node is None:
            return None
        return s.CordonNode(at_ms=self.later(), uid=node.uid, cordoned=self.rng.random() < 0.4)

    def drain_node(self) -> s.Stimulus | None:
        """Mostly one that has pods."""
        rng = self.rng
        busy = {pod.node_uid for pod in self.cluster.pods.values() if not pod.phase.finished}
        node = self.one_of([node for node in self.cluster.nodes.values() if node.uid in busy or rng.random() < 0.1])
        if node is None:
            return None
        return s.DrainNode(
            at_ms=self.later(),
            uid=node.uid,
            deadline_ms=rng.choice((None, 0, 300, 5000)),
            parallel=rng.choice((1, 1, 2)),
            interval_ms=rng.choice((0, 0, 100)),
            move_batch=rng.random() < 0.2,
        )

    def cancel_drain(self) -> s.Stimulus | None:
        """Of any node, where none is drained."""
        drained = [node for node in self.cluster.nodes.values() if node.drain is not None]
        node = self.one_of(drained) or self.any_node()
        if node is None:
            return None
        return s.CancelDrain(at_ms=self.later(), uid=node.uid, cordoned=self.rng.random() < 0.3)

    def delete_node(self) -> s.Stimulus | None:
        node = self.any_node()
        return None if node is None else s.DeleteNode(at_ms=self.later(), uid=node.uid)

    def forget_node(self) -> s.Stimulus | None:
        """Which is refused as long as the node may run something."""
        node = self.any_node()
        return None if node is None else s.ForgetNode(at_ms=self.later(), uid=node.uid)

    def renew_ticket(self) -> s.Stimulus | None:
        node = self.any_node()
        return None if node is None else s.RenewTicket(at_ms=self.later(), uid=node.uid, token_digest="ab" * 32)

    def pass_time(self) -> s.Stimulus:
        due_ms = self.cluster.due_at_ms
        self.at_ms = max(self.at_ms, due_ms if due_ms is not None else self.at_ms + 100)
        return s.TimePassed(at_ms=self.at_ms)
