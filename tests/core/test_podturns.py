from __future__ import annotations

import pytest

from kube9.core import stimuli as s
from kube9.core.nodes import DeviceGroup, Taint
from kube9.core.outcome import PodStored, StartPod, StopPod
from kube9.core.pods import DeviceRequest, PodPhase, PodReport, PodSpec
from kube9.plugins.policies import BestFit, WorstFit


class TestAPod:
    def test_with_room_is_bound_at_once(self, drive):
        driven = drive()
        driven.node("n")
        outcome = driven.at(5).pod("p")
        assert driven.told() == ["PodBound p n", "StartPod p n"]
        pod = driven.pods["p"]
        assert (pod.phase, pod.node_uid, pod.epoch, pod.created_at_ms) == (PodPhase.STARTING, "n", 1, 5)
        assert outcome.changes == (PodStored(pod),)
        assert outcome.instructions == (StartPod(driven.nodes["n"], pod),)
        assert outcome.events[0].at_ms == 5

    def test_without_room_waits_and_says_why(self, drive):
        driven = drive()
        driven.node("n", taints=[Taint("gpu")])
        driven.node("m", {"cpu": 1})
        outcome = driven.pod("p")
        assert driven.told() == ["PodUnschedulable p"]
        assert driven.pods["p"].reason == "0 of 2 nodes fit: 1 insufficient cpu, 1 taint gpu"
        assert outcome.changes == (PodStored(driven.pods["p"]),)
        assert driven.cluster.waiting == 1

    def test_without_any_node_waits_too(self, drive):
        driven = drive()
        driven.pod("p")
        assert driven.pods["p"].reason == "0 of 0 nodes fit"

    def test_runs_and_ends(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.started("p")
        assert driven.told() == ["PodRunning p"]
        assert driven.pods["p"].phase is PodPhase.RUNNING
        driven.exited("p")
        assert driven.told() == ["PodFinished p"]
        assert driven.pods["p"].phase is PodPhase.SUCCEEDED
        assert driven.cluster.table.free["cpu"].tolist() == [1000]

    @pytest.mark.parametrize("exit_code,phase", [(0, "Succeeded"), (1, "Failed"), (-9, "Failed")])
    def test_may_end_before_its_start_was_told(self, drive, exit_code, phase):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.tell(s.PodExited, "p", epoch=1, exit_code=exit_code, reason="done")
        pod = driven.pods["p"]
        assert (pod.phase.value, pod.exit_code, pod.reason, pod.node_uid) == (phase, exit_code, "done", "n")
        assert driven.started("p").events[0].what.startswith("PodStarted")
        assert driven.pods["p"] == pod

    def test_is_bound_by_the_scheduler_it_names(self, drive):
        driven = drive(BestFit(), others={"spread": WorstFit()})
        driven.node("small", {"cpu": 600})
        driven.node("large", {"cpu": 900})
        driven.pod("a", 100)
        driven.pod("b", 100, scheduler_name="spread")
        driven.pod("c", 100, scheduler_name="usual")
        assert driven.where() == {"a": "small", "b": "large", "c": "small"}

    def test_frees_room_for_those_who_wait_in_the_same_turn(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p", 1000)
        driven.pod("q", 400)
        driven.pod("r", 400)
        driven.exited("p")
        assert driven.told() == [
            "PodFinished p",
            "PodBound q n",
            "PodBound r n",
            "StartPod q n",
            "StartPod r n",
        ]

    def test_of_zero_size_fits_where_nothing_is_left(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p", 1000)
        driven.pod("q", requests={})
        driven.pod("r", requests={"cpu": 0})
        assert set(driven.where()) == {"p", "q", "r"}

    def test_may_ask_for_none_of_what_no_node_has(self, drive):
        driven = drive(BestFit())
        driven.node("n")
        driven.pod("p", requests={"cpu": 1, "nvidia.com/gpu": 0})
        assert driven.where() == {"p": "n"}
        driven.pod("q", requests={"cpu": 5000, "nvidia.com/gpu": 0})
        assert driven.pods["q"].reason == "0 of 1 nodes fit: 1 insufficient cpu"
        driven.exited("p")
        assert driven.cluster.table.free["cpu"].tolist() == [1000]
        assert "nvidia.com/gpu" not in driven.cluster.table.free

    def test_that_asks_for_what_no_node_has_waits_for_one(self, drive):
        driven = drive(BestFit())
        driven.node("n")
        driven.pod("p", requests={"nvidia.com/gpu": 1})
        assert driven.pods["p"].reason == "0 of 1 nodes fit: 1 insufficient nvidia.com/gpu"
        driven.node("m", {"nvidia.com/gpu": 1})
        assert driven.where() == {"p": "m"}

    def test_takes_one_of_the_pods_a_node_may_have(self, drive):
        driven = drive()
        driven.node("n", {"cpu": 1000, "pods": 2})
        for name in ("p", "q", "r"):
            driven.pod(name, 1)
        assert driven.pods["r"].reason == "0 of 1 nodes fit: 1 too many pods"
        driven.exited("q")
        assert set(driven.where()) == {"p", "q", "r"}

    def test_gets_devices_of_one_node_and_gives_them_back(self, drive):
        driven = drive()
        gpus = DeviceGroup(kind="gpu", count=2)
        driven.node("n", devices=[gpus])
        half = DeviceRequest(kind="gpu", count=1, milli=600)
        for name in ("p", "q", "r"):
            driven.pod(name, requests={}, devices=(half,))
        assert [driven.pods[name].devices for name in "pqr"] == [{"gpu": (0,)}, {"gpu": (1,)}, {}]
        assert driven.pods["r"].reason == "0 of 1 nodes fit: 1 no 1 x 600 milli of gpu left"
        driven.exited("p")
        assert driven.pods["r"].devices == {"gpu": (0,)}
        assert driven.pods["p"].devices == {}


class TestDeletion:
    @pytest.mark.parametrize("size", [500, 5000])
    def test_of_a_pod_that_waits_is_done_at_once(self, drive, size):
        driven = drive()
        driven.pod("p", size)
        driven.tell(s.DeletePod, "p")
        assert driven.told() == ["PodDeleted p"]
        assert "p" not in driven.pods
        assert driven.cluster.waiting == 0
        assert driven.node("n").instructions == ()

    @pytest.mark.parametrize("running", [False, True])
    def test_of_a_bound_pod_is_done_when_it_has_stopped(self, drive, running):
        driven = drive()
        driven.node("n")
        driven.pod("p", 1000)
        driven.pod("waiting", 1000)
        if running:
            driven.started("p")
        outcome = driven.tell(s.DeletePod, "p", grace_ms=7)
        assert outcome.instructions == (StopPod(driven.nodes["n"], driven.pods["p"], 7),)
        assert driven.pods["p"].deleting
        assert driven.cluster.waiting == 1
        driven.tell(s.StopPodDone, "p", epoch=1)
        assert driven.told() == ["PodDeleted p", "PodBound waiting n", "StartPod waiting n"]
        assert "p" not in driven.pods

    def test_may_be_asked_for_again_with_another_grace(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.tell(s.DeletePod, "p", grace_ms=60_000)
        outcome = driven.tell(s.DeletePod, "p", grace_ms=0)
        assert outcome.instructions == (StopPod(driven.nodes["n"], driven.pods["p"], 0),)
        assert outcome.events == ()
        assert driven.where() == {"p": "n"}
        driven.tell(s.StopPodDone, "p", epoch=1)
        assert driven.told() == ["PodDeleted p"]
        # The answer to the other order to stop.
        driven.tell(s.StopPodDone, "p", epoch=1)
        assert driven.told() == ["StaleReport"]

    @pytest.mark.parametrize(
        "end",
        [
            (s.PodExited, {"epoch": 1}),
            (s.StartPodFailed, {"epoch": 1, "reason": "no image"}),
            (s.StopPodDone, {"epoch": 1}),
        ],
        ids=str,
    )
    def test_is_done_however_the_pod_ends(self, drive, end):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.tell(s.DeletePod, "p")
        kind, about = end
        driven.tell(kind, "p", **about)
        assert driven.told() == ["PodDeleted p"]
        assert dict(driven.pods) == {}
        assert driven.cluster.table.free["cpu"].tolist() == [1000]

    @pytest.mark.parametrize("end", [s.FailNode, s.GiveUpNode, s.DestroyNodeDone, s.NodeJoined])
    def test_is_done_when_the_node_is_no_more(self, drive, end):
        driven = drive()
        driven.node("n")
        driven.node("other")
        driven.pod("p")
        driven.tell(s.DeletePod, "p")
        driven.tell(end, "n")
        assert "PodDeleted p" in driven.told()
        assert dict(driven.pods) == {}

    def test_of_a_finished_pod_is_done_at_once(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.exited("p")
        driven.tell(s.DeletePod, "p")
        assert driven.told() == ["PodDeleted p"]
        assert dict(driven.pods) == {}

    def test_of_a_pod_that_pauses_is_done_at_once(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.not_started("p")
        driven.tell(s.DeletePod, "p")
        assert driven.told() == ["PodDeleted p"]
        assert driven.at(10**6).tell(s.TimePassed).events == ()

    def test_frees_the_name(self, drive):
        driven = drive()
        driven.pod("p")
        driven.tell(s.DeletePod, "p")
        driven.tell(s.LaunchPod, "another uid", spec=PodSpec(name="p"))
        assert list(driven.pods) == ["another uid"]

    def test_a_stop_that_nobody_asked_for_ends_no_pod(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.tell(s.StopPodDone, "p", epoch=1)
        assert driven.where() == {"p": "n"}


class TestAStartThatFails:
    def test_is_tried_again_with_growing_pauses_until_the_pod_itself_has_failed(self, drive):
        driven = drive(settings={"start_attempts": 3, "start_backoff_ms": 100})
        driven.node("n")
        driven.at(50).pod("p")
        starts_ms = [50]
        for _ in range(2):
            driven.not_started("p")
            assert driven.told() == ["PodEvicted p n"]
            assert driven.pods["p"].reason == "could not start on n: no image"
            assert driven.cluster.waiting == 1
            due_ms = driven.cluster.due_at_ms
            assert driven.at(due_ms - 1).tell(s.TimePassed).events == ()
            driven.at(due_ms).tell(s.TimePassed)
            assert driven.told() == ["PodBound p n", "StartPod p n"]
            starts_ms.append(due_ms)
        assert starts_ms == [50, 150, 350]
        driven.not_started("p")
        assert driven.told() == ["PodFinished p"]
        pod = driven.pods["p"]
        assert (pod.phase, pod.exit_code, pod.epoch) == (PodPhase.FAILED, None, 3)
        assert pod.reason == "could not start on n: no image"
        assert driven.cluster.due_at_ms is None

    def test_frees_the_room_for_others_at_once(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p", 1000)
        driven.pod("q", 1000)
        driven.not_started("p")
        assert driven.where() == {"q": "n"}

    def test_counts_only_failures_in_a_row(self, drive):
        driven = drive(settings={"start_attempts": 2, "start_backoff_ms": 1})
        driven.node("n")
        driven.pod("p")
        for now_ms in range(1, 6):
            driven.not_started("p")
            driven.at(now_ms).tell(s.TimePassed)
            driven.started("p")
            driven.tell(s.NodeJoined, "n")
        assert driven.pods["p"].phase is PodPhase.STARTING

    def test_goes_wherever_it_fits_then(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p", 1000)
        driven.pod("q", 1000)
        driven.not_started("p")
        driven.node("m")
        driven.at(1000).tell(s.TimePassed)
        assert driven.where() == {"p": "m", "q": "n"}


class TestEviction:
    """Of the pods of a node that is drained."""

    @pytest.fixture
    def driven(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p", 1000)
        driven.tell(s.DrainNode, "n")
        assert driven.pods["p"].evicting
        return driven

    def test_is_over_when_the_pod_has_stopped(self, driven):
        driven.node("m")
        driven.stopped("p")
        assert driven.told() == ["PodEvicted p n", "PodBound p m", "NodeDrained n", "StartPod p m"]
        pod = driven.pods["p"]
        assert (pod.evicting, pod.epoch, pod.node_uid) == (False, 2, "m")
        # The answer to another order to stop, which came twice.
        driven.tell(s.StopPodDone, "p", epoch=1)
        assert driven.told() == ["StaleReport"]

    def test_keeps_its_place_until_then(self, driven):
        driven.tell(s.CordonNode, "n", cordoned=False)
        driven.pod("q", 1000)
        assert driven.where() == {"p": "n"}
        driven.stopped("p")
        assert driven.where() == {"p": "n"}
        assert driven.pods["p"].epoch == 2

    def test_may_become_a_deletion(self, driven):
        outcome = driven.tell(s.DeletePod, "p", grace_ms=3)
        assert outcome.instructions == (StopPod(driven.nodes["n"], driven.pods["p"], 3),)
        driven.stopped("p")
        assert driven.told() == ["PodDeleted p", "NodeDrained n"]
        assert dict(driven.pods) == {}

    def test_does_not_keep_a_pod_from_being_reported_as_running(self, driven):
        driven.started("p")
        assert driven.told() == ["PodRunning p"]
        assert driven.pods["p"].evicting

    def test_does_not_keep_a_pod_from_ending_by_itself(self, driven):
        driven.exited("p")
        assert driven.told() == ["PodFinished p", "NodeDrained n"]
        assert not driven.pods["p"].evicting
        assert driven.tell(s.StopPodDone, "p", epoch=1).changes == ()

    def test_is_over_too_when_the_pod_could_not_start(self, driven):
        driven.not_started("p")
        assert driven.told() == ["PodEvicted p n", "NodeDrained n"]
        assert not driven.pods["p"].evicting
        assert driven.cluster.waiting == 1

    @pytest.mark.parametrize("end", [s.FailNode, s.GiveUpNode, s.DestroyNodeDone, s.NodeJoined, s.NodeAbsent])
    def test_is_over_when_the_node_is_no_more(self, driven, end):
        driven.node("m")
        driven.tell(end, "n")
        assert driven.where() == {"p": "m"}
        assert not driven.pods["p"].evicting


def report(uid, epoch, phase, exit_code=None):
    return PodReport(pod_uid=uid, epoch=epoch, phase=phase, exit_code=exit_code)


STARTING, RUNNING, SUCCEEDED, FAILED = (
    PodPhase.STARTING,
    PodPhase.RUNNING,
    PodPhase.SUCCEEDED,
    PodPhase.FAILED,
)

#: What a pod was thought to do, what its node says of it, what that tells, and the phase after.
ADOPTIONS = {
    "starting, and starts": ("starting", STARTING, [], "Starting"),
    "starting, and runs": ("starting", RUNNING, ["PodRunning p"], "Running"),
    "starting, and ended well": ("starting", SUCCEEDED, ["PodFinished p"], "Succeeded"),
    "starting, and ended badly": ("starting", FAILED, ["PodFinished p"], "Failed"),
    "starting, and is not there": ("starting", None, ["StartPod p n"], "Starting"),
    "running, and runs": ("running", RUNNING, [], "Running"),
    "running, and starts": ("running", STARTING, [], "Running"),
    "running, and ended well": ("running", SUCCEEDED, ["PodFinished p"], "Succeeded"),
    "running, and is not there": ("running", None, ["PodEvicted p n", "PodBound p n", "StartPod p n"], "Starting"),
    "deleting, and runs": ("deleting", RUNNING, ["StopPod p n"], "Running"),
    "deleting, and starts": ("deleting", STARTING, ["StopPod p n"], "Running"),
    "deleting, and ended": ("deleting", FAILED, ["PodDeleted p"], None),
    "deleting, and is not there": ("deleting", None, ["PodDeleted p"], None),
    "deleting before it ran, and runs": ("deleting early", RUNNING, ["PodRunning p", "StopPod p n"], "Running"),
    "deleting before it ran, and is not there": ("deleting early", None, ["PodDeleted p"], None),
    "evicting, and runs": ("evicting", RUNNING, ["StopPod p n"], "Running"),
    # What was told to stop and has ended was stopped, however that looks from outside.
    "evicting, and ended": ("evicting", FAILED, ["PodEvicted p n", "PodUnschedulable p", "NodeDrained n"], "Pending"),
    "evicting, and is not there": (
        "evicting",
        None,
        ["PodEvicted p n", "PodUnschedulable p", "NodeDrained n"],
        "Pending",
    ),
}


@pytest.mark.parametrize("was,said,told,phase", ADOPTIONS.values(), ids=ADOPTIONS)
def test_a_pod_is_adopted_as_its_node_says(drive, was, said, told, phase):
    driven = drive()
    driven.node("n")
    driven.pod("p")
    if was not in ("starting", "deleting early"):
        driven.started("p")
    if was.startswith("deleting"):
        driven.tell(s.DeletePod, "p")
    if was == "evicting":
        driven.tell(s.DrainNode, "n")
    exit_code = {SUCCEEDED: 0, FAILED: 143}.get(said)
    driven.tell(s.NodeReported, "n", pods=() if said is None else (report("p", 1, said, exit_code),))
    assert driven.told() == told
    assert (driven.pods["p"].phase.value if "p" in driven.pods else None) == phase
    if phase in ("Succeeded", "Failed"):
        assert driven.pods["p"].exit_code == exit_code


def test_a_pod_that_is_not_there_yet_is_started_again_under_its_epoch(drive):
    driven = drive()
    driven.node("n")
    first = driven.pod("p").instructions
    outcome = driven.tell(s.NodeReported, "n")
    assert outcome.instructions == first
    assert outcome.changes == ()


def test_the_times_of_a_pod_are_kept(drive):
    driven = drive()
    driven.node("n")
    driven.at(10).pod("p")
    driven.at(20).started("p")
    driven.at(50).exited("p")
    pod = driven.pods["p"]
    assert (pod.created_at_ms, pod.started_at_ms, pod.finished_at_ms) == (10, 20, 50)
    driven.pod("q")
    driven.at(60).started("q")
    driven.tell(s.FailNode, "n")
    assert driven.pods["q"].started_at_ms is None


@pytest.mark.parametrize("grace_ms,told_ms", [(None, 700), (0, 0), (5, 5)])
def test_a_pod_gets_as_long_to_stop_as_is_said_or_as_it_says_itself(drive, grace_ms, told_ms):
    driven = drive()
    driven.node("n")
    driven.pod("p", grace_ms=700)
    assert driven.tell(s.DeletePod, "p", grace_ms=grace_ms).instructions[0].grace_ms == told_ms


class TestHealth:
    @pytest.fixture
    def driven(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.started("p")
        return driven

    def tell(self, driven, ready, restarts=0, reason="", *, epoch=1):
        driven.tell(s.PodHealthChanged, "p", epoch=epoch, ready=ready, restarts=restarts, reason=reason)
        return driven.told()

    def how(self, driven):
        pod = driven.pods["p"]
        return pod.phase.value, pod.ready, pod.restarts, pod.reason

    def test_a_pod_is_ready_when_it_runs_unless_that_is_said(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        assert self.how(driven) == ("Starting", False, 0, "")
        driven.started("p")
        assert self.how(driven) == ("Running", True, 0, "")
        driven.pod("q")
        driven.tell(s.PodStarted, "q", epoch=1, ready=False, restarts=2, reason="NotReady: not yet")
        assert (driven.pods["q"].ready, driven.pods["q"].restarts, driven.pods["q"].reason) == (
            False,
            2,
            "NotReady: not yet",
        )

    def test_it_stays_where_it_is_however_sick(self, driven):
        assert self.tell(driven, False, 3, "CrashLoopBackOff: it ended") == ["ContainerRestarted p", "PodUnready p"]
        assert self.how(driven) == ("Running", False, 3, "CrashLoopBackOff: it ended")
        assert driven.where() == {"p": "n"}

    def test_each_change_is_told_and_what_is_known_is_not(self, driven):
        assert self.tell(driven, True) == []
        assert driven.outcome.changes == ()
        assert self.tell(driven, False, 0, "Unhealthy: a") == ["PodUnready p"]
        assert self.tell(driven, False, 0, "Unhealthy: a") == []
        assert self.tell(driven, False, 0, "Unhealthy: b") == ["PodUnready p"]
        assert self.tell(driven, False, 1, "NotReady: c") == ["ContainerRestarted p"]
        assert self.tell(driven, True, 1) == ["PodReady p"]
        assert self.tell(driven, True, 2) == ["ContainerRestarted p"]

    def test_old_news_is_none(self, driven):
        self.tell(driven, True, 2)
        assert self.tell(driven, False, 1, "Unhealthy: before that") == []
        assert self.tell(driven, False, 9, epoch=0) == ["StaleReport"]
        driven.exited("p")
        assert self.tell(driven, False, 9) == ["StaleReport"]
        assert self.how(driven) == ("Succeeded", False, 2, "")

    def test_one_that_starts_may_be_sick_already_but_not_ready(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        assert self.tell(driven, True, 1, "CrashLoopBackOff: init ended") == ["ContainerRestarted p"]
        assert self.how(driven) == ("Starting", False, 1, "CrashLoopBackOff: init ended")
        driven.started("p")
        assert self.how(driven) == ("Running", True, 1, "")

    def test_elsewhere_it_begins_anew(self, driven):
        self.tell(driven, False, 4, "Unhealthy: it hangs")
        driven.node("m")
        driven.tell(s.FailNode, "n")
        assert self.how(driven) == ("Starting", False, 0, "")

    def test_a_node_that_is_asked_says_it_too(self, driven):
        said = PodReport(pod_uid="p", epoch=1, phase=RUNNING, ready=False, restarts=1, reason="Unhealthy: it hangs")
        driven.tell(s.NodeReported, "n", pods=(said,))
        assert driven.told() == ["ContainerRestarted p", "PodUnready p"]
        assert self.how(driven) == ("Running", False, 1, "Unhealthy: it hangs")
        driven.tell(s.NodeReported, "n", pods=(said,))
        assert driven.outcome.changes == ()

    def test_of_one_that_starts_it_is_told_with_the_start(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.tell(s.NodeReported, "n", pods=(PodReport(pod_uid="p", epoch=1, phase=RUNNING, ready=False),))
        assert driven.told() == ["PodRunning p"]
        assert self.how(driven) == ("Running", False, 0, "")

    def test_a_roll_waits_until_the_new_pod_is_ready(self, drive):
        driven = drive()
        driven.node("n")
        driven.deploy("web", 2)
        for name in ("web-1", "web-2"):
            driven.started(name)
        driven.deploy("web", 2, cpu=200)
        driven.stopped("web-1")
        assert set(driven.pods) == {"web-2", "web-3"}
        driven.tell(s.PodStarted, "web-3", epoch=1, ready=False)
        assert not driven.pods["web-2"].deleting
        driven.tell(s.PodHealthChanged, "web-3", epoch=1, ready=True)
        assert driven.pods["web-2"].deleting
