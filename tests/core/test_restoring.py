from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.errors import Conflict
from kube9.core.nodes import DeviceGroup, NodePhase
from kube9.core.outcome import CreateNode, DestroyNode, InspectNode, PodStored, StopPod
from kube9.core.pods import DeviceRequest, PodPhase, PodReport
from kube9.plugins.policies import WorstFit
from kube9.plugins.queues import FirstComeFirstServed


def things(cluster):
    return dict(cluster.nodes), dict(cluster.pods), dict(cluster.deployments)


@pytest.fixture
def driven(drive):
    """A cluster in the middle of everything."""
    driven = drive(settings={"replace_backoff_ms": 1000})
    driven.node("n", {"cpu": 3000}, devices=[DeviceGroup(kind="gpu", count=2)])
    driven.node("m", {"cpu": 500})
    driven.pod("starting", devices=(DeviceRequest(kind="gpu", count=1, milli=300),))
    driven.pod("running", 100)
    driven.started("running")
    driven.pod("deleting", 100)
    driven.tell(s.DeletePod, "deleting")
    driven.pod("finished", 100)
    driven.at(7).exited("finished")
    driven.pod("moving", 400, priority=9)
    driven.tell(s.DrainNode, "m")
    driven.pod("waiting", 90_000)
    driven.deploy("web", 2)
    driven.pod("evicting", 300)
    driven.tell(s.DrainNode, "n")
    driven.tell(s.CordonNode, "n", cordoned=False)
    return driven


def test_a_cluster_goes_on_from_what_it_had(driven):
    before = things(driven.cluster)
    outcome = driven.restart()
    assert outcome.instructions == (InspectNode(driven.nodes["n"]), InspectNode(driven.nodes["m"]))
    assert {type(change) for change in outcome.changes} == {PodStored}
    changed = {change.pod.uid for change in outcome.changes}
    assert all("looked for" in driven.pods[uid].reason for uid in changed)
    same = [{uid: each for uid, each in group.items() if uid not in changed} for group in before]
    assert [{uid: group[uid] for uid in kept} for group, kept in zip(things(driven.cluster), same, strict=True)] == same
    assert [list(each) for each in things(driven.cluster)] == [list(each) for each in before]


def test_in_whatever_order_a_store_hands_it_out(driven):
    before = things(driven.cluster)
    cluster = Cluster(**driven.parts)
    cluster.restore(*(reversed(each.values()) for each in before), at_ms=7)
    cluster.check()
    assert [list(each) for each in things(cluster)] == [list(each) for each in before]
    assert cluster.table.names == ["n", "m"]
    assert cluster.table.devices["gpu"][0].tolist() == driven.cluster.table.devices["gpu"][0].tolist()


def test_an_empty_one_is_empty(drive):
    driven = drive()
    outcome = driven.at(50).restart()
    assert (outcome.changes, outcome.instructions, outcome.events) == ((), (), ())
    assert driven.cluster.now_ms == 50


#: What happened to a node, and what must be asked or done to go on with it.
NODES = {
    "asked for": ([], CreateNode),
    "up": ([(s.NodeJoined, {})], InspectNode),
    "suspected": ([(s.NodeJoined, {}), (s.SuspectNode, {})], InspectNode),
    "recovering": ([(s.NodeJoined, {}), (s.FailNode, {})], InspectNode),
    "failed": ([(s.NodeJoined, {}), (s.FailNode, {}), (s.RestartNodeFailed, {"reason": "off"})], InspectNode),
    "lost": ([(s.NodeJoined, {}), (s.GiveUpNode, {})], None),
    "being deleted": ([(s.NodeJoined, {}), (s.DeleteNode, {})], DestroyNode),
    "being deleted before it was made": ([(s.DeleteNode, {})], DestroyNode),
    "lost and being deleted": ([(s.NodeJoined, {}), (s.GiveUpNode, {}), (s.DeleteNode, {})], DestroyNode),
}


@pytest.mark.parametrize("story,kind", NODES.values(), ids=NODES)
def test_each_node_is_gone_on_with(drive, story, kind):
    driven = drive()
    driven.ask_for("n")
    for stimulus, about in story:
        driven.tell(stimulus, "n", **about)
    outcome = driven.restart()
    assert outcome.changes == ()
    assert outcome.instructions == (() if kind is None else (kind(driven.nodes["n"]),))


