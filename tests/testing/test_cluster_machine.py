from __future__ import annotations

import re

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from kube9.core import podlife
from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.errors import InvariantViolation, SchedulerError
from kube9.core.nodes import NodeSpec
from kube9.core.outcome import NodeStored
from kube9.core.pods import Pod, PodSpec
from kube9.core.settings import Settings
from kube9.plugins.policies import BestFit, FirstFit, Random, WorstFit
from kube9.testing import ClusterMachine, strategies, table_of

#: So few pods move at once, and so soon is a node tried last, that both happen all the time.
STRICT = Settings(move_burst=1, moves_per_s=1, flaps_max=1, tried_last_ms=500, tried_last_ms_max=1500)


@pytest.mark.slow
@pytest.mark.parametrize("strictness", [None, STRICT], ids=["usual", "strict"])
@pytest.mark.parametrize(
    "scheduler", [BestFit(), FirstFit(), WorstFit(), Random(seed=7)], ids=lambda each: type(each).__name__
)
def test_whatever_happens_to_a_cluster_it_stays_sound(cluster, scheduler, strictness):
    class Machine(ClusterMachine):
        def make_cluster(self):
            return cluster(scheduler, settings=strictness)

    few = settings(max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Machine, settings=few)


@pytest.mark.parametrize("deleted", [False, True], ids=["moves", "goes"])
def test_what_is_due_after_a_restart_is_not_taken_for_how_a_pod_fares(cluster, deleted):
    class Machine(ClusterMachine):
        def make_cluster(self):
            return cluster(BestFit(), settings=STRICT)

    machine = Machine()
    machine.begin(specs=[NodeSpec(name="node", capacity={"cpu": 1000})])
    machine.launch_pods(spec=PodSpec(name="pod", requests={"cpu": 100}), number=2)
    machine.lose_node(pick=0, reason="", kind=s.FailNode)
    assert [pod.node_uid for pod in machine.cluster.pods.values()] == [None, "n1"]
    if deleted:
        machine.delete_pod(pick=1)
    machine.control_plane_restarts()
    assert machine.cluster.due_at_ms == machine.at_ms
    machine.pod_fares(pick=1, ready=False, restarts=0, reason="")
    assert [pod.node_uid for pod in machine.cluster.pods.values()] == [None] * (1 if deleted else 2)


class NeverWakes(Cluster):
    """Room that a pod leaves behind helps nobody."""

    def __init__(self, **parts):
        super().__init__(**parts)
        self._placing.wake = lambda row: None


class TellsHalf(Cluster):
    """What becomes of nodes is not stored."""

    def handle(self, stimulus):
        outcome = super().handle(stimulus)
        return evolve(outcome, changes=tuple(each for each in outcome.changes if not isinstance(each, NodeStored)))


class Odd(Cluster):
    """Handles stimuli of one kind in its own way."""

    kind = None

    def __init__(self, **parts):
        super().__init__(**parts)
        self.usual = self._handlers[self.kind]
        self._handlers[self.kind] = self.oddly


class RepeatsEpochs(Odd):
    """A pod that could not start gets the same epoch again."""

    kind = s.StartPodFailed

    def oddly(self, stimulus):
        self.usual(stimulus)
        pod = self._ledger.pods.get(stimulus.uid)
        if pod is not None and pod.epoch and pod.node_uid is None:
            self._ledger.put_pod(evolve(pod, epoch=pod.epoch - 1))


class StartsTwice(Odd):
    """A pod that runs is told to be running again."""

    kind = s.PodStarted

    def oddly(self, stimulus):
        pod = self._ledger.present_copy(stimulus)
        if pod is not None:
            self._ledger.put_pod(podlife.running(pod, stimulus.at_ms))


class OnlyCordons(Odd):
    """A drain stops no pod, and says that it did."""

    kind = s.DrainNode

    def oddly(self, stimulus):
        for pod in self._ledger.pods_on(self._ledger.nodes[stimulus.uid]):
            self._ledger.put_pod(podlife.evicting(pod))


