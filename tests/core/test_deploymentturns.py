from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import stimuli as s
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import Conflict, DuplicateName, InvalidInput, UnknownName
from kube9.core.outcome import DeploymentRemoved, DeploymentStored
from kube9.core.pods import Owner, PodPhase, PodSpec
from kube9.plugins.queues import FirstComeFirstServed


@pytest.fixture
def driven(drive):
    """A cluster with plenty of room."""
    driven = drive(settings={"replace_backoff_ms": 10, "replace_backoff_ms_max": 50, "settled_after_ms": 600})
    driven.node("n", {"cpu": 10_000})
    return driven


def start_all(driven):
    for uid, phase in driven.alive().items():
        if phase == "Starting":
            driven.started(uid)


def stop_all(driven):
    for uid in [uid for uid, pod in driven.pods.items() if pod.deleting]:
        driven.stopped(uid)


class TestANewDeployment:
    def test_launches_its_pods_in_the_same_turn(self, driven):
        outcome = driven.at(5).deploy("web", 2)
        assert driven.told() == [
            "DeploymentApplied web",
            "PodBound web-1 n",
            "PodBound web-2 n",
            "StartPod web-1 n",
            "StartPod web-2 n",
        ]
        deployment = driven.deployments["web"]
        assert (deployment.created_at_ms, deployment.launched, deployment.revision) == (5, 2, 1)
        assert outcome.changes[0] == DeploymentStored(deployment)
        pod = driven.pods["web-2"]
        assert (pod.name, pod.namespace, pod.owner, pod.created_at_ms) == ("web-2", "default", Owner("web", 1), 5)
        assert pod.spec.requests == {"cpu": 100}

    def test_has_pods_that_wait_where_there_is_no_room(self, driven):
        driven.deploy("web", 3, cpu=5000)
        assert list(driven.alive().values()) == ["Starting", "Starting", "Pending"]
        driven.node("m", {"cpu": 5000})
        assert driven.pods["web-3"].node_uid == "m"

    def test_may_have_no_pods(self, driven):
        driven.deploy("web", 0)
        assert driven.told() == ["DeploymentApplied web"]

    def test_gives_its_pods_its_own_namespace_and_the_names_that_are_free(self, driven):
        driven.pod("web-2", 1)
        driven.tell(s.LaunchPod, "other", spec=PodSpec(name="web-1", namespace="team"))
        driven.deploy("web", 3)
        assert [uid for uid in driven.alive() if driven.pods[uid].owner] == ["web-1", "web-3", "web-4"]
        spec = DeploymentSpec(name="web", namespace="team", replicas=2, template=PodSpec(name="any", namespace="any"))
        driven.tell(s.ApplyDeployment, "team-web", spec=spec)
        assert [(pod.name, pod.namespace) for pod in list(driven.pods.values())[-2:]] == [
            ("web-2", "team"),
            ("web-3", "team"),
        ]

    def test_leaves_alone_a_pod_that_has_the_uid_of_one_of_its_own(self, driven):
        driven.tell(s.LaunchPod, "web-1", spec=PodSpec(name="single"))
        driven.deploy("web", 1)
        assert driven.pods["web-1"].name == "single"
        assert driven.pods["web-2"].owner == Owner("web", 1)

    def test_is_refused_where_its_uid_is_taken(self, driven):
        driven.deploy("web", 0)
        with pytest.raises(DuplicateName, match="there is a deployment with uid 'web' already"):
            driven.tell(s.ApplyDeployment, "web", spec=DeploymentSpec(name="db", template=PodSpec(name="db")))

    def test_is_refused_where_nobody_offers_its_scheduler(self, driven):
        before = driven.state()
        with pytest.raises(UnknownName, match="there is no scheduler 'usaul'; installed: usual"):
            driven.at(9).deploy("web", 1, scheduler_name="usaul")
        assert driven.state() == before

    def test_puts_pods_that_no_discipline_can_rank_before_all_others(self, drive, fussy):
        driven = drive(discipline=fussy)
        fussy.refuses = "web-2"
        driven.node("n", {"cpu": 1})
        driven.deploy("web", 3)
        assert driven.told().count("SchedulerFailed web-2") == 1
        assert list(driven.alive().values()) == ["Pending"] * 3
        driven.node("m", {"cpu": 100})
        assert driven.where() == {"web-2": "m"}


