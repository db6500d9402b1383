from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import invariants, podlife
from kube9.core import stimuli as s
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.errors import InvariantViolation
from kube9.core.frozen import FrozenMap
from kube9.core.nodes import DeviceGroup, NodePhase
from kube9.core.outcome import StartPod
from kube9.core.pods import DeviceRequest, PodPhase, PodSpec
from kube9.plugins.policies import WorstFit
from kube9.plugins.queues import FirstComeFirstServed


@pytest.fixture
def driven(drive):
    """Two nodes that take pods and a large one that is cordoned; pods bound, waiting, pausing and finished."""
    driven = drive()
    driven.node("a", {"cpu": 1000}, devices=[DeviceGroup(kind="gpu", count=2)])
    driven.node("b", {"cpu": 1000})
    driven.node("large", {"cpu": 9000})
    driven.tell(s.CordonNode, "large")
    driven.pod("bound", 600, devices=(DeviceRequest(kind="gpu", count=1, milli=300),))
    driven.pod("there", 900)
    driven.pod("waiting", 5000)
    driven.pod("pausing", 50)
    driven.not_started("pausing")
    driven.pod("finished", 50)
    driven.exited("finished")
    driven.deploy("web", 2, cpu=20)
    driven.deploy("resting", 1, cpu=20)
    for number in (1, 2):
        driven.exited(f"resting-{number}")
    return driven


def rebind(cluster):
    pod = cluster.pods["bound"]
    cluster._ledger.pods["bound"] = evolve(pod, node_uid="b")


def finish_without_a_place(cluster):
    cluster._ledger.pods["waiting"] = podlife.finished(cluster.pods["waiting"], 9, 0, "")


def lose_the_place(cluster):
    cluster._ledger.bound["b"].pop("there")


def forget_pod(cluster):
    del cluster._ledger.pods["finished"]


def two_places(cluster):
    cluster._backing_off.add("waiting")


def finished_but_bound(cluster):
    cluster._ledger.bound["b"]["finished"] = None


def waiting_with_a_node(cluster):
    cluster._ledger.pods["waiting"] = evolve(cluster.pods["waiting"], node_uid="a")


def pausing_forever(cluster):
    cluster._backing_off.discard("pausing")


def wrong_name(cluster):
    cluster._ledger.pod_uids["default", "there"] = "bound"


def stale_name(cluster):
    cluster._ledger.pod_uids["default", "gone"] = "gone"


def leaked(cluster):
    cluster.table.place(cluster.pods["bound"])


def overcommitted(cluster):
    pod = podlife.bound(evolve(cluster.pods["waiting"], uid="huge"), "a", FrozenMap())
    cluster._ledger.pod_uids["default", "waiting"] = "huge"
    cluster._queue.discard("waiting")
    del cluster._ledger.pods["waiting"]
    cluster._ledger.bind(pod)


def device_elsewhere(cluster):
    pod = cluster.pods["bound"]
    cluster._ledger.pods["bound"] = evolve(pod, devices=FrozenMap({"gpu": (1 - pod.devices["gpu"][0],)}))


def devices_held_by_nobody(cluster):
    cluster.table.device_pods.cells["gpu"][0, 2] += 1


def schedulable_by_the_table(cluster):
    cluster._ledger.nodes["large"] = evolve(cluster.nodes["large"], cordoned=False)


def unschedulable_miscounted(cluster):
    cluster.table.unschedulable += 1


def tried_last_by_the_table(cluster):
    cluster._ledger.nodes["b"] = evolve(cluster.nodes["b"], tried_last=True)


def tried_last_miscounted(cluster):
    cluster.table.last_resorts += 1


def tried_last_and_down(cluster):
    cluster._ledger.put_node(evolve(cluster.nodes["large"], phase=NodePhase.LOST, tried_last=True))


def lease_of_a_node_that_is_up(cluster):
    cluster._ledger.put_node(evolve(cluster.nodes["b"], lease_left_ms=9))


def moves_off_nobody(cluster):
    cluster._moves.due["gone"] = "it is gone"


def moves_off_a_node_that_is_up(cluster):
    cluster._moves.due["b"] = "it was down"


def failed_with_pods(cluster):
    cluster._ledger.put_node(evolve(cluster.nodes["b"], phase=NodePhase.FAILED))


def wrong_node_name(cluster):
    cluster._ledger.node_uids["a"] = "b"


def stale_node_name(cluster):
    cluster._ledger.node_uids["gone"] = "gone"


