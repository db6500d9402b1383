from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.errors import Conflict
from kube9.core.nodes import NodePhase
from kube9.core.pods import PodPhase, PodReport
from kube9.testing.stored import Stored

LEASE_MS = 9000
#: One pod moves at once, and one more every second.
SLOWLY = {"move_burst": 1, "moves_per_s": 1}


def lines(driven, *kinds):
    """What was told of some kinds of event, in order."""
    return [line for line in driven.told() if line.startswith(kinds)]


def running(driven, *names):
    """What a node says on which these run."""
    return tuple(PodReport(pod_uid=name, epoch=driven.pods[name].epoch, phase=PodPhase.RUNNING) for name in names)


@pytest.fixture
def driven(drive):
    """A node with two pods that failed at 1000 and whose lease is over at 10,000, and another with room for both."""
    driven = drive()
    driven.node("n")
    driven.pod("p", 400)
    driven.started("p")
    driven.pod("q", 400)
    driven.node("m")
    driven.at(1000).tell(s.FailNode, "n", reason="silent", lease_left_ms=LEASE_MS)
    return driven


class TestTheLease:
    def test_keeps_the_pods_where_they_are(self, driven):
        assert driven.told() == ["NodeFailed n", "NodeRecovering n", "RestartNode n"]
        assert driven.where() == {"p": "n", "q": "n"}
        assert [pod.phase.value for pod in driven.pods.values()] == ["Running", "Starting"]
        assert driven.nodes["n"].lease_left_ms == LEASE_MS

    def test_is_waited_for_to_the_millisecond(self, driven):
        assert driven.cluster.due_at_ms == 1000 + LEASE_MS
        assert driven.at(999 + LEASE_MS).tell(s.TimePassed).events == ()
        assert driven.where() == {"p": "n", "q": "n"}
        driven.at(1000 + LEASE_MS).tell(s.TimePassed)
        assert driven.told() == [
            "PodEvicted p n",
            "PodEvicted q n",
            "PodBound p m",
            "PodBound q m",
            "StartPod p m",
            "StartPod q m",
        ]
        assert driven.nodes["n"].lease_left_ms == 0
        assert driven.cluster.due_at_ms is None

    def test_is_told_as_the_reason_of_the_move(self, driven):
        events = driven.at(1000 + LEASE_MS).tell(s.TimePassed).events
        assert {event.pod.reason for event in events[:2]} == {"node n failed: silent"}

    def test_is_over_at_once_where_nothing_runs(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.node("m")
        driven.tell(s.FailNode, "n")
        assert driven.where() == {"p": "m"}

    def test_of_an_empty_node_ends_too(self, driven):
        driven.tell(s.FailNode, "m", lease_left_ms=50)
        driven.at(1050).tell(s.TimePassed)
        assert driven.nodes["m"].lease_left_ms == 0
        assert driven.told() == []

    def test_is_not_lengthened_by_what_is_heard_of_the_silence_later(self, driven):
        driven.at(5000).tell(s.FailNode, "n", reason="silent still", lease_left_ms=LEASE_MS)
        driven.tell(s.RestartNodeFailed, "n", reason="no answer")
        driven.at(1000 + LEASE_MS).tell(s.TimePassed)
        assert driven.where() == {"p": "m", "q": "m"}

    def test_outlasts_the_last_try_to_recover_the_node(self, drive):
        driven = drive(settings={"recovery_attempts": 1})
        driven.node("n")
        driven.pod("p")
        driven.node("m")
        driven.tell(s.FailNode, "n", lease_left_ms=LEASE_MS)
        driven.tell(s.RestartNodeFailed, "n", reason="no power")
        assert driven.nodes["n"].phase is NodePhase.LOST
        assert driven.at(LEASE_MS - 1).tell(s.TimePassed).events == ()
        driven.at(LEASE_MS).tell(s.TimePassed)
        assert driven.where() == {"p": "m"}

    def test_of_a_node_that_failed_anew_is_that_of_the_new_failure(self, driven):
        driven.at(2000).tell(s.NodeReported, "n", pods=running(driven, "p", "q"))
        driven.at(3000).tell(s.FailNode, "n", lease_left_ms=LEASE_MS)
        assert driven.at(2999 + LEASE_MS).tell(s.TimePassed).events == ()
        assert driven.where() == {"p": "n", "q": "n"}
        driven.at(3000 + LEASE_MS).tell(s.TimePassed)
        assert driven.where() == {"p": "m", "q": "m"}

    def test_of_a_node_that_is_gone_is_nothing_to_its_successor(self, driven):
        driven.tell(s.DestroyNodeDone, "n")
        driven.node("n")
        driven.pod("r", 900)
        driven.at(2000).tell(s.FailNode, "n", lease_left_ms=LEASE_MS)
        assert driven.at(1999 + LEASE_MS).tell(s.TimePassed).events == ()
        assert driven.where()["r"] == "n"

    def test_keeps_the_node_from_being_forgotten(self, driven):
        with pytest.raises(Conflict, match="only a node that is down and whose lease is over can be struck out"):
            driven.at(999 + LEASE_MS).tell(s.ForgetNode, "n")
        driven.at(1000 + LEASE_MS).tell(s.TimePassed)
        driven.tell(s.ForgetNode, "n")
        assert list(driven.nodes) == ["m"]


class TestCertainty:
    """What ends the wait before the lease does."""

    def test_fenced_is_moved_at_once(self, driven):
        driven.at(1500).tell(s.NodeFenced, "n")
        assert driven.told()[:3] == ["NodeFenced n", "PodEvicted p n", "PodEvicted q n"]
        assert driven.where() == {"p": "m", "q": "m"}
        assert driven.pods["p"].epoch == 2
        assert driven.nodes["n"].phase is NodePhase.RECOVERING

    def test_fenced_is_told_once(self, driven):
        driven.tell(s.NodeFenced, "n")
        assert driven.tell(s.NodeFenced, "n").events == ()

    def test_fenced_says_nothing_of_a_node_that_is_up(self, driven):
        assert driven.tell(s.NodeFenced, "m").changes == ()

    @pytest.mark.parametrize("incarnation,moves", [("boot-1", True), ("boot-0", False), ("", True)])
    def test_fenced_counts_for_the_boot_that_joined_last(self, drive, incarnation, moves):
        driven = drive()
        driven.ask_for("n")
        driven.tell(s.NodeJoined, "n", incarnation="boot-1")
        driven.pod("p")
        driven.tell(s.FailNode, "n", lease_left_ms=LEASE_MS)
        driven.tell(s.NodeFenced, "n", incarnation=incarnation)
        assert (driven.where() == {}) is moves

    def test_joined_anew_is_empty_at_once(self, driven):
        driven.at(1500).tell(s.NodeJoined, "n")
        assert lines(driven, "PodEvicted") == ["PodEvicted p n", "PodEvicted q n"]
        assert {event.pod.reason for event in driven.outcome.events[:2]} == {"node n started anew"}
        assert [pod.epoch for pod in driven.pods.values()] == [2, 2]
        assert driven.at(1000 + LEASE_MS).tell(s.TimePassed).events == ()

    def test_reported_keeps_what_runs(self, driven):
        driven.at(1500).tell(s.NodeReported, "n", pods=running(driven, "p", "q"))
        assert driven.told() == ["NodeReady n", "PodRunning q"]
        assert driven.nodes["n"].lease_left_ms == 0
        assert driven.at(1000 + LEASE_MS).tell(s.TimePassed).events == ()
        assert driven.where() == {"p": "n", "q": "n"}
        assert [pod.epoch for pod in driven.pods.values()] == [1, 1]

    def test_reported_moves_what_does_not(self, driven):
        driven.at(1500).tell(s.NodeReported, "n", pods=running(driven, "q"))
        assert lines(driven, "PodEvicted", "PodBound") == ["PodEvicted p n", "PodBound p n"]
        assert driven.pods["q"].epoch == 1

    @pytest.mark.parametrize("kind", [s.GiveUpNode, s.NodeAbsent, s.DestroyNodeDone])
    def test_whatever_else_says_that_nothing_runs_there(self, driven, kind):
        driven.at(1500).tell(kind, "n")
        assert driven.where() == {"p": "m", "q": "m"}
        assert driven.at(1000 + LEASE_MS).tell(s.TimePassed).events == ()

    def test_the_end_of_one_copy_moves_that_one(self, driven):
        driven.not_started("q")
        driven.exited("p")
        assert driven.pods["p"].phase is PodPhase.SUCCEEDED
        driven.at(3000).tell(s.TimePassed)
        assert driven.where() == {"p": "n", "q": "m"}


class TestPodsThatWereOnTheirWayOut:
    def test_that_are_being_deleted_are_forgotten_when_they_would_move(self, driven):
        driven.tell(s.DeletePod, "p")
        assert driven.told() == ["StopPod p n"]
        driven.at(999 + LEASE_MS).tell(s.TimePassed)
        assert driven.pods["p"].deleting
        driven.at(1000 + LEASE_MS).tell(s.TimePassed)
        assert driven.told() == ["PodDeleted p", "PodEvicted q n", "PodBound q m", "StartPod q m"]

    def test_that_are_drained_move_like_any_other(self, driven):
        driven.tell(s.DrainNode, "n")
        driven.at(1000 + LEASE_MS).tell(s.TimePassed)
        assert driven.where() == {"p": "m", "q": "m"}
        assert not any(pod.evicting for pod in driven.pods.values())

    def test_that_were_stopped_after_all_move_then(self, driven):
        driven.tell(s.DrainNode, "n")
        driven.stopped("p")
        assert driven.where() == {"p": "m", "q": "n"}

    def test_of_a_deployment_are_replaced_when_it_is_sure_that_they_are_gone(self, drive):
        driven = drive()
        driven.node("n")
        driven.deploy("web", 2)
        driven.node("m")
        driven.tell(s.FailNode, "n", lease_left_ms=LEASE_MS)
        driven.scale("web", 1)
        assert driven.alive() == {"web-1": "Starting"}
        assert sorted(driven.pods) == ["web-1", "web-2"]
        driven.at(LEASE_MS).tell(s.TimePassed)
        assert driven.where() == {"web-1": "m"}
        assert sorted(driven.pods) == ["web-1"]


class TestTheRate:
    @pytest.fixture
    def crowded(self, drive):
        """Two nodes with pods of several priorities, and one with room for all, which alone takes more."""

        def crowded(**settings):
            driven = drive(settings=settings)
            for node in ("a", "b"):
                driven.node(node)
                driven.tell(s.CordonNode, node)
            for number, (node, priority) in enumerate([("a", 0), ("b", 0), ("a", 5), ("b", 5), ("a", 0), ("b", 9)]):
                driven.tell(s.CordonNode, node, cordoned=False)
                driven.pod(f"{node}{number}", 100, priority=priority)
                driven.tell(s.CordonNode, node)
            driven.node("c")
            return driven

        return crowded

    ORDER = ("b5", "a2", "b3", "a0", "b1", "a4")

    def moved(self, driven):
        return tuple(line.split()[1] for line in lines(driven, "PodEvicted"))

    def fail_both(self, driven, lease_left_ms):
        for name in ("a", "b"):
            driven.tell(s.FailNode, name, lease_left_ms=lease_left_ms)

    def test_lets_all_go_in_order_of_priority_and_then_of_arrival_across_nodes(self, crowded):
        driven = crowded()
        self.fail_both(driven, 100)
        driven.at(100).tell(s.TimePassed)
        assert self.moved(driven) == self.ORDER
        assert set(driven.where().values()) == {"c"}

    def test_limits_how_many_move_at_once(self, crowded):
        driven = crowded(move_burst=2, moves_per_s=10)
        self.fail_both(driven, 100)
        driven.at(100).tell(s.TimePassed)
        assert self.moved(driven) == self.ORDER[:2]
        for number in range(2, 6):
            due_ms = driven.cluster.due_at_ms
            assert due_ms == 100 * number
            assert driven.at(due_ms - 1).tell(s.TimePassed).events == ()
            driven.at(due_ms).tell(s.TimePassed)
            assert self.moved(driven) == self.ORDER[number : number + 1]
        assert driven.cluster.due_at_ms is None
        assert set(driven.where().values()) == {"c"}

    def test_looks_at_those_that_wait_now_and_then_and_not_for_each(self, crowded):
        driven = crowded(move_burst=3, moves_per_s=20)
        self.fail_both(driven, 100)
        driven.at(100).tell(s.TimePassed)
        assert (self.moved(driven), driven.cluster.due_at_ms) == (self.ORDER[:3], 200)
        driven.at(200).tell(s.TimePassed)
        assert (self.moved(driven), driven.cluster.due_at_ms) == (self.ORDER[3:5], 300)

    def test_saves_up_no_more_than_the_burst(self, crowded):
        driven = crowded(move_burst=2, moves_per_s=1000)
        driven.now_ms = 10**6
        self.fail_both(driven, 0)
        assert self.moved(driven) == ()
        assert sorted(driven.where().values()).count("c") == 2

    def test_a_node_that_comes_later_goes_before_what_matters_less(self, crowded):
        driven = crowded(**SLOWLY)
        driven.tell(s.FailNode, "a")
        assert self.moved(driven) == ("a2",)
        driven.tell(s.FailNode, "b", lease_left_ms=500)
        order = []
        for _ in range(5):
            driven.at(driven.now_ms + 1000).tell(s.TimePassed)
            order += self.moved(driven)
        assert order == ["b5", "b3", "a0", "b1", "a4"]

    @pytest.mark.parametrize("end", ["reported", "joined", "exited"])
    def test_passes_over_those_that_need_not_move_any_more(self, crowded, end):
        driven = crowded(**SLOWLY)
        self.fail_both(driven, 0)
        assert driven.where() == {"a0": "a", "a2": "c", "a4": "a", "b1": "b", "b3": "b", "b5": "b"}
        if end == "reported":
            driven.tell(s.NodeReported, "b", pods=running(driven, "b1", "b3", "b5"))
        elif end == "joined":
            driven.tell(s.NodeJoined, "b")
        else:
            for name in ("b1", "b3", "b5"):
                driven.exited(name)
        driven.at(1000).tell(s.TimePassed)
        assert self.moved(driven) == ("a0",)
        driven.at(2000).tell(s.TimePassed)
        assert self.moved(driven) == ("a4",)
        assert driven.cluster.due_at_ms is None

    def test_does_not_forget_a_node_that_fails_again_while_its_pods_wait_their_turn(self, crowded):
        driven = crowded(**SLOWLY)
        self.fail_both(driven, 0)
        driven.tell(s.NodeReported, "b", pods=running(driven, "b1", "b3", "b5"))
        driven.tell(s.FailNode, "b", lease_left_ms=1500)
        driven.at(1000).tell(s.TimePassed)
        assert self.moved(driven) == ("a0",)
        driven.at(1500).tell(s.TimePassed)
        driven.at(2000).tell(s.TimePassed)
        assert self.moved(driven) == ("b5",)

    def test_a_node_whose_pods_wait_their_turn_may_be_forgotten(self, crowded):
        driven = crowded(**SLOWLY)
        self.fail_both(driven, 0)
        driven.tell(s.ForgetNode, "b")
        assert self.moved(driven) == ("b1", "b3", "b5")
        driven.at(2000).tell(s.TimePassed)
        assert self.moved(driven) == ("a0",)

    def test_is_kept_whatever_happens(self, drive):
        """No more pods leave nodes that are down in any time than the burst and what that time allows."""

        @given(
            st.lists(st.tuples(st.sampled_from((0, 1, 70, 300, 1000)), st.sampled_from("abcd")), max_size=12),
            st.integers(1, 4),
            st.integers(1, 20),
        )
        def holds(failures, burst, per_s):
            driven = drive(settings={"move_burst": burst, "moves_per_s": per_s})
            for name in "abcd":
                driven.node(name, {"cpu": 300})
            for number in range(12):
                driven.pod(f"p{number}", 100)
            left = []
            for pause_ms, name in failures:
                driven.at(driven.now_ms + pause_ms).tell(s.FailNode, name, lease_left_ms=pause_ms)
                left += [driven.now_ms] * len(lines(driven, "PodEvicted"))
                while driven.cluster.due_at_ms is not None and driven.cluster.due_at_ms <= driven.now_ms + 300:
                    driven.at(driven.cluster.due_at_ms).tell(s.TimePassed)
                    left += [driven.now_ms] * len(lines(driven, "PodEvicted"))
            for first, begin_ms in enumerate(left):
                for last in range(first, len(left)):
                    may = burst + (left[last] - begin_ms) * per_s / 1000
                    assert last - first + 1 <= may

        holds()


class TestAHold:
    @pytest.fixture
    def held(self, driven):
        driven.tell(s.HoldMoves, reason="most nodes look dead")
        return driven

    def test_is_told_with_its_reason(self, held):
        (event,) = held.outcome.events
        assert (type(event).__name__, event.reason, event.at_ms) == ("MovesHeld", "most nodes look dead", 1000)

    def test_keeps_everything_where_it_is(self, held):
        held.at(10**6).tell(s.TimePassed)
        assert held.told() == []
        assert held.where() == {"p": "n", "q": "n"}

    def test_keeps_what_has_no_lease_as_well(self, held):
        held.tell(s.NodeReported, "n", pods=running(held, "p", "q"))
        held.tell(s.FailNode, "n")
        assert held.where() == {"p": "n", "q": "n"}
        held.tell(s.NodeFenced, "n")
        assert held.where() == {"p": "n", "q": "n"}

    def test_does_not_stop_the_lease(self, held):
        held.at(1000 + LEASE_MS).tell(s.TimePassed)
        assert held.nodes["n"].lease_left_ms == 0
        held.tell(s.HoldMoves, reason="")
        assert held.told()[:3] == ["MovesResumed", "PodEvicted p n", "PodEvicted q n"]
        assert held.outcome.events[0].reason == "most nodes look dead"
        assert held.where() == {"p": "m", "q": "m"}

    def test_that_ends_early_leaves_the_lease_as_it_was(self, held):
        held.tell(s.HoldMoves, reason="")
        assert held.told() == ["MovesResumed"]
        assert held.at(999 + LEASE_MS).tell(s.TimePassed).events == ()
        held.at(1000 + LEASE_MS).tell(s.TimePassed)
        assert held.where() == {"p": "m", "q": "m"}

    def test_is_told_again_for_another_reason_alone(self, held):
        assert held.tell(s.HoldMoves, reason="most nodes look dead").events == ()
        held.tell(s.HoldMoves, reason="all nodes look dead")
        assert held.told() == ["MovesHeld"]
        held.tell(s.HoldMoves, reason="")
        assert held.told() == ["MovesResumed"]
        assert held.tell(s.HoldMoves, reason="").events == ()

    def test_lets_nodes_come_back(self, held):
        held.tell(s.NodeReported, "n", pods=running(held, "p", "q"))
        held.tell(s.HoldMoves, reason="")
        held.at(10**6).tell(s.TimePassed)
        assert held.where() == {"p": "n", "q": "n"}

    def test_is_not_for_what_says_that_a_node_is_empty(self, held):
        held.tell(s.NodeJoined, "n")
        assert [pod.epoch for pod in held.pods.values()] == [2, 2]

    def test_keeps_what_the_backend_says_is_gone(self, held):
        held.tell(s.FailNode, "n")
        held.tell(s.NodeAbsent, "n")
        assert held.told() == ["NodeRecovering n", "CreateNode n"]
        assert held.where() == {"p": "n", "q": "n"}
        held.tell(s.HoldMoves, reason="")
        assert held.where() == {"p": "m", "q": "m"}

    def test_keeps_it_too_where_the_node_cannot_be_made_anew(self, held):
        held.tell(s.NodeAbsent, "n")
        held.tell(s.CreateNodeFailed, "n", reason="no room")
        assert held.nodes["n"].phase is NodePhase.LOST
        assert held.where() == {"p": "n", "q": "n"}
        held.tell(s.HoldMoves, reason="")
        assert held.where() == {"p": "m", "q": "m"}

    def test_of_a_node_that_was_made_anew_ends_with_its_joining(self, held):
        held.tell(s.NodeAbsent, "n")
        held.tell(s.NodeJoined, "n")
        assert [pod.epoch for pod in held.pods.values()] == [2, 2]

    def test_leaves_the_rate_to_what_comes_after_it(self, drive):
        driven = drive(settings=SLOWLY)
        driven.node("n")
        driven.pod("p", 100)
        driven.pod("q", 100)
        driven.node("m")
        driven.tell(s.HoldMoves, reason="most nodes look dead")
        driven.tell(s.FailNode, "n")
        driven.at(60_000).tell(s.HoldMoves, reason="")
        assert lines(driven, "PodEvicted") == ["PodEvicted p n"]
        driven.at(61_000).tell(s.TimePassed)
        assert lines(driven, "PodEvicted") == ["PodEvicted q n"]


class Kept:
    """A driven cluster of which a store has everything, and which may die at any time."""

    def __init__(self, driven):
        self.driven, self.stored = driven, Stored()
        self.stored.nodes |= driven.nodes
        self.stored.pods |= driven.pods

    def tell(self, *about, **more):
        self.stored.take(self.driven.tell(*about, **more))
        self.stored.check(self.driven.cluster)

    def restart(self):
        """Another control plane, now."""
        driven = self.driven
        driven.cluster, driven.outcome = self.stored.restart(lambda: Cluster(**driven.parts), driven.now_ms)
        driven.cluster.check()


class TestARestart:
    def test_begins_the_lease_again(self, driven):
        kept = Kept(driven)
        driven.at(9500)
        kept.restart()
        assert driven.told() == ["InspectNode n", "InspectNode m"]
        kept.tell(s.NodeReported, "m")
        assert driven.nodes["n"].lease_left_ms == LEASE_MS
        driven.at(9499 + LEASE_MS)
        kept.tell(s.TimePassed)
        assert driven.where() == {"p": "n", "q": "n"}
        driven.at(9500 + LEASE_MS)
        kept.tell(s.TimePassed)
        assert driven.where() == {"p": "m", "q": "m"}

    def test_moves_what_was_held_on_a_node_that_is_made_anew(self, driven):
        driven.tell(s.HoldMoves, reason="most nodes look dead")
        driven.tell(s.NodeAbsent, "n")
        kept = Kept(driven)
        kept.restart()
        assert driven.told() == ["CreateNode n", "InspectNode m"]
        kept.tell(s.NodeReported, "m")
        assert driven.where() == {"p": "m", "q": "m"}

    def test_begins_it_again_for_a_node_that_was_given_up_meanwhile(self, drive):
        driven = drive(settings={"recovery_attempts": 1})
        driven.node("n")
        driven.pod("p")
        driven.node("m")
        driven.tell(s.FailNode, "n", lease_left_ms=LEASE_MS)
        driven.tell(s.RestartNodeFailed, "n", reason="no power")
        kept = Kept(driven)
        driven.at(5000)
        kept.restart()
        kept.tell(s.NodeReported, "m")
        assert driven.cluster.due_at_ms == 5000 + LEASE_MS
        driven.at(5000 + LEASE_MS)
        kept.tell(s.TimePassed)
        assert driven.where() == {"p": "m"}

    def test_ends_the_lease_of_an_empty_node_too(self, driven):
        driven.tell(s.FailNode, "m", lease_left_ms=50)
        kept = Kept(driven)
        kept.restart()
        with pytest.raises(Conflict):
            kept.tell(s.ForgetNode, "m")
        driven.at(1050)
        kept.tell(s.TimePassed)
        kept.tell(s.ForgetNode, "m")
        assert list(driven.nodes) == ["n"]

    def test_goes_on_to_move_what_waits_its_turn(self, drive):
        driven = drive(settings=SLOWLY)
        driven.node("n")
        for number in range(4):
            driven.pod(f"p{number}", 100, priority=number)
        driven.node("m")
        driven.tell(s.FailNode, "n")
        kept = Kept(driven)
        assert sorted(driven.where().items()) == [("p0", "n"), ("p1", "n"), ("p2", "n"), ("p3", "m")]
        kept.restart()
        assert driven.cluster.due_at_ms == 0
        kept.tell(s.NodeReported, "m", pods=running(driven, "p3"))
        assert lines(driven, "PodEvicted") == ["PodEvicted p2 n"]
        driven.at(1000)
        kept.tell(s.TimePassed)
        driven.at(2000)
        kept.tell(s.TimePassed)
        assert set(driven.where().values()) == {"m"}

    def test_moves_nothing_by_itself(self, driven):
        driven.tell(s.HoldMoves, reason="most nodes look dead")
        driven.at(1000 + LEASE_MS).tell(s.TimePassed)
        kept = Kept(driven)
        kept.restart()
        assert driven.where() == {"p": "n", "q": "n"}
        assert driven.told() == ["InspectNode n", "InspectNode m"]

    def test_ends_a_hold_that_nobody_asks_for_again(self, driven):
        driven.tell(s.HoldMoves, reason="most nodes look dead")
        driven.at(1000 + LEASE_MS).tell(s.TimePassed)
        kept = Kept(driven)
        kept.restart()
        kept.tell(s.NodeReported, "m")
        assert driven.where() == {"p": "m", "q": "m"}

    def test_keeps_a_hold_that_is_asked_for_at_once(self, driven):
        driven.tell(s.HoldMoves, reason="most nodes look dead")
        driven.at(1000 + LEASE_MS).tell(s.TimePassed)
        kept = Kept(driven)
        kept.restart()
        kept.tell(s.HoldMoves, reason="most nodes look dead")
        kept.tell(s.NodeReported, "m")
        assert driven.where() == {"p": "n", "q": "n"}

    @pytest.mark.parametrize("lease_left_ms", [0, LEASE_MS])
    def test_leaves_the_pods_of_a_node_that_reports_in_where_they_are(self, drive, lease_left_ms):
        driven = drive(settings=SLOWLY)
        driven.node("n")
        driven.pod("p", 100)
        driven.pod("q", 100)
        driven.node("m")
        driven.tell(s.FailNode, "n", lease_left_ms=lease_left_ms)
        kept = Kept(driven)
        stayed = [name for name, node in driven.where().items() if node == "n"]
        kept.restart()
        kept.tell(s.NodeReported, "n", pods=running(driven, *stayed))
        assert driven.nodes["n"].phase is NodePhase.READY
        driven.at(10**6)
        kept.tell(s.TimePassed)
        assert [name for name, node in driven.where().items() if node == "n"] == stayed