class TestPods:
    def test_that_wait_are_tried(self, drive):
        driven = drive(settings={"start_backoff_ms": 5000})
        driven.node("n")
        driven.pod("pausing")
        driven.not_started("pausing")
        assert driven.where() == {}
        driven.restart()
        assert driven.told() == ["PodUnschedulable pausing", "InspectNode n"]
        driven.found()
        assert driven.told() == ["PodBound pausing n", "StartPod pausing n"]
        assert driven.pods["pausing"].start_failures == 1
        assert driven.outcome.changes == (PodStored(driven.pods["pausing"]),)

    def test_go_on_counting_their_epochs(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.tell(s.NodeJoined, "n")
        driven.restart()
        driven.tell(s.NodeAbsent, "n")
        driven.tell(s.NodeJoined, "n")
        assert driven.pods["p"].epoch == 3
        assert driven.tell(s.PodExited, "p", epoch=2).changes == ()

    def test_that_come_later_come_after_all_others(self, driven):
        highest = max(
            each.ordinal for group in (driven.pods, driven.nodes, driven.deployments) for each in group.values()
        )
        driven.restart()
        driven.pod("new", 1)
        assert driven.pods["new"].ordinal == highest + 1

    def test_that_ended_are_forgotten_oldest_first(self, drive):
        driven = drive(settings={"finished_kept": 2})
        driven.node("n")
        for name in ("a", "b", "c"):
            driven.pod(name, 100)
        driven.at(5).exited("b")
        driven.at(9).exited("a")
        driven.restart()
        driven.at(12).exited("c")
        assert list(driven.pods) == ["a", "c"]

    def test_wait_as_the_discipline_says(self, drive):
        driven = drive(discipline=FirstComeFirstServed())
        driven.node("n", {"cpu": 100})
        driven.at(1).pod("large", 5000)
        driven.at(2).pod("small", 50)
        driven.restart()
        driven.found()
        assert driven.where() == {}
        driven.tell(s.DeletePod, "large")
        assert driven.where() == {"small": "n"}

    def test_of_which_the_discipline_knows_nothing_go_first(self, drive, fussy):
        driven = drive(discipline=fussy)
        fussy.refuses = None
        driven.pod("usual", 400)
        driven.pod("odd", 400)
        fussy.refuses = "odd"
        driven.restart()
        assert "SchedulerFailed odd" in driven.told()
        driven.node("n", {"cpu": 400})
        assert driven.where() == {"odd": "n"}

    def test_find_what_came_free_meanwhile(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p", 1000)
        driven.pod("waiting", 1000)
        driven.restart()
        driven.tell(s.NodeReported, "n", pods=(PodReport(pod_uid="p", epoch=1, phase=PodPhase.SUCCEEDED, exit_code=0),))
        assert driven.told() == ["PodFinished p", "PodBound waiting n", "StartPod waiting n"]


class TestASchedulerThatIsNotThereAnyMore:
    @pytest.fixture
    def driven(self, drive):
        driven = drive(others={"gone": WorstFit()})
        driven.node("n")
        driven.pod("placed", 400, scheduler_name="gone")
        driven.pod("waiting", 800, scheduler_name="gone")
        driven.deploy("web", 1, scheduler_name="gone")
        without = {name: each for name, each in driven.parts["pipelines"].items() if name != "gone"}
        driven.restart(pipelines=without)
        return driven

    def test_leaves_its_pods_where_they_are(self, driven):
        assert driven.where() == {"placed": "n", "web-1": "n"}

    def test_is_named_to_those_who_wait_for_it(self, driven):
        assert "SchedulerFailed waiting" in driven.told()
        assert driven.pods["waiting"].reason == (
            "scheduler 'gone' is not there; restart with its plugin, or delete what asks for it"
        )
        with pytest.raises(Conflict, match="scheduler 'gone' is not there"):
            driven.cluster.explain("placed")

    def test_is_missed_when_a_pod_must_move(self, driven):
        driven.tell(s.FailNode, "n")
        driven.tell(s.NodeJoined, "n")
        assert driven.where() == {}
        driven.pod("usual", 1000)
        assert driven.where() == {"usual": "n"}

    def test_does_not_keep_a_deployment_from_being_changed_or_deleted(self, driven):
        driven.scale("web", 2)
        assert driven.alive()["web-2"] == "Pending"
        driven.deploy("web", 2)
        driven.stopped("web-1")
        assert {driven.pods[uid].spec.scheduler_name for uid in driven.alive() if uid.startswith("web")} == {""}
        driven.tell(s.DeleteDeployment, "web")

    def test_comes_back(self, driven):
        driven.restart()
        driven.found()
        # The one that waits, waits for room; it was told of the scheduler alone.
        assert driven.pods["waiting"].reason == "0 of 1 nodes fit: 1 insufficient cpu"


class TestDeployments:
    def test_that_were_being_deleted_go_with_their_last_pod(self, drive):
        driven = drive()
        driven.node("n")
        driven.deploy("web", 1)
        driven.tell(s.DeleteDeployment, "web")
        driven.restart()
        driven.tell(s.NodeReported, "n")
        assert driven.told() == ["PodDeleted web-1", "DeploymentDeleted web"]

    def test_that_rested_launch_what_they_lack(self, drive):
        driven = drive()
        driven.node("n")
        driven.deploy("web", 1)
        for uid in ("web-1", "web-2"):
            driven.exited(uid)
        assert driven.alive() == {}
        driven.restart()
        assert driven.alive() == {"web-3": "Pending"}
        driven.found()
        assert driven.alive() == {"web-3": "Starting"}
        driven.exited("web-3")
        assert driven.deployments["web"].failures == 3
        assert driven.cluster.due_at_ms == 20_000

    def test_in_the_middle_of_a_roll_go_on_with_it(self, drive):
        driven = drive()
        driven.node("n", {"cpu": 5000})
        driven.deploy("web", 2)
        for uid in ("web-1", "web-2"):
            driven.started(uid)
        driven.deploy("web", 2, cpu=200)
        before = things(driven.cluster)
        assert driven.restart().changes == ()
        assert things(driven.cluster) == before
        driven.started("web-3")
        assert driven.pods["web-2"].deleting

    def test_do_not_use_a_number_twice(self, drive):
        driven = drive()
        driven.deploy("web", 3)
        driven.scale("web", 0)
        driven.restart()
        driven.scale("web", 1)
        assert list(driven.alive()) == ["web-4"]


def test_what_is_said_to_change_is_only_what_going_on_changed(drive):
    driven = drive()
    driven.node("n")
    driven.pod("p", 900)
    driven.pod("waiting", 900)
    waiting = driven.pods["waiting"]
    stored = driven.cluster
    cluster = Cluster(**driven.parts)
    # Somebody stored a reason that is not true any more.
    outcome = cluster.restore(
        stored.nodes.values(), [stored.pods["p"], evolve(waiting, reason="no idea")], at_ms=driven.now_ms
    )
    assert [change.pod.uid for change in outcome.changes] == ["waiting"]
    reports = (PodReport(pod_uid="p", epoch=1, phase=PodPhase.STARTING),)
    outcome = cluster.handle(s.NodeReported(at_ms=driven.now_ms, uid="n", pods=reports))
    assert outcome.changes == (PodStored(waiting),)


def test_a_node_that_came_back_with_copies_of_an_older_epoch_is_told_to_stop_them(driven):
    driven.restart()
    copies = tuple(
        PodReport(pod_uid=pod.uid, epoch=pod.epoch, phase=PodPhase.RUNNING)
        for pod in driven.pods.values()
        if pod.node_uid == "n" and not pod.phase.finished
    )
    outcome = driven.tell(
        s.NodeReported, "n", pods=(*copies, PodReport(pod_uid="running", epoch=0, phase=PodPhase.RUNNING))
    )
    stopped = [each.pod for each in outcome.instructions if isinstance(each, StopPod)]
    assert ("running", 0) in {(pod.uid, pod.epoch) for pod in stopped}
    assert {pod.uid for pod in stopped if pod.deleting or pod.evicting} == {
        pod.uid for pod in driven.pods.values() if pod.deleting or (pod.evicting and pod.node_uid == "n")
    }
    assert driven.nodes["n"].phase is NodePhase.READY


def test_only_a_new_cluster_can_be_restored(drive):
    driven = drive()
    driven.node("n")
    with pytest.raises(AssertionError, match=r"restore\(\) is for a new cluster"):
        driven.cluster.restore((), (), at_ms=0)


class TestANodeThatIsLookedFor:
    @pytest.fixture
    def driven(self, drive):
        driven = drive()
        driven.node("n")
        driven.node("m", {"cpu": 100})
        driven.restart()
        driven.pod("p")
        return driven

    def test_takes_no_pods(self, driven):
        assert driven.where() == {}
        assert "looked for" in driven.pods["p"].reason

    @pytest.mark.parametrize(
        "news", [(s.NodeReported,), (s.NodeJoined,), (s.NodeAbsent, s.NodeJoined), (s.FailNode, s.NodeJoined)], ids=str
    )
    def test_takes_them_once_it_is_known_what_it_runs(self, driven, news):
        for kind in news:
            assert driven.where() == {}
            driven.tell(kind, "n")
        assert driven.where() == {"p": "n"}

    @pytest.mark.parametrize(
        "news",
        [(s.Heartbeat,), (s.SuspectNode, s.TrustNode), (s.CordonNode, s.CordonNode), (s.FailNode,), (s.GiveUpNode,)],
        ids=str,
    )
    def test_takes_none_for_any_other_news(self, driven, news):
        for number, kind in enumerate(news):
            driven.tell(kind, "n", **({"cordoned": number == 0} if kind is s.CordonNode else {}))
        assert driven.where() == {}

    def test_is_no_reason_any_more_when_all_are_found(self, driven):
        driven.pod("large", 5000)
        driven.tell(s.NodeReported, "m")
        assert driven.where() == {}
        driven.tell(s.NodeReported, "n")
        assert driven.where() == {"p": "n"}
        assert driven.pods["large"].reason == "0 of 2 nodes fit: 2 insufficient cpu"

    @pytest.mark.parametrize("end", [s.DestroyNodeDone, s.GiveUpNode])
    def test_may_be_gone_instead(self, driven, end):
        driven.tell(end, "n")
        driven.node("other")
        assert driven.where() == {"p": "other"}

    def test_is_looked_for_again_after_another_restart(self, driven):
        driven.tell(s.SuspectNode, "n")
        driven.restart()
        driven.tell(s.TrustNode, "n")
        assert driven.where() == {}
        driven.tell(s.NodeReported, "n")
        assert driven.where() == {"p": "n"}

    def test_is_unfit_by_a_plan_too(self, driven):
        assert driven.cluster.plan([driven.pods["p"].spec])[0].node_name is None