class TestKeepingTheNumber:
    @pytest.fixture
    def driven(self, driven):
        driven.deploy("web", 2)
        start_all(driven)
        return driven

    def test_a_deleted_pod_is_replaced_at_once(self, driven):
        driven.tell(s.DeletePod, "web-1")
        assert driven.told() == ["PodBound web-3 n", "StopPod web-1 n", "StartPod web-3 n"]
        driven.tell(s.DeletePod, "web-1")
        assert driven.told() == ["StopPod web-1 n"]
        driven.stopped("web-1")
        assert driven.told() == ["PodDeleted web-1"]

    def test_a_pod_that_ended_is_replaced_at_once(self, driven):
        driven.exited("web-1", exit_code=1)
        assert driven.told() == ["PodFinished web-1", "PodBound web-3 n", "StartPod web-3 n"]
        assert driven.pods["web-1"].phase is PodPhase.FAILED

    def test_a_pod_whose_node_fails_moves_and_is_not_replaced(self, driven):
        driven.node("m")
        driven.tell(s.FailNode, "n")
        assert driven.where() == {"web-1": "m", "web-2": "m"}
        assert driven.pods["web-1"].epoch == 2

    def test_a_pod_whose_node_is_drained_moves_and_is_not_replaced(self, driven):
        driven.node("m")
        driven.tell(s.DrainNode, "n")
        for uid in ("web-1", "web-2"):
            driven.stopped(uid)
        assert driven.where() == {"web-1": "m", "web-2": "m"}

    def test_a_pod_that_waits_is_one_of_them(self, driven):
        driven.tell(s.FailNode, "n")
        assert driven.alive() == {"web-1": "Pending", "web-2": "Pending"}
        driven.scale("web", 3)
        driven.scale("web", 1)
        assert driven.alive() == {"web-1": "Pending"}

    def test_a_deleted_pod_that_waits_is_replaced_too(self, driven):
        driven.tell(s.FailNode, "n")
        driven.tell(s.DeletePod, "web-1")
        assert driven.alive() == {"web-2": "Pending", "web-3": "Pending"}

    def test_a_pod_of_a_report_that_has_ended_is_replaced(self, driven):
        driven.tell(s.NodeReported, "n")
        assert driven.alive() == {"web-1": "Starting", "web-2": "Starting"}

    def test_pods_that_ended_are_forgotten_like_any_other(self, drive):
        driven = drive(settings={"finished_kept": 1, "replace_backoff_ms": 1})
        driven.node("n")
        driven.deploy("web", 1)
        for now_ms in range(0, 50, 10):
            driven.at(now_ms).tell(s.TimePassed)
            (uid,) = driven.alive()
            driven.exited(uid)
        assert len([pod for pod in driven.pods.values() if pod.phase.finished]) == 1

    def test_forgetting_them_at_once_is_no_reason_not_to_replace_them(self, drive):
        driven = drive(settings={"finished_kept": 0})
        driven.node("n")
        driven.deploy("web", 1)
        driven.exited("web-1")
        assert list(driven.pods) == ["web-2"]


class TestScaling:
    def test_up(self, driven):
        driven.deploy("web", 1)
        driven.scale("web", 3)
        assert driven.told()[0] == "DeploymentApplied web"
        assert list(driven.alive()) == ["web-1", "web-2", "web-3"]

    def test_down_takes_the_youngest(self, driven):
        driven.deploy("web", 3)
        start_all(driven)
        driven.scale("web", 1)
        assert driven.told() == ["DeploymentApplied web", "StopPod web-3 n", "StopPod web-2 n"]
        assert list(driven.alive()) == ["web-1"]

    def test_to_none_and_back_before_they_have_stopped(self, driven):
        driven.deploy("web", 2)
        driven.scale("web", 0)
        driven.scale("web", 2)
        assert list(driven.alive()) == ["web-3", "web-4"]
        stop_all(driven)
        assert list(driven.pods) == ["web-3", "web-4"]

    def test_to_the_same_is_nothing(self, driven):
        driven.deploy("web", 2)
        outcome = driven.scale("web", 2)
        assert (outcome.changes, outcome.events) == ((), ())

    def test_is_no_new_template(self, driven):
        driven.deploy("web", 1)
        driven.scale("web", 2)
        assert driven.deployments["web"].revision == 1

    def test_to_what_makes_no_sense(self, driven):
        driven.deploy("web", 2)
        before = driven.state()
        with pytest.raises(InvalidInput, match="replicas must be a whole number from 0"):
            driven.at(7).scale("web", -1)
        assert driven.state() == before

    def test_one_that_is_not_there(self, driven):
        with pytest.raises(UnknownName, match="there is no deployment with uid 'web'"):
            driven.scale("web", 1)