class Hurries(Cluster):
    """A drain does not wait for those that are under way."""

    def __init__(self, **parts):
        super().__init__(**parts)
        self._drain_turns._may_begin = lambda node, drain, moving: not node.down


class LetsNobodyStay(Odd):
    """Whoever was to leave still is when the drain is undone."""

    kind = s.CancelDrain

    def oddly(self, stimulus):
        leaving = [pod.uid for pod in self.pods_on(stimulus.uid) if pod.leaving]
        self.usual(stimulus)
        for uid in leaving:
            self._ledger.put_pod(podlife.leaving(self.pods[uid], True))


class Dawdles(Cluster):
    """A drain never begins to move anybody."""

    def __init__(self, **parts):
        super().__init__(**parts)
        self._drain_turns._next = lambda node, drain: (None, "better times")


class ForgetsAnything(Odd):
    """A node that is up is forgotten like any other."""

    kind = s.ForgetNode

    def oddly(self, stimulus):
        if stimulus.uid in self._ledger.nodes:
            self._handlers[s.DestroyNodeDone](stimulus)


class MovesAtOnce(Odd):
    """Pods of a node that failed start elsewhere before its lease is over."""

    kind = s.FailNode

    def oddly(self, stimulus):
        self.usual(evolve(stimulus, lease_left_ms=0))


class ForgetsTheLease(Cluster):
    """After a restart no lease is waited for."""

    def restore(self, nodes, pods, deployments=(), *, at_ms):
        outcome = super().restore(nodes, pods, deployments, at_ms=at_ms)
        for node in self.nodes.values():
            if node.down:
                self._moves.now(node, "nobody knows")
        return outcome


class TakesAnyJoinForNew(Odd):
    """A boot that has joined before is taken for another."""

    kind = s.NodeJoined

    def oddly(self, stimulus):
        self.usual(evolve(stimulus, incarnation=""))


class KeepsTooMany(Odd):
    """A deployment is never made smaller."""

    kind = s.ScaleDeployment

    def oddly(self, stimulus):
        self.usual(stimulus)
        self._ledger.unsettled.clear()


class PlansWithoutTaking(Cluster):
    """Of pods that are planned together each is planned as if it were alone."""

    def plan(self, specs):
        return tuple(super(PlansWithoutTaking, self).plan([spec])[0] for spec in specs)


class LeavesPlansBehind(Cluster):
    """A plan takes what it plans."""

    def plan(self, specs):
        planned = super().plan(specs)
        for number, each in enumerate(planned):
            pod, _ = self._binder.would_bind(Pod(uid="", spec=each.spec, ordinal=number, created_at_ms=0))
            if pod is not None:
                self.table.place(pod)
        return planned


class StartsAfresh(Cluster):
    """Restored pods have never had an epoch."""

    def restore(self, nodes, pods, deployments=(), *, at_ms):
        waiting = [pod for pod in pods if pod.node_uid is None]
        placed = [pod for pod in pods if pod.node_uid is not None]
        return super().restore(nodes, [*placed, *(evolve(pod, epoch=0) for pod in waiting)], deployments, at_ms=at_ms)


class LiesAboutLocal:
    reason = "too high"
    local = True

    def fits(self, pod, nodes):
        free = nodes.free["cpu"]
        return free * len(free) <= free.sum()