def room_made_in_silence(cluster, uid="large"):
    cluster._ledger.put_node(evolve(cluster.nodes[uid], cordoned=False))


def rows_out_of_order(cluster):
    nodes = cluster._ledger.nodes
    nodes["a"] = nodes.pop("a")


def instruction_for_nobody(cluster):
    gone = evolve(cluster.nodes["a"], uid="gone")
    cluster._ledger.instructions.append(StartPod(gone, cluster.pods["bound"]))


def epoch_back(cluster):
    cluster._ledger.pods["bound"] = evolve(cluster.pods["bound"], epoch=0)


def restarts_back(cluster):
    cluster._ledger.pods["bound"] = evolve(cluster.pods["bound"], restarts=2)
    cluster.check()
    cluster._ledger.pods["bound"] = evolve(cluster.pods["bound"], restarts=1)


def ready_too_soon(cluster):
    cluster._ledger.pods["bound"] = evolve(cluster.pods["bound"], ready=True)


def restarted_nowhere(cluster):
    cluster._ledger.pods["waiting"] = evolve(cluster.pods["waiting"], restarts=1)


def finished_yet_running(cluster):
    cluster._ledger.pods["finished"] = evolve(cluster.pods["finished"], phase=PodPhase.RUNNING)


def disowned(cluster):
    cluster._ledger.owned["web"].forget("web-1")


def taken_for_running(cluster):
    cluster._ledger.owned["web"].note(podlife.running(cluster.pods["web-1"], 0))


def too_few(cluster):
    deployment = cluster.deployments["web"]
    cluster._ledger.deployments["web"] = evolve(deployment, spec=evolve(deployment.spec, replicas=3))


def too_many(cluster):
    deployment = cluster.deployments["web"]
    cluster._ledger.deployments["web"] = evolve(deployment, spec=evolve(deployment.spec, replicas=1))


def rest_without_end(cluster):
    cluster._deployment_turns.resting.clear()


def old_and_idle(cluster):
    ledger = cluster._ledger
    ledger.put_deployment(evolve(ledger.deployments["web"], revision=2))
    ledger.unsettled.clear()


def unsettled(cluster):
    cluster._ledger.unsettled["web"] = None


def orphaned(cluster):
    pod = cluster.pods["web-1"]
    cluster._ledger.pods["web-1"] = evolve(pod, owner=evolve(pod.owner, uid="gone"))


def wrong_deployment_name(cluster):
    cluster._ledger.deployment_uids["default", "web"] = "resting"


def deleting_for_ever(cluster):
    cluster._ledger.put_deployment(Deployment(uid="e", spec=EMPTY, ordinal=99, created_at_ms=0, deleting=True))
    cluster._ledger.unsettled.clear()


def moved_from_nowhere(cluster):
    cluster._ledger.pods["waiting"] = evolve(cluster.pods["waiting"], evicting=True)


EMPTY = DeploymentSpec(name="empty", replicas=0, template=PodSpec(name="empty"))