class TestANewTemplate:
    @pytest.fixture
    def driven(self, driven):
        driven.deploy("web", 3)
        start_all(driven)
        return driven

    def test_replaces_one_pod_after_the_other(self, driven):
        driven.deploy("web", 3, cpu=200)
        assert driven.told() == ["DeploymentApplied web", "PodBound web-4 n", "StopPod web-1 n", "StartPod web-4 n"]
        assert driven.deployments["web"].revision == 2
        steps = 0
        while any(driven.pods[uid].owner.revision == 1 for uid in driven.alive()):
            running = [uid for uid, phase in driven.alive().items() if phase == "Running"]
            assert len(running) >= 2
            stop_all(driven)
            start_all(driven)
            steps += 1
        assert steps == 2
        start_all(driven)
        assert driven.alive() == dict.fromkeys(("web-4", "web-5", "web-6"), "Running")
        assert {driven.pods[uid].spec.requests["cpu"] for uid in driven.alive()} == {200}
        driven.exited("web-4")
        assert driven.pods["web-7"].owner.revision == 2

    @pytest.mark.parametrize("max_unavailable,at_once", [(1, 1), (2, 2), (3, 3), (9, 3)])
    def test_as_many_at_a_time_as_may_be_missing(self, driven, max_unavailable, at_once):
        driven.deploy("web", 3, cpu=200, max_unavailable=max_unavailable)
        assert sum(pod.deleting for pod in driven.pods.values()) == at_once

    def test_waits_for_one_that_cannot_start(self, driven):
        driven.deploy("web", 3, cpu=200)
        driven.not_started("web-4")
        assert sorted(driven.alive().values()) == ["Pending", "Running", "Running"]
        driven.at(10**6).tell(s.TimePassed)
        driven.started("web-4")
        assert sorted(driven.alive()) == ["web-3", "web-4", "web-5"]

    def test_replaces_at_once_those_that_do_not_run(self, driven):
        driven.tell(s.FailNode, "n")
        assert list(driven.alive().values()) == ["Pending"] * 3
        driven.deploy("web", 3, cpu=200)
        assert list(driven.alive()) == ["web-4", "web-5", "web-6"]

    def test_replaces_one_that_loses_its_node_on_the_way(self, driven):
        driven.node("m", {"cpu": 10_000})
        driven.deploy("web", 3, cpu=200)
        driven.tell(s.FailNode, "n")
        assert {pod.owner.revision for uid, pod in driven.pods.items() if uid in driven.alive()} == {2}

    def test_counts_one_that_is_moved_elsewhere_as_missing(self, driven):
        driven.deploy("web", 3, cpu=200)
        driven.started("web-4")
        driven.tell(s.DrainNode, "n")
        assert [uid for uid in driven.alive() if driven.pods[uid].owner.revision == 1] == []

    def test_may_be_followed_by_another(self, driven):
        driven.deploy("web", 3, cpu=200)
        driven.deploy("web", 3, cpu=300)
        for _ in range(6):
            stop_all(driven)
            start_all(driven)
        assert {driven.pods[uid].spec.requests["cpu"] for uid in driven.alive()} == {300}
        assert driven.deployments["web"].revision == 3

    def test_may_be_taken_back(self, driven):
        driven.deploy("web", 3, cpu=200)
        driven.deploy("web", 3)
        assert driven.deployments["web"].revision == 3
        for _ in range(6):
            stop_all(driven)
            start_all(driven)
        assert {driven.pods[uid].spec.requests["cpu"] for uid in driven.alive()} == {100}

    def test_that_is_the_same_is_nothing(self, driven):
        outcome = driven.deploy("web", 3)
        assert (outcome.changes, outcome.events, outcome.instructions) == ((), (), ())

    def test_is_used_under_the_uid_it_had(self, driven):
        spec = evolve(driven.deployments["web"].spec, replicas=4)
        driven.tell(s.ApplyDeployment, "another", spec=spec)
        assert list(driven.deployments) == ["web"]
        assert "web-4" in driven.pods

    def test_where_everybody_waits_in_line(self, drive):
        driven = drive(discipline=FirstComeFirstServed())
        driven.node("n", {"cpu": 300})
        driven.deploy("web", 3)
        start_all(driven)
        driven.pod("single", 300)
        driven.deploy("web", 3, cpu=50)
        for _ in range(4):
            stop_all(driven)
            start_all(driven)
        # The pod that came before the new ones has its turn as soon as enough is free, and not before.
        assert driven.pods["single"].node_uid is None
        assert [uid for uid, phase in driven.alive().items() if phase == "Pending"] == ["single", "web-4"]


