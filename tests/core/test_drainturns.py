from __future__ import annotations

import pytest

from kube9.core import stimuli as s
from kube9.core.containers import RestartPolicy
from kube9.core.drainturns import movable
from kube9.core.errors import InvalidInput, UnknownName

HOUR = {"deadline_ms": 3_600_000}


def drain(driven, name="n", **how):
    return driven.tell(s.DrainNode, name, **(HOUR | how))


def of(driven, name="n"):
    return driven.nodes[name].drain


def on_their_way(driven, name="n"):
    """What is being stopped there, or is to go as soon as another one runs."""
    there = [pod for pod in driven.pods.values() if pod.node_uid == name and not pod.phase.finished]
    return [pod.uid for pod in there if pod.leaving or pod.evicting or pod.deleting]


def moves(driven, name):
    """One pod stops, and runs elsewhere."""
    driven.stopped(name)
    driven.started(name)


@pytest.fixture
def driven(drive):
    """Two pods on a node, and another node with room for both."""
    driven = drive()
    driven.node("n")
    for name in ("p", "q"):
        driven.pod(name, 400, grace_ms=70)
        driven.started(name)
    driven.node("m")
    return driven


class TestAllAtOnce:
    @pytest.fixture
    def driven(self, drive):
        driven = drive()
        driven.node("n")
        for name in ("p", "q"):
            driven.pod(name, 400, grace_ms=70)
        return driven

    def test_cordons_the_node_and_stops_its_pods(self, driven):
        outcome = driven.tell(s.DrainNode, "n")
        assert driven.told() == ["NodeCordoned n", "NodeDrainStarted n", "StopPod p n", "StopPod q n"]
        assert [each.grace_ms for each in outcome.instructions] == [70, 70]
        assert [each.pod for each in outcome.instructions] == [driven.pods["p"], driven.pods["q"]]
        assert driven.nodes["n"].cordoned
        assert driven.where() == {"p": "n", "q": "n"}

    def test_gives_the_pods_as_long_as_is_said(self, driven):
        outcome = driven.tell(s.DrainNode, "n", grace_ms=1)
        assert [each.grace_ms for each in outcome.instructions] == [1, 1]

    def test_may_be_asked_for_again(self, driven):
        driven.tell(s.DrainNode, "n")
        driven.stopped("p")
        outcome = driven.tell(s.DrainNode, "n", grace_ms=0)
        assert driven.told() == ["NodeDrainStarted n", "StopPod q n"]
        assert outcome.instructions[0].grace_ms == 0

    def test_leaves_to_their_deletion_those_that_are_being_deleted(self, driven):
        driven.tell(s.DeletePod, "p")
        driven.tell(s.DrainNode, "n")
        assert driven.told() == ["NodeCordoned n", "NodeDrainStarted n", "StopPod q n"]
        driven.stopped("p")
        assert driven.told() == ["PodDeleted p"]

    def test_of_an_empty_node_is_over_at_once(self, drive):
        driven = drive()
        driven.ask_for("n")
        drain(driven)
        assert driven.told() == ["NodeCordoned n", "NodeDrainStarted n", "NodeDrained n"]
        assert driven.nodes["n"].cordoned

    def test_of_a_node_that_is_not_there(self, driven):
        for kind in (s.DrainNode, s.CancelDrain):
            with pytest.raises(UnknownName, match="there is no node with uid 'm'"):
                driven.tell(kind, "m")

    def test_that_makes_no_sense_changes_nothing(self, driven):
        state = driven.state()
        with pytest.raises(InvalidInput, match="parallel"):
            drain(driven, parallel=0)
        assert driven.state() == state

    @pytest.mark.parametrize(
        "kind,about",
        [
            (s.FailNode, {}),
            (s.GiveUpNode, {}),
            (s.DestroyNodeDone, {}),
            (s.NodeJoined, {}),
            (s.NodeAbsent, {}),
        ],
    )
    def test_is_cut_short_by_whatever_ends_the_pods(self, driven, kind, about):
        driven.node("m")
        driven.tell(s.DrainNode, "n")
        driven.tell(kind, "n", **about)
        assert driven.where() == {"p": "m", "q": "m"}
        assert [pod.evicting for pod in driven.pods.values()] == [False, False]
        for name in ("p", "q"):
            assert driven.tell(s.StopPodDone, name, epoch=1).changes == ()

    def test_outlasts_a_suspicion(self, driven):
        driven.tell(s.DrainNode, "n")
        driven.tell(s.SuspectNode, "n")
        driven.stopped("p")
        assert driven.pods["p"].node_uid is None
        driven.tell(s.Heartbeat, "n")
        assert driven.where() == {"q": "n"}

    def test_goes_together_with_a_deletion_of_the_node(self, driven):
        driven.node("m")
        driven.tell(s.DrainNode, "n")
        driven.tell(s.DeleteNode, "n")
        driven.stopped("p")
        assert driven.where() == {"p": "m", "q": "n"}
        driven.tell(s.DestroyNodeDone, "n")
        assert driven.where() == {"p": "m", "q": "m"}