BREAKAGES = [
    (disowned, "pods are not counted to the deployments they belong to"),
    (taken_for_running, "pods are not counted to the deployments they belong to, as what they are"),
    (too_few, "deployment web has 2 pods of 3 and does not rest"),
    (too_many, r"deployment web keeps \['web-2'\], which should go"),
    (rest_without_end, "deployment resting has 0 pods of 1 and does not rest"),
    (old_and_idle, r"deployment web keeps \['web-1', 'web-2'\], which should go"),
    (unsettled, r"nobody looked after the deployments \['web'\]"),
    (orphaned, "pod web-1 belongs to deployment gone, which is gone"),
    (wrong_deployment_name, "deployments are not found by their names"),
    (deleting_for_ever, "deployment e is deleting and empty, and still there"),
    (moved_from_nowhere, "pod waiting is being moved away from nowhere"),
    (rebind, "pod bound is counted on a but bound elsewhere"),
    (finish_without_a_place, "pod waiting is Succeeded in the wrong place"),
    (lose_the_place, r"pod there \(Starting\) is not in exactly one place"),
    (forget_pod, r"pods in a place but unknown: \['finished'\]"),
    (two_places, r"pod waiting \(Pending\) is not in exactly one place"),
    (finished_but_bound, r"finished.*(not in exactly one place|bound elsewhere)"),
    (waiting_with_a_node, "pod waiting waits and has a node, or neither"),
    (pausing_forever, r"pod pausing \(Pending\) is not in exactly one place"),
    (wrong_name, "pod there is not found by its name"),
    (stale_name, "a name of a pod that is gone is still taken"),
    (leaked, "node a has .* not"),
    (overcommitted, "node a has -4640 cpu"),
    (device_elsewhere, "node a has gpu"),
    (devices_held_by_nobody, r"node a has pods by gpu \[1, 0, 0\], not \[1 0 1\]"),
    (schedulable_by_the_table, "node large is schedulable only by the table"),
    (unschedulable_miscounted, "the unschedulable nodes are miscounted"),
    (tried_last_by_the_table, "node b is tried last only by the table|node b is tried last and"),
    (tried_last_miscounted, "the nodes tried last are miscounted"),
    (tried_last_and_down, "node large is Lost and tried last"),
    (lease_of_a_node_that_is_up, "node b is Ready and waits for its lease"),
    (moves_off_nobody, "pods are to move off node gone, which is gone"),
    (moves_off_a_node_that_is_up, "pods are to move off node b, which is Ready"),
    (failed_with_pods, r"node b is Failed and has pods: \['there'\]"),
    (wrong_node_name, "nodes are not found by their names"),
    (stale_node_name, "nodes are not found by their names"),
    (room_made_in_silence, "pod waiting waits although it fits somewhere"),
    (rows_out_of_order, "nodes and rows are not in the same order"),
    (instruction_for_nobody, "StartPod for node gone, which is gone"),
    (epoch_back, r"pod bound went from epoch and restarts \(1, 0\) to \(0, 0\)"),
    (restarts_back, r"pod bound went from epoch and restarts \(1, 2\) to \(1, 1\)"),
    (ready_too_soon, "pod bound is Starting and ready"),
    (restarted_nowhere, "pod waiting was never bound and has 1 restarts"),
    (finished_yet_running, "pod finished is Running in the wrong place"),
]


@pytest.mark.parametrize("breakage,problem", BREAKAGES, ids=[breakage.__name__ for breakage, _ in BREAKAGES])
def test_what_is_broken_is_found_and_named(driven, breakage, problem):
    driven.cluster.check()
    breakage(driven.cluster)
    with pytest.raises(InvariantViolation, match=problem):
        driven.cluster.check()


@pytest.mark.parametrize("phase", [phase for phase in NodePhase if phase not in (NodePhase.READY, NodePhase.SUSPECT)])
def test_only_a_node_that_is_up_may_have_pods(driven, phase):
    driven.cluster._ledger.put_node(evolve(driven.nodes["b"], phase=phase))
    with pytest.raises(InvariantViolation, match=f"node b is {phase.value} and has pods"):
        driven.cluster.check()


DOWN = (NodePhase.FAILED, NodePhase.RECOVERING, NodePhase.LOST)


@pytest.mark.parametrize("phase", DOWN)
def test_but_one_that_is_down_may_keep_them_for_its_lease(driven, phase):
    driven.cluster._ledger.put_node(evolve(driven.nodes["b"], phase=phase, lease_left_ms=1))
    driven.cluster.check()


@pytest.mark.parametrize("phase", DOWN)
def test_and_after_it_until_it_is_their_turn(driven, phase):
    driven.cluster._ledger.put_node(evolve(driven.nodes["b"], phase=phase))
    driven.cluster._moves.due["b"] = "its lease is over"
    driven.cluster.check()


class TestNobodyWaitsInVain:
    def test_where_the_discipline_blocks(self, drive):
        driven = drive(discipline=FirstComeFirstServed())
        driven.node("n")
        driven.tell(s.CordonNode, "n")
        driven.at(1).pod("first")
        driven.at(2).pod("second")
        room_made_in_silence(driven.cluster, "n")
        with pytest.raises(InvariantViolation, match="pod first waits although it fits somewhere"):
            driven.cluster.check()

    def test_though_behind_a_pod_that_fits_nowhere_one_may(self, drive):
        driven = drive(discipline=FirstComeFirstServed())
        driven.node("n")
        driven.at(1).pod("large", 5000)
        driven.at(2).pod("small")
        assert driven.where() == {}

    def test_by_any_scheduler(self, drive):
        driven = drive(others={"another": WorstFit()})
        driven.node("n")
        driven.tell(s.CordonNode, "n")
        driven.pod("p", scheduler_name="another")
        room_made_in_silence(driven.cluster, "n")
        with pytest.raises(InvariantViolation, match="pod p waits although it fits somewhere"):
            driven.cluster.check()

    def test_though_a_pod_whose_devices_nobody_can_choose_may(self, drive):
        class Undecided:
            def choose(self, request, free_milli):
                raise ZeroDivisionError

        driven = drive(chooser=Undecided())
        driven.node("n", devices=[DeviceGroup(kind="gpu", count=1)])
        driven.pod("p", requests={}, devices=(DeviceRequest(kind="gpu", count=1),))
        assert driven.cluster.waiting == 1