class TestPodsThatEndAgainAndAgain:
    def end(self, driven):
        (uid,) = driven.alive()
        driven.exited(uid, exit_code=1)

    def pause_ms(self, driven):
        """How long the deployment rests from now on, and let it be over."""
        if driven.alive():
            return 0
        began_ms = driven.now_ms
        due_ms = driven.cluster.due_at_ms
        driven.at(due_ms - 1).tell(s.TimePassed)
        assert driven.alive() == {}
        driven.at(due_ms).tell(s.TimePassed)
        return due_ms - began_ms

    def test_are_replaced_with_growing_pauses(self, driven):
        driven.deploy("web", 1)
        pauses_ms = []
        for _ in range(7):
            self.end(driven)
            pauses_ms.append(self.pause_ms(driven))
        assert pauses_ms == [0, 10, 20, 40, 50, 50, 50]
        assert driven.deployments["web"].failures == 7

    def test_are_replaced_at_once_again_when_one_has_run_for_long(self, driven):
        driven.deploy("web", 1)
        for _ in range(3):
            self.end(driven)
            self.pause_ms(driven)
        start_all(driven)
        driven.at(driven.now_ms + 600)
        self.end(driven)
        assert self.pause_ms(driven) == 0
        assert driven.deployments["web"].failures == 1
        self.end(driven)
        assert self.pause_ms(driven) == 10

    def test_but_not_when_it_was_there_for_long_without_running(self, driven):
        driven.deploy("web", 1)
        self.end(driven)
        driven.at(driven.now_ms + 600)
        self.end(driven)
        assert self.pause_ms(driven) == 10

    def test_let_the_others_of_the_deployment_be(self, driven):
        driven.deploy("web", 3)
        driven.exited("web-1")
        driven.exited("web-2")
        assert list(driven.alive()) == ["web-3", "web-4"]
        driven.exited("web-3")
        assert driven.deployments["web"].failures == 2
        driven.at(10).tell(s.TimePassed)
        assert list(driven.alive()) == ["web-4", "web-5", "web-6"]

    @pytest.mark.parametrize("change", [{"replicas": 2}, {"cpu": 200}], ids=str)
    def test_are_replaced_at_once_when_somebody_changes_the_deployment(self, driven, change):
        driven.deploy("web", 1)
        for _ in range(3):
            self.end(driven)
            driven.at(driven.now_ms + 10).tell(s.TimePassed)
        assert driven.alive() == {}
        driven.deploy("web", **{"replicas": 1, **change})
        assert len(driven.alive()) == change.get("replicas", 1)
        assert driven.deployments["web"].failures == 0

    def test_rest_their_whole_pause_though_another_was_cut_short(self, driven):
        driven.deploy("web", 1)
        for _ in range(3):
            self.end(driven)
            if not driven.alive():
                driven.at(driven.cluster.due_at_ms).tell(s.TimePassed)
        self.end(driven)  # rests for 40 ms from 30 on
        began_ms = driven.now_ms
        driven.at(began_ms + 35).deploy("web", 1, cpu=200)
        self.end(driven)
        self.end(driven)  # rests for 10 ms from 65 on
        assert driven.at(began_ms + 40).tell(s.TimePassed).changes == ()
        driven.at(began_ms + 45).tell(s.TimePassed)
        assert len(driven.alive()) == 1

    def test_are_not_replaced_once_the_deployment_is_gone(self, driven):
        driven.deploy("web", 1)
        self.end(driven)
        self.end(driven)
        driven.tell(s.DeleteDeployment, "web")
        assert driven.told()[-1] == "DeploymentDeleted web"
        assert driven.at(10**6).tell(s.TimePassed).changes == ()

    def test_rest_after_starts_that_failed_for_good(self, drive):
        driven = drive(settings={"start_attempts": 1, "replace_backoff_ms": 10})
        driven.node("n")
        driven.deploy("web", 1)
        driven.not_started("web-1")
        driven.not_started("web-2")
        assert driven.alive() == {}
        assert driven.cluster.due_at_ms == 10