class TestPodsThatMayNotRunTwice:
    def test_go_one_after_the_other(self, driven):
        outcome = drain(driven)
        assert driven.told() == ["NodeCordoned n", "NodeDrainStarted n", "StopPod p n"]
        assert outcome.instructions[0].grace_ms == 70
        assert (of(driven).pods, of(driven).moving, of(driven).waiting_for) == (2, ("p",), "pod p to stop")
        driven.stopped("p")
        assert driven.told() == ["PodEvicted p n", "PodBound p m", "StartPod p m"]
        assert of(driven).waiting_for == "pod p to run elsewhere"
        driven.started("p")
        assert driven.told() == ["PodRunning p", "StopPod q n"]
        driven.stopped("q")
        assert driven.told() == ["PodEvicted q n", "PodBound q m", "NodeDrained n", "StartPod q m"]
        assert (of(driven), driven.nodes["n"].cordoned) == (None, True)

    def test_may_go_several_at_a_time(self, driven):
        drain(driven, parallel=2, grace_ms=5)
        assert driven.told()[-2:] == ["StopPod p n", "StopPod q n"]
        assert [each.grace_ms for each in driven.outcome.instructions] == [5, 5]

    def test_are_not_more_at_a_time_than_there_is_room_for(self, drive):
        driven = drive()
        driven.node("n")
        for name in ("p", "q"):
            driven.pod(name, 400)
        driven.node("m", {"cpu": 700})
        drain(driven, parallel=2)
        assert on_their_way(driven) == ["p"]
        assert of(driven).waiting_for.startswith("room for q: 0 of 2 nodes fit: ")

    def test_go_highest_priority_first_and_then_in_order_of_arrival(self, drive):
        driven = drive()
        driven.node("n")
        for name, priority in (("low", -1), ("first", 0), ("second", 0), ("high", 7)):
            driven.pod(name, 100, priority=priority)
        driven.node("m")
        drain(driven)
        order = []
        while going := on_their_way(driven):
            order += going
            moves(driven, going[0])
        assert order == ["high", "first", "second", "low"]

    def test_stay_where_they_are_for_want_of_room(self, driven):
        driven.pod("large", 800)
        assert driven.where()["large"] == "m"
        drain(driven)
        assert driven.told() == ["NodeCordoned n", "NodeDrainStarted n"]
        assert of(driven).waiting_for == "room for p: 0 of 2 nodes fit: 1 cordoned, 1 insufficient cpu"
        driven.tell(s.DeletePod, "large")
        driven.stopped("large")
        assert driven.told() == ["PodDeleted large", "StopPod p n"]

    def test_let_smaller_ones_go_before_them(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("large", 600, priority=5)
        driven.pod("small", 100)
        driven.node("m", {"cpu": 200})
        drain(driven)
        assert on_their_way(driven) == ["small"]
        moves(driven, "small")
        assert of(driven).waiting_for.startswith("room for large: ")

    def test_that_have_ended_or_were_deleted_make_way_for_the_next(self, driven):
        drain(driven)
        driven.exited("p")
        assert driven.told() == ["PodFinished p", "StopPod q n"]
        driven.tell(s.DeletePod, "q")
        driven.stopped("q")
        assert driven.told() == ["PodDeleted q", "NodeDrained n"]

    def test_that_cannot_start_elsewhere_hold_up_the_others(self, driven):
        drain(driven)
        driven.stopped("p")
        driven.not_started("p")
        assert of(driven).waiting_for == "pod p to run elsewhere: could not start on m: no image"
        driven.at(1000).tell(s.TimePassed)
        assert on_their_way(driven) == []
        driven.started("p")
        assert on_their_way(driven) == ["q"]

    def test_go_no_faster_than_is_said(self, driven):
        drain(driven, parallel=2, interval_ms=500)
        assert on_their_way(driven) == ["p"]
        driven.at(100)
        moves(driven, "p")
        assert of(driven).waiting_for == "the time of the next move"
        assert driven.cluster.due_at_ms == 500
        driven.at(499).tell(s.TimePassed)
        assert on_their_way(driven) == []
        driven.at(500).tell(s.TimePassed)
        assert on_their_way(driven) == ["q"]

    def test_do_not_go_to_another_node_that_is_drained(self, driven):
        driven.pod("r", 100)
        assert driven.where()["r"] == "n"
        drain(driven, "m")
        drain(driven, "n")
        assert on_their_way(driven) == []
        driven.node("k")
        assert on_their_way(driven) == ["p"]

    def test_of_two_nodes_go_side_by_side(self, drive):
        driven = drive()
        for name in ("n", "m"):
            driven.node(name)
            driven.pod(f"on-{name}", 900)
        driven.node("k", {"cpu": 2000})
        drain(driven, "n")
        drain(driven, "m")
        assert (on_their_way(driven, "n"), on_their_way(driven, "m")) == (["on-n"], ["on-m"])

    def test_of_two_nodes_do_not_count_on_the_same_room(self, drive):
        driven = drive()
        for name in ("n", "m"):
            driven.node(name)
            driven.pod(f"on-{name}", 900)
        driven.node("k")
        drain(driven, "n")
        drain(driven, "m")
        assert (on_their_way(driven, "n"), on_their_way(driven, "m")) == (["on-n"], [])

    def test_of_another_namespace_are_told_with_it(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p", namespace="team")
        drain(driven)
        assert of(driven).waiting_for.startswith("room for team/p: ")


class TestPodsThatComeToAnEnd:
    @pytest.fixture(params=[RestartPolicy.NEVER, RestartPolicy.ON_FAILURE])
    def driven(self, drive, request):
        driven = drive()
        driven.node("n")
        driven.pod("job", 100, restart_policy=request.param)
        driven.node("m")
        return driven

    def test_are_left_to_it(self, driven):
        drain(driven)
        assert (on_their_way(driven), of(driven).waiting_for) == ([], "pod job to end by itself")
        driven.started("job")
        driven.exited("job")
        assert driven.told() == ["PodFinished job", "NodeDrained n"]

    def test_are_stopped_at_the_deadline(self, driven):
        drain(driven, deadline_ms=10)
        driven.at(10).tell(s.TimePassed)
        assert driven.told() == ["StopPod job n"]

    def test_move_where_that_is_asked_for(self, driven):
        drain(driven, move_batch=True)
        assert on_their_way(driven) == ["job"]


class TestTheDeadline:
    def test_stops_whatever_is_left(self, driven):
        driven.pod("large", 800)
        drain(driven, deadline_ms=60, grace_ms=3)
        assert driven.cluster.due_at_ms == 60
        driven.at(60).tell(s.TimePassed)
        assert driven.told() == ["StopPod p n", "StopPod q n"]
        assert {each.grace_ms for each in driven.outcome.instructions} == {3}
        assert of(driven).waiting_for == "what is left to stop, for the deadline is over"
        driven.stopped("p")
        driven.stopped("q")
        assert driven.told()[-1] == "NodeDrained n"
        assert driven.cluster.waiting == 2

    def test_may_be_none(self, driven):
        driven.pod("large", 800)
        drain(driven, deadline_ms=None)
        assert driven.cluster.due_at_ms is None
        driven.at(10**9).tell(s.TimePassed)
        assert on_their_way(driven) == []

    def test_may_be_put_off(self, driven):
        driven.pod("large", 800)
        drain(driven, deadline_ms=60)
        driven.at(50)
        drain(driven, deadline_ms=60, parallel=2)
        assert (of(driven).began_at_ms, of(driven).deadline_at_ms, of(driven).parallel) == (0, 110, 2)
        driven.at(60).tell(s.TimePassed)
        assert on_their_way(driven) == []
        driven.at(110).tell(s.TimePassed)
        assert on_their_way(driven) == ["p", "q"]

    def test_comes_too_while_the_control_plane_is_away(self, driven):
        driven.pod("large", 800)
        drain(driven, deadline_ms=60)
        driven.at(99).restart()
        driven.found()
        assert on_their_way(driven) == ["p", "q"]


class TestADrainAskedForAgain:
    def test_goes_on_with_the_new_settings(self, driven):
        drain(driven)
        driven.at(5)
        drain(driven, parallel=2)
        assert driven.told() == ["NodeDrainStarted n", "StopPod q n"]
        assert (of(driven).began_at_ms, of(driven).pods, of(driven).moving) == (0, 2, ("p", "q"))

    def test_may_end_at_once_what_went_slowly(self, driven):
        drain(driven)
        driven.tell(s.DrainNode, "n", grace_ms=0)
        assert driven.told() == ["NodeDrainStarted n", "StopPod p n", "StopPod q n"]

    def test_that_is_complete_is_another_one(self, driven):
        drain(driven, deadline_ms=0)
        driven.stopped("p")
        driven.stopped("q")
        drain(driven)
        assert driven.told() == ["NodeDrainStarted n", "NodeDrained n"]


class TestUndoing:
    @pytest.mark.parametrize("undo", [(s.CordonNode, {"cordoned": False}), (s.CancelDrain, {})], ids=str)
    def test_lets_stay_who_is_left(self, driven, undo):
        kind, about = undo
        drain(driven)
        driven.tell(kind, "n", **about)
        assert driven.told() == ["NodeDrainCancelled n", "NodeUncordoned n"]
        assert (of(driven), driven.nodes["n"].cordoned) == (None, False)
        moves(driven, "p")
        assert driven.where() == {"p": "n", "q": "n"}
        assert driven.pods["q"].epoch == 1

    def test_may_keep_new_pods_away(self, driven):
        drain(driven)
        driven.tell(s.CancelDrain, "n", cordoned=True)
        assert driven.told() == ["NodeDrainCancelled n"]
        driven.stopped("p")
        assert driven.where() == {"p": "m", "q": "n"}

    def test_of_a_drain_that_is_complete_is_an_uncordon(self, driven):
        driven.node("empty")
        drain(driven, "empty")
        driven.tell(s.CancelDrain, "empty")
        assert driven.told() == ["NodeUncordoned empty"]
        driven.tell(s.CancelDrain, "empty")
        assert driven.told() == []

    def test_forgets_the_deadline(self, driven):
        driven.pod("large", 800)
        drain(driven, deadline_ms=60)
        driven.tell(s.CancelDrain, "n", cordoned=True)
        driven.at(60).tell(s.TimePassed)
        assert driven.told() == []


@pytest.fixture
def web(drive):
    """A deployment of three, two of them on a node that is to be drained, and two others with room."""
    driven = drive()
    driven.node("n", {"cpu": 200})
    driven.node("m", {"cpu": 300})
    driven.deploy("web", 3, cpu=100)
    for number in (1, 2, 3):
        driven.started(f"web-{number}")
    assert driven.where() == {"web-1": "n", "web-2": "n", "web-3": "m"}
    return driven


def running(driven):
    return sum(pod.phase.value == "Running" and not (pod.deleting or pod.evicting) for pod in driven.pods.values())


class TestPodsOfADeployment:
    def test_are_replaced_before_they_stop(self, web):
        drain(web, grace_ms=9)
        assert web.told() == ["NodeCordoned n", "NodeDrainStarted n", "PodBound web-4 m", "StartPod web-4 m"]
        assert web.pods["web-1"].leaving
        assert of(web).waiting_for == "a pod of deployment web to run in place of web-1, 2 of 3 run apart from it"
        web.started("web-4")
        assert web.told()[:2] == ["PodRunning web-4", "StopPod web-1 n"]
        assert web.outcome.instructions[0].grace_ms == 9
        assert running(web) == 3
        web.stopped("web-1")
        assert web.told() == ["PodDeleted web-1", "PodBound web-5 m", "StartPod web-5 m"]
        web.started("web-5")
        web.stopped("web-2")
        assert web.told() == ["PodDeleted web-2", "NodeDrained n"]
        assert web.alive() == {"web-3": "Running", "web-4": "Running", "web-5": "Running"}

    def test_several_at_a_time(self, web):
        drain(web, parallel=2)
        assert on_their_way(web) == ["web-1", "web-2"]
        web.started("web-4")
        assert "StopPod web-1 n" in web.told()
        assert running(web) == 3
        web.started("web-5")
        assert "StopPod web-2 n" in web.told()
        assert running(web) == 3

    def test_stay_while_there_is_no_room_for_others(self, drive):
        driven = drive()
        driven.node("n", {"cpu": 100})
        driven.deploy("web", 1, cpu=100)
        driven.started("web-1")
        drain(driven, deadline_ms=60)
        assert driven.alive() == {"web-1": "Running"}
        assert of(driven).waiting_for == "room for web-1: 0 of 1 nodes fit: 1 cordoned"
        driven.node("m")
        assert driven.where() == {"web-1": "n", "web-2": "m"}

    def test_stay_while_the_others_do_not_run(self, web):
        drain(web, deadline_ms=5000)
        web.not_started("web-4")
        assert web.pods["web-1"].leaving
        assert of(web).waiting_for.endswith("2 of 3 run apart from it: could not start on m: no image")
        web.at(5000).tell(s.TimePassed)
        assert "StopPod web-1 n" in web.told()
        # The one in the place of web-1 was asked for already; web-2 moves as it is.
        assert (web.pods["web-1"].deleting, web.pods["web-2"].evicting) == (True, True)
        assert len(web.alive()) == 3

    def test_stay_when_the_drain_is_undone_and_the_surplus_goes(self, web):
        drain(web)
        web.tell(s.CancelDrain, "n")
        assert web.told() == ["NodeDrainCancelled n", "NodeUncordoned n", "StopPod web-4 m"]
        assert web.alive() == {"web-1": "Running", "web-2": "Running", "web-3": "Running"}
        assert not any(pod.leaving for pod in web.pods.values())

    def test_that_were_told_to_stop_go_even_so(self, web):
        drain(web)
        web.started("web-4")
        web.tell(s.CancelDrain, "n")
        web.stopped("web-1")
        assert running(web) == 3

    def test_are_replaced_once_when_the_control_plane_restarts(self, web):
        drain(web)
        web.restart()
        assert (web.pods["web-1"].leaving, of(web).moving) == (True, ("web-1",))
        web.found()
        assert len(web.pods) == 4
        web.started("web-4")
        assert "StopPod web-1 n" in web.told()

    def test_are_replaced_again_when_the_node_of_the_replacement_fails(self, web):
        web.node("k", {"cpu": 300})
        drain(web)
        web.tell(s.FailNode, "m")
        assert web.where() == {"web-1": "n", "web-2": "n", "web-3": "k", "web-4": "k"}
        web.started("web-3")
        assert not web.pods["web-1"].deleting
        web.started("web-4")
        assert web.pods["web-1"].deleting

    def test_move_like_any_other_when_their_node_fails(self, web):
        drain(web)
        web.node("k", {"cpu": 300})
        web.tell(s.FailNode, "n", lease_left_ms=10)
        assert of(web).waiting_for.startswith("a pod of deployment web to run in place of web-1")
        web.at(10).tell(s.TimePassed)
        assert of(web) is None
        assert len(web.alive()) == 3
        assert "n" not in web.where().values()

    def test_go_without_a_replacement_when_fewer_are_wanted(self, web):
        drain(web)
        web.scale("web", 1)
        assert web.pods["web-1"].deleting
        assert list(web.alive()) == ["web-2"]

    def test_stay_until_more_run_when_more_are_wanted(self, web):
        web.node("k", {"cpu": 300})
        drain(web)
        web.scale("web", 4)
        web.started("web-4")
        assert not web.pods["web-1"].deleting
        web.started("web-5")
        assert web.pods["web-1"].deleting

    def test_go_when_those_of_a_new_template_run(self, web):
        web.node("k", {"cpu": 900})
        drain(web)
        web.deploy("web", 3, cpu=110)
        for _ in range(12):
            for uid, pod in list(web.pods.items()):
                if pod.deleting or pod.evicting:
                    web.stopped(uid)
            for uid, phase in web.alive().items():
                if phase == "Starting":
                    web.started(uid)
                    assert running(web) >= 2
        assert of(web) is None
        assert {web.pods[uid].spec.requests["cpu"] for uid in web.alive()} == {110}
        assert len(web.alive()) == 3

    def test_all_go_when_the_deployment_is_deleted(self, web):
        drain(web)
        web.tell(s.DeleteDeployment, "web")
        for uid in list(web.pods):
            web.stopped(uid)
        assert dict(web.pods) == {}
        assert of(web) is None

    def test_that_start_are_replaced_too(self, drive):
        driven = drive()
        driven.node("n", {"cpu": 100})
        driven.deploy("web", 1, cpu=100)
        driven.node("m")
        drain(driven)
        driven.started("web-2")
        assert driven.pods["web-1"].deleting


class TestANodeThatIsDrained:
    def test_and_fails_is_left_to_those_who_move_pods_of_nodes_that_are_down(self, driven):
        drain(driven)
        driven.stopped("p")
        driven.tell(s.FailNode, "n", lease_left_ms=10)
        driven.started("p")
        assert driven.told() == ["PodRunning p"]
        assert of(driven).waiting_for == "node n to run nothing any more, which is Recovering"
        driven.at(10).tell(s.TimePassed)
        assert driven.told()[:2] == ["PodEvicted q n", "PodBound q m"]
        assert of(driven) is None

    def test_and_comes_back_goes_on(self, driven):
        drain(driven)
        driven.stopped("p")
        driven.tell(s.FailNode, "n", lease_left_ms=10)
        driven.started("p")
        driven.tell(s.NodeReported, "n", pods=())
        assert driven.nodes["n"].phase.value == "Ready"
        assert of(driven) is None
        assert driven.where() == {"p": "m", "q": "m"}

    def test_may_be_deleted(self, driven):
        drain(driven)
        driven.tell(s.DestroyNodeDone, "n")
        assert list(driven.nodes) == ["m"]
        assert driven.where() == {"p": "m", "q": "m"}

    def test_waits_to_be_heard_after_a_restart(self, driven):
        drain(driven, interval_ms=100)
        moves(driven, "p")
        driven.at(150).restart()
        assert of(driven).waiting_for == "node n to be heard"
        assert driven.cluster.due_at_ms == 3_600_000
        driven.found()
        assert on_their_way(driven) == ["q"]

    def test_keeps_its_pause_over_a_restart(self, driven):
        drain(driven, interval_ms=100)
        moves(driven, "p")
        driven.at(50).restart()
        driven.found()
        assert driven.cluster.due_at_ms == 100
        driven.at(100).tell(s.TimePassed)
        assert on_their_way(driven) == ["q"]


def test_nobody_moves_who_is_on_the_way_out_or_is_to_end_by_itself(drive):
    driven = drive()
    driven.node("n")
    for name in ("p", "q", "gone"):
        driven.pod(name, 100)
    driven.pod("job", 100, restart_policy=RestartPolicy.NEVER)
    driven.tell(s.DeletePod, "gone")
    drain(driven)
    assert [pod.uid for pod in movable(of(driven), driven.cluster.pods_on("n"))] == ["p", "q"]


class Counting:
    """Lets everything pass, and counts how often it is asked about a pod."""

    reason = "never"
    local = monotone = True

    def __init__(self):
        self.asked = 0

    def fits(self, pod, nodes):
        self.asked += pod.name == "stuck"


def test_a_drain_that_is_stuck_asks_again_only_when_something_was_freed(drive):
    counting = Counting()
    driven = drive(more_filters=(("counting", counting),), checked=False)
    driven.node("n")
    driven.pod("stuck", 1000)
    driven.node("m")
    driven.pod("small", 200)
    drain(driven)
    driven.tell(s.TimePassed)
    before = counting.asked
    for number in range(5):
        driven.pod(f"p{number}", 100)
        driven.started(f"p{number}")
    assert counting.asked == before
    driven.exited("small")
    assert counting.asked > before
    assert on_their_way(driven) == []