def test_a_violation_tells_the_story(driven):
    driven.at(77).tell(s.CordonNode, "a")
    lose_the_place(driven.cluster)
    with pytest.raises(InvariantViolation) as caught:
        driven.cluster.check()
    told = str(caught.value).splitlines()
    assert "pod there" in told[0]
    assert told[1].startswith("the last ")
    assert told[1].endswith("stimuli, oldest first:")
    assert told[2].startswith("  AddNode(at_ms=0, uid='a'")
    assert told[-1].startswith("  CordonNode(at_ms=77, uid='a'")


def test_the_story_stays_short(driven):
    for number in range(200):
        driven.at(number).tell(s.CordonNode, "a", cordoned=number % 2 == 0)
    lose_the_place(driven.cluster)
    with pytest.raises(InvariantViolation, match="the last 50 stimuli") as caught:
        driven.cluster.check()
    assert len(str(caught.value).splitlines()) == 52


SINGLE = ("bound", "there", "waiting", "pausing", "finished")


def test_an_epoch_may_begin_again_once_the_pod_is_gone(driven):
    floor = {}
    ledger = driven.cluster._ledger
    invariants.check_epochs(ledger, floor)
    floor = {uid: epoch for uid, epoch in floor.items() if uid in SINGLE}
    assert floor == {"bound": (1, 0), "there": (1, 0), "waiting": (0, 0), "pausing": (1, 0), "finished": (1, 0)}
    driven.tell(s.DeletePod, "waiting")
    invariants.check_epochs(ledger, floor)
    assert "waiting" not in floor


@pytest.fixture
def drained(drive):
    """A node that is drained, with a pod that is under way and one that stays, and another node with room for both."""
    driven = drive()
    driven.node("n")
    for name in ("p", "q"):
        driven.pod(name, 400)
    driven.node("m")
    driven.tell(s.DrainNode, "n", deadline_ms=1000)
    return driven.cluster


def put_drain(cluster, **changed):
    node = cluster.nodes["n"]
    cluster._ledger.put_node(evolve(node, drain=evolve(node.drain, **changed)))


def not_found(cluster):
    cluster._ledger.draining.clear()


def open_to_all(cluster):
    cluster._ledger.put_node(evolve(cluster.nodes["n"], cordoned=False))


def drained_for_ever(cluster):
    cluster._ledger.put_node(evolve(cluster.nodes["m"], cordoned=True, drain=cluster.nodes["n"].drain))


def moved_twice(cluster):
    put_drain(cluster, moving=("p", "p"))


def too_late(cluster):
    put_drain(cluster, deadline_at_ms=0)


def leaves_by_itself(cluster):
    cluster._ledger.put_pod(podlife.leaving(cluster.pods["q"], True))


def overlooked(cluster):
    cluster._ledger.put_pod(evolve(cluster.pods["p"], evicting=False))
    put_drain(cluster, moving=())


@pytest.mark.parametrize(
    "breakage,message",
    [
        (not_found, r"drained are \['n'\], not \[\]"),
        (open_to_all, "node n is drained and takes pods"),
        (drained_for_ever, "node m is empty and still drained"),
        (moved_twice, r"node n moves pods twice: \('p', 'p'\)"),
        (too_late, r"node n is past its deadline and has \['q'\]"),
        (leaves_by_itself, "pod q leaves no drained node"),
        (overlooked, "pod p stays on node n, which is drained, although it fits elsewhere"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_drain_that_goes_wrong_is_found(drained, breakage, message):
    breakage(drained)
    with pytest.raises(InvariantViolation, match=message):
        drained.check()


def test_a_pod_that_leaves_without_having_begun_is_found(drive):
    driven = drive()
    driven.node("n")
    driven.deploy("web", 2)
    driven.tell(s.DrainNode, "n", deadline_ms=None)
    driven.cluster._ledger.put_pod(podlife.leaving(driven.pods["web-1"], True))
    with pytest.raises(InvariantViolation, match="pods leave node n that did not begin to: {'web-1'}"):
        driven.cluster.check()