class TestDeletion:
    def test_stops_all_pods_and_is_done_with_the_last(self, driven):
        driven.deploy("web", 2)
        driven.exited("web-1")
        outcome = driven.tell(s.DeleteDeployment, "web", grace_ms=3)
        assert driven.told() == ["PodDeleted web-1", "StopPod web-2 n", "StopPod web-3 n"]
        assert [each.grace_ms for each in outcome.instructions] == [3, 3]
        assert driven.deployments["web"].deleting
        driven.stopped("web-2")
        assert driven.told() == ["PodDeleted web-2"]
        outcome = driven.stopped("web-3")
        assert driven.told() == ["PodDeleted web-3", "DeploymentDeleted web"]
        assert DeploymentRemoved("web") in outcome.changes
        assert dict(driven.deployments) == {}

    def test_of_one_without_pods_that_run_is_done_at_once(self, driven):
        driven.deploy("web", 2, cpu=99_000)
        driven.tell(s.DeleteDeployment, "web")
        assert driven.told() == ["PodDeleted web-1", "PodDeleted web-2", "DeploymentDeleted web"]

    def test_may_be_asked_for_again(self, driven):
        driven.deploy("web", 1)
        driven.tell(s.DeleteDeployment, "web")
        outcome = driven.tell(s.DeleteDeployment, "web", grace_ms=0)
        assert driven.told() == ["StopPod web-1 n"]
        assert outcome.instructions[0].grace_ms == 0

    @pytest.mark.parametrize("end", [s.FailNode, s.GiveUpNode, s.NodeAbsent, s.DestroyNodeDone, s.NodeJoined])
    def test_is_done_when_the_node_is_no_more(self, driven, end):
        driven.deploy("web", 2)
        driven.tell(s.DeleteDeployment, "web")
        driven.tell(end, "n")
        assert "DeploymentDeleted web" in driven.told()
        assert dict(driven.pods) == dict(driven.deployments) == {}

    def test_waits_for_a_node_that_is_only_suspected(self, driven):
        driven.deploy("web", 1)
        driven.tell(s.SuspectNode, "n")
        driven.tell(s.DeleteDeployment, "web")
        assert "web" in driven.deployments

    @pytest.mark.parametrize("end", ["exited", "not_started", "stopped"])
    def test_is_done_however_its_pods_end(self, driven, end):
        driven.deploy("web", 1)
        driven.tell(s.DeleteDeployment, "web")
        getattr(driven, end)("web-1")
        assert driven.told() == ["PodDeleted web-1", "DeploymentDeleted web"]

    def test_is_final(self, driven):
        driven.deploy("web", 1)
        driven.tell(s.DeleteDeployment, "web")
        before = driven.state()
        for ask in (lambda: driven.deploy("web", 2), lambda: driven.scale("web", 2)):
            with pytest.raises(Conflict, match="deployment 'web' in namespace 'default' is being deleted; wait until"):
                ask()
        assert driven.state() == before
        driven.stopped("web-1")
        driven.deploy("web", 1)
        assert driven.pods["web-1"].epoch == 1

    def test_of_one_that_is_not_there(self, driven):
        with pytest.raises(UnknownName, match="there is no deployment with uid 'web'"):
            driven.tell(s.DeleteDeployment, "web")


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(("deploy", "scale", "start", "stop", "exit", "fail", "join", "wait")), st.integers(0, 5)
        ),
        max_size=40,
    )
)
def test_whatever_happens_the_number_comes_back(drive, steps):
    """The cluster checks itself after each; left alone, every deployment has what was asked for."""
    driven = drive(settings={"replace_backoff_ms": 5, "recovery_attempts": 9})
    driven.node("n", {"cpu": 2000})
    driven.deploy("web", 2)
    for name, number in steps:
        uids = [uid for uid, pod in driven.pods.items() if pod.node_uid and not pod.phase.finished]
        if name == "deploy":
            driven.deploy("web", number, cpu=100 + number % 2)
        elif name == "scale":
            driven.scale("web", number)
        elif name == "fail":
            driven.tell(s.FailNode, "n")
        elif name == "join":
            driven.tell(s.NodeJoined, "n")
        elif name == "wait":
            driven.at(driven.now_ms + number).tell(s.TimePassed)
        elif uids:
            uid = uids[number % len(uids)]
            {"start": driven.started, "stop": driven.stopped, "exit": driven.exited}[name](uid)
    driven.tell(s.NodeJoined, "n")
    for _ in range(20):
        driven.at(driven.now_ms + 10**6).tell(s.TimePassed)
        stop_all(driven)
        start_all(driven)
    deployment = driven.deployments["web"]
    assert list(driven.alive().values()) == ["Running"] * deployment.spec.replicas
    assert {driven.pods[uid].owner.revision for uid in driven.alive()} <= {deployment.revision}
