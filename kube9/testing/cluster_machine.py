"""A Hypothesis state machine that does everything to a cluster that can be done to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import Conflict
from kube9.core.nodes import DeviceGroup, NodePhase, NodeSpec
from kube9.core.outcome import InspectNode, Outcome, StartPod
from kube9.core.pods import DeviceRequest, Pod, PodPhase, PodReport, PodSpec
from kube9.testing.capacity import assert_within_capacity
from kube9.testing.copies import Copies
from kube9.testing.fitting import fits
from kube9.testing.stored import Stored
from kube9.testing.strategies import node_specs, pod_specs

__all__ = ["ClusterMachine"]

T = TypeVar("T")

#: Says which of several things is meant, whatever their number is by then.
_pick = st.integers(0, 2**16)
_reason = st.sampled_from(("", "because"))
_replicas = st.integers(0, 4)
#: How a node is drained; mostly one by one, and for longer than a step takes.
_drains = st.fixed_dictionaries(
    {},
    optional={
        "deadline_ms": st.sampled_from((None, 0, 1, 60_000)),
        "parallel": st.integers(1, 3),
        "interval_ms": st.sampled_from((0, 1000)),
        "move_batch": st.booleans(),
    },
)
#: Which boot of a node it is about; empty where that cannot be told.
_incarnation = st.sampled_from(("", "", "first", "second"))
#: What a node says of a copy that it is asked about; ``None`` for nothing.
_reported = st.none() | st.sampled_from((PodPhase.STARTING, PodPhase.RUNNING, PodPhase.SUCCEEDED, PodPhase.FAILED))

# Half of the nodes and pods are plain, or most pods would fit nowhere and little would happen.
_gpus = DeviceGroup(kind="gpu", count=2)
_plain_node = NodeSpec(name="node", capacity={"cpu": 4000, "memory": 2**33}, devices=(_gpus,))
_plain_pod = PodSpec(name="pod", requests={"cpu": 500})
_nodes = st.just(_plain_node) | node_specs()
_pods = st.builds(
    PodSpec,
    name=st.just("pod"),
    requests=st.fixed_dictionaries({"cpu": st.sampled_from((0, 700, 2000))}),
    devices=st.sampled_from(((), (), (DeviceRequest(kind="gpu", count=1, milli=400),))),
    priority=st.sampled_from((0, 0, 5)),
) | pod_specs(per_node=8)


class ClusterMachine(RuleBasedStateMachine):
    """Override :meth:`make_cluster`, and let pytest collect ``TestCase`` of the class, to try a policy in earnest.

    After every step the cluster checks itself, and is held against plain sums over its own nodes and pods, against
    what a store would have by now, against the rule that nothing waits that fits, and against the rule that no pod
    starts as long as it may run elsewhere. Now and then the control plane dies and another cluster goes on from what
    was stored.
    """

    def make_cluster(self) -> Cluster:
        """A new and empty cluster, with a queue discipline that does not block; the same each time."""
        raise NotImplementedError(f"override 'make_cluster' in {type(self).__name__}")

    @initialize(specs=st.lists(_nodes, min_size=1, max_size=3))
    def begin(self, specs: Sequence[NodeSpec]) -> None:
        """Make the cluster, with a few nodes that are up."""
        self.cluster = self.make_cluster()
        self.at_ms = self.made = 0
        self.stored, self.copies = Stored(), Copies()
        #: Every start that was ever asked for.
        self.starts: list[StartPod] = []
        self.epochs: dict[str, int] = {}
        for spec in specs:
            self.add_node(spec, joins=True)

    def handle(self, stimulus: s.Stimulus) -> Outcome:
        """Let the cluster have it, and keep track of what it says."""
        self.copies.note(stimulus, self.cluster)
        before = {uid: len(node.drain.moving) for uid, node in self.cluster.nodes.items() if node.drain}
        outcome = self.cluster.handle(stimulus)
        self.stored.take(outcome)
        self.copies.check(outcome, self.cluster)
        self._note_starts(outcome, again=isinstance(stimulus, s.NodeReported))
        self._check_pace(before)
        return outcome

    def _check_pace(self, before: dict[str, int]) -> None:
        """No drain has more under way than it may, unless it had them when it was told to go slower."""
        for uid, node in self.cluster.nodes.items():
            if node.drain is not None:
                most = max(node.drain.parallel, before.get(uid, 0))
                assert len(node.drain.moving) <= most, f"{node.drain.moving} move off {uid} at a time, not {most}"

    def report(self, stimulus: s.Stimulus) -> None:
        """Let the cluster have what a node says of a pod, and then the same again, which is news to nobody."""
        self.handle(stimulus)
        again = self.handle(stimulus)
        assert (again.changes, again.instructions) == ((), ()), f"{stimulus} was taken for news twice: {again}"

    def _note_starts(self, outcome: Outcome, *, again: bool = False) -> None:
        """``again``: whether starts may be among them that were asked for before, the node knowing nothing of them."""
        for instruction in outcome.instructions:
            if isinstance(instruction, StartPod) and not (again and self._was_asked_for(instruction)):
                self._note_start(instruction)

    def _was_asked_for(self, start: StartPod) -> bool:
        before = [(each.node.uid, each.pod.uid, each.pod.epoch) for each in self.starts]
        return (start.node.uid, start.pod.uid, start.pod.epoch) in before

    def _note_start(self, start: StartPod) -> None:
        """A pod may be started only where it is allowed, and under an epoch that is new."""
        pod, node = start.pod, start.node
        assert pod.epoch > self.epochs.get(pod.uid, 0), f"{pod.uid} was bound again under epoch {pod.epoch}"
        assert node.schedulable, f"{pod.uid} was bound to {node.name}, which takes no pods"
        labels, wanted = node.spec.labels, pod.spec.node_selector
        carries = all(labels.get(key) == value for key, value in wanted.items())
        assert carries, f"{pod.uid} selects {wanted} and was bound to {node.name}, which is labelled {labels}"
        terms = pod.spec.node_affinity
        required = not terms or any(term.matches(node.name, labels) for term in terms)
        assert required, f"{pod.uid} requires {terms} and was bound to {node.name}, which is labelled {labels}"
        self.epochs[pod.uid] = pod.epoch
        self.starts.append(start)

    def any_node(self, pick: int) -> str:
        """The uid of one of the nodes."""
        return _one(list(self.cluster.nodes), pick)

    def any_deployment(self, pick: int) -> str:
        """The uid of one of the deployments."""
        return _one(list(self.cluster.deployments), pick)

    def any_pod(self, pick: int) -> Pod:
        """One of the pods."""
        return _one(list(self.cluster.pods.values()), pick)

    def any_start(self, pick: int) -> Pod:
        """A pod as it was told to start: three times in four one that is still there, if any is."""
        present = [start.pod for start in self.starts if self._is_present(start.pod)]
        if pick % 4 and present:
            return _one(present, pick)
        return _one(self.starts, pick).pod

    def _is_present(self, started: Pod) -> bool:
        now = self.cluster.pods.get(started.uid)
        return now is not None and now.epoch == started.epoch and now.node_uid is not None and not now.phase.finished

    # What users ask for.

    @rule(spec=_nodes, joins=st.booleans())
    def add_node(self, spec: NodeSpec, joins: bool) -> None:
        """Half of them come up at once, so that there is something to work with."""
        self.made += 1
        uid = f"n{self.made}"
        self.handle(s.AddNode(at_ms=self.at_ms, uid=uid, spec=evolve(spec, name=uid)))
        if joins:
            self.handle(s.NodeJoined(at_ms=self.at_ms, uid=uid))

    @rule(spec=_pods, number=st.integers(1, 4))
    def launch_pods(self, spec: PodSpec, number: int) -> None:
        """Several of one shape, as a workload has them."""
        for _ in range(number):
            self.made += 1
            uid = f"p{self.made}"
            self.handle(s.LaunchPod(at_ms=self.at_ms, uid=uid, spec=evolve(spec, name=uid)))

    @precondition(lambda self: self.cluster.pods)
    @rule(pick=_pick)
    def delete_pod(self, pick: int) -> None:
        """Whatever it is doing."""
        self.handle(s.DeletePod(at_ms=self.at_ms, uid=self.any_pod(pick).uid))

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, on=st.booleans())
    def cordon_node(self, pick: int, on: bool) -> None:
        """Or the opposite."""
        self.handle(s.CordonNode(at_ms=self.at_ms, uid=self.any_node(pick), cordoned=on))

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, how=_drains, stopped=st.booleans())
    def drain_node(self, pick: int, how: dict[str, Any], stopped: bool) -> None:
        """The pods that go first stop at once, or when something else says so; of a node that has some, if any does."""
        busy = [uid for uid in self.cluster.nodes if self.cluster.pods_on(uid)]
        node_uid = _one(busy or list(self.cluster.nodes), pick)
        self.handle(s.DrainNode(at_ms=self.at_ms, uid=node_uid, **how))
        assert self.cluster.nodes[node_uid].cordoned, f"{node_uid} is drained and takes pods"
        for pod in self._told_to_stop(node_uid) if stopped else ():
            self.report(s.StopPodDone(at_ms=self.at_ms, uid=pod.uid, epoch=pod.epoch))

    @rule(replicas=st.integers(1, 4), how=_drains)
    def drain_under_a_deployment(self, replicas: int, how: dict[str, Any]) -> None:
        """One whose pods run, and could run elsewhere: by chance that is seldom so."""
        self.add_node(_plain_node, joins=True)
        home = f"n{self.made}"
        self.apply_deployment("web", _plain_pod, replicas, 1)
        self._all_run()
        self.add_node(_plain_node, joins=True)
        if home in self.cluster.nodes:
            self.handle(s.DrainNode(at_ms=self.at_ms, uid=home, **how))

    @precondition(lambda self: self._drained())
    @rule(pick=_pick)
    def go_on_draining(self, pick: int) -> None:
        """Whoever was told to stop on a node that is drained has stopped, and whoever starts runs."""
        node_uid = _one(self._drained(), pick)
        for pod in self._told_to_stop(node_uid):
            self.report(s.StopPodDone(at_ms=self.at_ms, uid=pod.uid, epoch=pod.epoch))
        self._all_run()

    def _all_run(self) -> None:
        for pod in list(self.cluster.pods.values()):
            if pod.phase is PodPhase.STARTING:
                self.report(s.PodStarted(at_ms=self.at_ms, uid=pod.uid, epoch=pod.epoch))

    def _drained(self) -> list[str]:
        return [node.uid for node in self.cluster.nodes.values() if node.drain is not None]

    def _told_to_stop(self, node_uid: str) -> list[Pod]:
        there = (pod for pod in self.cluster.pods.values() if pod.node_uid == node_uid and not pod.phase.finished)
        return [pod for pod in there if pod.evicting or pod.deleting]

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, cordoned=st.booleans())
    def cancel_drain(self, pick: int, cordoned: bool) -> None:
        """Of one that is drained, if any is; nobody who runs there is to go after that."""
        node_uid = _one(self._drained() or list(self.cluster.nodes), pick)
        self.handle(s.CancelDrain(at_ms=self.at_ms, uid=node_uid, cordoned=cordoned))
        node = self.cluster.nodes[node_uid]
        assert node.drain is None, f"{node_uid} is drained although that was undone"
        assert cordoned or not node.cordoned, f"{node_uid} is cordoned although its drain was undone"

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick)
    def forget_node(self, pick: int) -> None:
        """Which is refused if and only if the node is up, or down and its lease is not over."""
        node = self.cluster.nodes[self.any_node(pick)]
        may_run_pods = node.phase in (NodePhase.READY, NodePhase.SUSPECT) or node.lease_left_ms > 0
        try:
            self.handle(s.ForgetNode(at_ms=self.at_ms, uid=node.uid))
        except Conflict:
            assert may_run_pods, f"{node.name} was not forgotten"
        else:
            assert not may_run_pods, f"{node.name} was forgotten"

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick)
    def renew_ticket(self, pick: int) -> None:
        """Which changes nothing else."""
        uid = self.any_node(pick)
        self.handle(s.RenewTicket(at_ms=self.at_ms, uid=uid, token_digest=f"{self.at_ms:064}"))

    @rule(name=st.sampled_from(("web", "db")), template=_pods, replicas=_replicas, spare=st.integers(1, 2))
    def apply_deployment(self, name: str, template: PodSpec, replicas: int, spare: int) -> None:
        """A new one, or the next state of one that is there."""
        self.made += 1
        spec = DeploymentSpec(name=name, replicas=replicas, template=template, max_unavailable=spare)
        self._unless_it_is_going(s.ApplyDeployment(at_ms=self.at_ms, uid=f"d{self.made}", spec=spec))

    @precondition(lambda self: self.cluster.deployments)
    @rule(pick=_pick, replicas=_replicas)
    def scale_deployment(self, pick: int, replicas: int) -> None:
        """Up or down."""
        uid = self.any_deployment(pick)
        self._unless_it_is_going(s.ScaleDeployment(at_ms=self.at_ms, uid=uid, replicas=replicas))

    def _unless_it_is_going(self, stimulus: s.ApplyDeployment | s.ScaleDeployment) -> None:
        try:
            self.handle(stimulus)
        except Conflict:
            assert any(each.deleting for each in self.cluster.deployments.values()), f"{stimulus} was refused"

    @precondition(lambda self: self.cluster.deployments)
    @rule(pick=_pick)
    def delete_deployment(self, pick: int) -> None:
        """Again, sometimes."""
        self.handle(s.DeleteDeployment(at_ms=self.at_ms, uid=self.any_deployment(pick)))

    @rule(specs=st.lists(_pods, min_size=1, max_size=3))
    def plan_and_launch(self, specs: Sequence[PodSpec]) -> None:
        """Pods go where they were planned to go, provided that nothing else is due."""
        self.time_passes(0)
        named = [evolve(spec, name=f"p{self.made + number}") for number, spec in enumerate(specs, start=1)]
        planned = self.cluster.plan(named)
        for spec, plan in zip(named, planned, strict=True):
            self.made += 1
            self.handle(s.LaunchPod(at_ms=self.at_ms, uid=spec.name, spec=spec))
            node_uid = self.cluster.pods[spec.name].node_uid
            went_to = None if node_uid is None else self.cluster.nodes[node_uid].name
            assert went_to == plan.node_name, f"{spec.name} went to {went_to}, planned was {plan}"

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, confirmed=st.booleans())
    def delete_node(self, pick: int, confirmed: bool) -> None:
        """At once, or to be confirmed later."""
        uid = self.any_node(pick)
        self.handle(s.DeleteNode(at_ms=self.at_ms, uid=uid))
        if confirmed:
            self.handle(s.DestroyNodeDone(at_ms=self.at_ms, uid=uid))

    # What is found out about nodes.

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, incarnation=_incarnation)
    def node_joins(self, pick: int, incarnation: str) -> None:
        """New, restarted, or back from the dead; a boot that is told by its name joins once."""
        stimulus = s.NodeJoined(at_ms=self.at_ms, uid=self.any_node(pick), incarnation=incarnation)
        self.handle(stimulus)
        if incarnation:
            again = self.handle(stimulus)
            assert (again.changes, again.instructions) == ((), ()), f"{stimulus} was taken for news twice: {again}"

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, kind=st.sampled_from((s.CreateNodeFailed, s.RestartNodeFailed)), reason=_reason)
    def node_fails_to_come_up(
        self, pick: int, kind: type[s.CreateNodeFailed | s.RestartNodeFailed], reason: str
    ) -> None:
        """Whether it was coming up or not."""
        self.handle(kind(at_ms=self.at_ms, uid=self.any_node(pick), reason=reason))

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, reason=_reason, then=st.sampled_from(("nothing", "trust", "beat", "fail")))
    def suspect_node(self, pick: int, reason: str, then: str) -> None:
        """A suspicion, and what becomes of it."""
        uid = self.any_node(pick)
        self.handle(s.SuspectNode(at_ms=self.at_ms, uid=uid, reason=reason))
        if then == "trust":
            self.handle(s.TrustNode(at_ms=self.at_ms, uid=uid))
        elif then == "beat":
            self.handle(s.Heartbeat(at_ms=self.at_ms, uid=uid))
        elif then == "fail":
            self.handle(s.FailNode(at_ms=self.at_ms, uid=uid, reason=reason))

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, lease_left_ms=st.sampled_from((1, 1000, 30_000)))
    def fail_node_with_a_lease(self, pick: int, lease_left_ms: int) -> None:
        """Its pods may run on for a while, and must not run anywhere else."""
        self.handle(s.FailNode(at_ms=self.at_ms, uid=self.any_node(pick), lease_left_ms=lease_left_ms))

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick)
    def look_after_node(self, pick: int) -> None:
        """Its backend is asked, and nothing else."""
        outcome = self.handle(s.LookAfterNode(at_ms=self.at_ms, uid=self.any_node(pick)))
        asked = [instruction for instruction in outcome.instructions if not isinstance(instruction, StartPod)]
        assert all(isinstance(instruction, InspectNode) for instruction in asked), f"to look led to {asked}"

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, incarnation=_incarnation)
    def fence_node(self, pick: int, incarnation: str) -> None:
        """Whatever was thought of it, and perhaps another boot of it than the last."""
        self.handle(s.NodeFenced(at_ms=self.at_ms, uid=self.any_node(pick), incarnation=incarnation))

    @rule(reason=st.sampled_from(("", "", "most nodes look dead")))
    def hold_moves(self, reason: str) -> None:
        """Or go on, whether they were held or not."""
        self.handle(s.HoldMoves(at_ms=self.at_ms, reason=reason))

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, reason=_reason, kind=st.sampled_from((s.FailNode, s.GiveUpNode)))
    def lose_node(self, pick: int, reason: str, kind: type[s.FailNode | s.GiveUpNode]) -> None:
        """For a while or for good."""
        self.handle(kind(at_ms=self.at_ms, uid=self.any_node(pick), reason=reason))

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, said=st.lists(_reported, max_size=6), remnants=st.integers(0, 2))
    def node_reports(self, pick: int, said: Sequence[PodPhase | None], remnants: int) -> None:
        """Something of each pod that is bound there, and of copies that should not be there any more."""
        node_uid = self.any_node(pick)
        bound = [pod for pod in self.cluster.pods.values() if pod.node_uid == node_uid and not pod.phase.finished]
        phases = [*said, *[PodPhase.RUNNING] * len(bound)]
        copies = [
            PodReport(pod_uid=pod.uid, epoch=pod.epoch, phase=phase, exit_code=0 if phase.finished else None)
            for pod, phase in zip(bound, phases, strict=False)
            if phase is not None
        ]
        copies += [
            PodReport(pod_uid=start.pod.uid, epoch=start.pod.epoch, phase=PodPhase.RUNNING)
            for start in self.starts[:remnants]
            if not self._is_present(start.pod)
        ]
        self.handle(s.NodeReported(at_ms=self.at_ms, uid=node_uid, pods=tuple(copies)))

    @precondition(lambda self: self.cluster.nodes)
    @rule(pick=_pick, incarnation=_incarnation, kind=st.sampled_from((s.NodeAbsent, s.NodeDied)))
    def node_is_absent(self, pick: int, incarnation: str, kind: type[s.NodeAbsent | s.NodeDied]) -> None:
        """Whatever is thought of it, and perhaps another boot of it than the last."""
        self.handle(kind(at_ms=self.at_ms, uid=self.any_node(pick), incarnation=incarnation))

    @rule()
    def control_plane_restarts(self) -> None:
        """Another cluster goes on from what was stored."""
        self.cluster, outcome = self.stored.restart(self.make_cluster, self.at_ms)
        self.copies.restart(self.at_ms)
        self.copies.check(outcome, self.cluster)
        self._note_starts(outcome)

    # What is reported of pods.

    @precondition(lambda self: self.starts)
    @rule(pick=_pick)
    def pod_starts(self, pick: int) -> None:
        """Any that was ever told to start, so this may be old news."""
        pod = self.any_start(pick)
        self.report(s.PodStarted(at_ms=self.at_ms, uid=pod.uid, epoch=pod.epoch))

    @precondition(lambda self: self.starts)
    @rule(pick=_pick, ready=st.booleans(), restarts=st.integers(0, 2), reason=_reason)
    def pod_fares(self, pick: int, ready: bool, restarts: int, reason: str) -> None:
        """Likewise; how it fares leads to no start and no stop of that pod, provided that nothing else is due."""
        self.time_passes(0)
        pod = self.any_start(pick)
        before = self.cluster.pods.get(pod.uid)
        self.report(
            s.PodHealthChanged(
                at_ms=self.at_ms, uid=pod.uid, epoch=pod.epoch, ready=ready, restarts=restarts, reason=reason
            )
        )
        after = self.cluster.pods.get(pod.uid)
        if before is None or after is None:
            assert before is after, f"{pod.uid} came or went by how it fares"
        else:
            assert (before.node_uid, before.epoch, before.phase) == (after.node_uid, after.epoch, after.phase), (
                f"{before} was made {after} by how it fares"
            )

    @precondition(lambda self: self.starts)
    @rule(pick=_pick)
    def pod_fails_to_start(self, pick: int) -> None:
        """Likewise."""
        pod = self.any_start(pick)
        self.report(s.StartPodFailed(at_ms=self.at_ms, uid=pod.uid, epoch=pod.epoch, reason="no image"))

    @precondition(lambda self: self.starts)
    @rule(pick=_pick, exit_code=st.integers(0, 1))
    def pod_exits(self, pick: int, exit_code: int) -> None:
        """Likewise."""
        pod = self.any_start(pick)
        self.report(s.PodExited(at_ms=self.at_ms, uid=pod.uid, epoch=pod.epoch, exit_code=exit_code))

    @precondition(lambda self: self.starts)
    @rule(pick=_pick)
    def pod_is_stopped(self, pick: int) -> None:
        """Likewise, and whether that was asked for or not."""
        pod = self.any_start(pick)
        self.report(s.StopPodDone(at_ms=self.at_ms, uid=pod.uid, epoch=pod.epoch))

    @rule(ms=st.sampled_from((0, 1, 1000, 60_000)))
    def time_passes(self, ms: int) -> None:
        """What is due by then goes ahead."""
        self.at_ms += ms
        self.handle(s.TimePassed(at_ms=self.at_ms))

    # What must hold.

    @invariant()
    def agrees_with_itself(self) -> None:
        """The cluster's own check."""
        self.cluster.check()

    @invariant()
    def a_store_would_have_it_all(self) -> None:
        """The changes alone, in order, lead to what the cluster has."""
        self.stored.check(self.cluster)

    @invariant()
    def no_node_gives_more_than_it_has(self) -> None:
        """By a plain sum over the pods that are on it."""
        for node in self.cluster.nodes.values():
            pods = [pod for pod in self.cluster.pods.values() if pod.node_uid == node.uid and not pod.phase.finished]
            assert_within_capacity(node, pods)

    @invariant()
    def epochs_only_grow(self) -> None:
        """A pod shows the epoch of its last start, and none before it has one."""
        for pod in self.cluster.pods.values():
            started = self.epochs.get(pod.uid, 0)
            assert pod.epoch == started, f"{pod.uid} shows epoch {pod.epoch}, its last start had {started}"

    @invariant()
    def nothing_waits_that_fits(self) -> None:
        """Binding happens within the stimulus that made it possible; only a failed start leads to a pause."""
        table = self.cluster.table
        for pod in self.cluster.pods.values():
            if pod.node_uid is None and not pod.phase.finished and not pod.start_failures:
                found = [table.names[row] for row in range(len(table)) if fits(pod.spec, table, row)]
                assert not found, f"{pod.uid} waits although it fits on {found}; it says {pod.reason!r}"


def _one(things: Sequence[T], pick: int) -> T:
    return things[pick % len(things)]