BROKEN = {
    "a cluster that wakes nobody": ({"kind": NeverWakes}, AssertionError, "waits although it fits"),
    "a cluster that stores half": ({"kind": TellsHalf}, AssertionError, "a store would have other nodes"),
    "a cluster that repeats epochs": ({"kind": RepeatsEpochs}, AssertionError, "epoch"),
    "a cluster that takes old for new": ({"kind": StartsTwice}, AssertionError, "was taken for news twice"),
    "a drain that is a cordon": ({"kind": OnlyCordons}, AssertionError, "is drained and takes pods"),
    "a drain that hurries": ({"kind": Hurries}, AssertionError, "move off n.* at a time, not"),
    "a drain that is half undone": ({"kind": LetsNobodyStay}, InvariantViolation, "leaves no drained node"),
    "a drain that never begins": ({"kind": Dawdles}, InvariantViolation, "stays on node .* although it fits elsewhere"),
    "a node that is up and forgotten": ({"kind": ForgetsAnything}, AssertionError, "was forgotten"),
    "a node whose pods move too early": ({"kind": MovesAtOnce}, AssertionError, "may run on n.* until"),
    "a lease that ends with a restart": ({"kind": ForgetsTheLease}, AssertionError, "may run on n.* until|other nodes"),
    "a boot that joins twice": ({"kind": TakesAnyJoinForNew}, AssertionError, "NodeJoined.* was taken for news twice"),
    "a deployment that is never made smaller": (
        {"kind": KeepsTooMany},
        InvariantViolation,
        "deployment d.* (which should go|pods of .* and does not rest)",
    ),
    "plans that give twice what is there": ({"kind": PlansWithoutTaking}, AssertionError, "went to .*, planned was"),
    "plans that stay": ({"kind": LeavesPlansBehind}, AssertionError, "has .* not|went to .*, planned was"),
    "a restart that begins epochs again": ({"kind": StartsAfresh}, AssertionError, "epoch|other pods"),
    "nodes that are not ready": (
        {"without": ("node-ready",)},
        AssertionError,
        "which takes no pods|waits although it fits",
    ),
    "too many on a node": ({"without": ("resources",)}, InvariantViolation, "has -|waits although it fits"),
    "a label that is not there": (
        {"without": ("node-selector",)},
        AssertionError,
        "[dp][0-9-]+ selects .* and was bound to",
    ),
    "a label that is not required": (
        {"without": ("node-affinity",)},
        AssertionError,
        "[dp][0-9-]+ requires .* and was bound to",
    ),
    "a filter that is not local": (
        {"more": (("high", LiesAboutLocal()),)},
        (SchedulerError, AssertionError),
        "local|waits",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("broken,error,message", BROKEN.values(), ids=BROKEN)
def test_the_machine_finds_what_is_broken(cluster, broken, error, message):
    class Machine(ClusterMachine):
        def make_cluster(self):
            return cluster(**broken)

    thorough = settings(
        max_examples=3_000,
        stateful_step_count=30,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(error) as found:
        run_state_machine_as_test(Machine, settings=thorough)
    assert re.search(message, str(found.value))


@pytest.mark.parametrize("scheduler", [BestFit(), WorstFit()], ids=lambda each: type(each).__name__)
def test_the_order_in_which_nodes_joined_decides_nothing_but_ties(pipeline, scheduler):
    @given(strategies.decisions(), st.randoms(use_true_random=False))
    def holds(decision, random):
        explained = pipeline(scheduler).explain(decision.pod, decision.table())
        scores = [verdict.score for verdict in explained.verdicts if verdict.score is not None]
        assume(scores.count(max(scores)) == 1)
        nodes = list(decision.nodes)
        random.shuffle(nodes)
        shuffled = table_of(nodes, decision.placed)
        assert pipeline(scheduler).explain(decision.pod, shuffled).winner == explained.winner

    holds()


def test_equal_nodes_are_taken_in_the_order_they_joined(pipeline):
    @given(st.permutations(["a", "b", "c", "d"]))
    def holds(names):
        table = table_of([NodeSpec(name=name, capacity={"cpu": 1000}) for name in names])
        for scheduler in (BestFit(), WorstFit(), FirstFit()):
            assert pipeline(scheduler).decide(PodSpec(name="pod", requests={"cpu": 1}), table) == 0

    holds()
