"""Runs in virtual time."""

from __future__ import annotations

import pytest

from kube9.core.pods import DeviceRequest
from kube9.simulator.faultfile import Fault, FaultList, FaultModel


def faults_of(*faults):
    """A fault list; times are in seconds."""
    made = tuple(
        Fault(at_ms=1000 * at, node_name=name, down_for_ms=None if down is None else 1000 * down)
        for at, name, down in faults
    )
    return FaultList(path="some", faults=made, lines=tuple(range(2, 2 + len(made))))


def test_pods_come_run_and_leave(run, pod):
    result = run([pod("a", cores=4, at=10, run=5), pod("b", cores=2, at=20, run=10)])
    assert (result.start_ms, result.end_ms) == (10_000, 30_000)
    assert (result.pods_placed, result.pods_finished, result.pods_waiting) == (2, 2, 0)
    assert result.allocation_mean == {"cpu": (4 * 5 + 2 * 10) / (4 * 20)}
    assert result.allocation_final == {"cpu": 0.0}
    assert result.waiting.max_ms == 0


def test_who_finds_no_room_waits_until_there_is(run, pod):
    result = run([pod("a", cores=3, at=0, run=10), pod("b", cores=2, at=4, run=10), pod("c", cores=1, at=5, run=1)])
    assert result.waiting.curve == ((0, 2), (6_000, 3))
    assert result.waiting.mean_ms == 2000
    assert result.end_ms == 20_000
    assert result.bounded_slowdown == (1 + 1.6 + 1) / 3


def test_nobody_overtakes_where_the_queue_blocks(run, pod):
    arrivals = [pod("a", cores=3, at=0, run=10), pod("b", cores=2, at=4, run=10), pod("c", cores=1, at=5, run=1)]
    result = run(arrivals, queue="fcfs")
    assert result.waiting.curve == ((0, 1), (5_000, 2), (6_000, 3))


def test_what_ends_makes_room_before_what_comes_at_that_moment(run, pod):
    result = run([pod("a", cores=4, at=0, run=10), pod("b", cores=4, at=10, run=5)])
    assert result.waiting.max_ms == 0
    assert result.end_ms == 15_000


def test_what_comes_may_be_queued_before_what_ends_at_that_moment(run, pod):
    # The one of low priority would be bound to what "a" leaves before "c" is known of.
    arrivals = [
        pod("a", cores=4, at=0, run=10),
        pod("b", cores=4, at=1, run=5, priority=-1),
        pod("c", cores=4, at=10, run=20),
    ]
    assert run(arrivals).waiting.curve == ((0, 1), (5_000, 2), (9_000, 3))
    assert run(arrivals, arrivals_first=True).waiting.curve == ((0, 2), (29_000, 3))


def test_a_pod_that_runs_for_no_time_comes_and_goes(run, pod):
    result = run([pod("a", cores=4, at=3, run=0), pod("b", cores=4, at=3, run=0)])
    assert (result.pods_finished, result.end_ms, result.waiting.max_ms) == (2, 3_000, 0)
    assert result.allocation_mean == {"cpu": 0.0}


def test_pods_without_end_stay(run, pod):
    result = run([pod("a", cores=3, at=0), pod("b", cores=1, at=8, run=2)])
    assert (result.pods_finished, result.pods_waiting, result.end_ms) == (1, 0, 10_000)
    assert result.allocation_final == {"cpu": 0.75}


def test_the_file_need_not_be_in_order_of_time(run, pod):
    result = run([pod("b", cores=4, at=5, run=5), pod("a", cores=4, at=0, run=7)])
    assert result.waiting.curve == ((0, 1), (2_000, 2))


class TestUntil:
    def test_a_run_is_cut(self, run, pod):
        arrivals = [pod("a", cores=2, at=0, run=10), pod("b", cores=4, at=1, run=1), pod("c", at=7, run=1)]
        result = run(arrivals, until_ms=6_000)
        assert (result.pods, result.pods_finished, result.pods_waiting, result.end_ms) == (2, 0, 1, 6_000)
        assert result.allocation_mean == {"cpu": 0.5}
        assert result.notes == ("1 pods come after --until and were left out.",)

    def test_what_happens_at_that_moment_still_counts(self, run, pod):
        result = run([pod("a", at=0, run=6), pod("b", at=6)], until_ms=6_000)
        assert (result.pods, result.pods_finished) == (2, 1)

    def test_a_run_that_is_over_before_ends_before(self, run, pod):
        assert run([pod("a", at=0, run=6)], until_ms=60_000).end_ms == 6_000

    def test_pods_without_end_last_that_long(self, run, pod):
        result = run([pod("a", cores=2, at=0), pod("b", cores=2, at=5, run=5)], until_ms=20_000)
        assert result.end_ms == 20_000
        assert result.allocation_mean == {"cpu": (2 * 20 + 2 * 5) / (4 * 20)}


class TestMisfits:
    def test_one_that_fits_no_node_waits_for_ever_and_is_named(self, run, pod):
        result = run([pod("huge", cores=5, at=0, run=1), pod("b", cores=4, at=1, run=1)])
        assert (result.pods_finished, result.pods_waiting, result.pods_misfit) == (1, 1, 1)
        assert result.notes == (
            "1 pod fits no node even when it is empty: pod 'huge' (0 of 1 nodes fit: 1 insufficient cpu).",
        )

    def test_where_the_queue_blocks_it_holds_back_all_others(self, run, pod):
        result = run([pod("huge", cores=5, at=0, run=1), pod("b", cores=4, at=1, run=1)], queue="fcfs")
        assert (result.pods_placed, result.pods_waiting, result.pods_misfit) == (0, 2, 1)

    def test_one_for_which_there_is_merely_no_room_is_none(self, run, pod):
        result = run([pod("a", cores=4, at=0), pod("b", cores=1, at=1, run=1)])
        assert (result.pods_waiting, result.pods_misfit, result.notes) == (1, 0, ())


class TestNodesOpenedAsNeeded:
    def test_they_stay_open(self, run, pod):
        arrivals = [pod("a", cores=3, at=0, run=5), pod("b", cores=3, at=1, run=5), pod("c", cores=4, at=9, run=1)]
        result = run(arrivals, "auto:cpu=4")
        assert (result.nodes, result.nodes_used, result.waiting.max_ms) == (2, 2, 0)
        # One node from 0 s to 10 s, the other from 1 s on.
        assert result.allocation_mean == {"cpu": (3 * 5 + 3 * 5 + 4 * 1) / (4 * 10 + 4 * 9)}

    def test_pods_that_come_at_one_moment_share_them(self, run, pod):
        result = run([pod(f"p{index}", cores=1, at=0, run=5) for index in range(9)], "auto:cpu=4")
        assert result.nodes == 3

    def test_one_that_would_not_fit_is_dropped(self, run, pod):
        result = run([pod("huge", cores=5, at=0, run=1), pod("b", cores=4, at=0, run=1)], "auto:cpu=4", queue="fcfs")
        assert (result.nodes, result.pods_dropped, result.pods_misfit, result.pods_finished) == (1, 1, 1, 1)

    def test_one_that_fits_a_node_which_is_busy_waits_for_it(self, run, pod):
        arrivals = [pod("a", cores=8, at=0, run=5), pod("b", cores=8, at=1, run=5), pod("c", cores=1, at=2, run=1)]
        result = run(arrivals, ["1xcpu=8", "auto:cpu=4,name=more"])
        assert (result.nodes, result.pods_dropped, result.waiting.max_ms) == (2, 0, 4_000)

    def test_who_goes_first_may_take_the_new_node(self, run, pod):
        arrivals = [pod(f"p{priority}", cores=3, at=0, run=5, priority=priority) for priority in range(4)]
        result = run(arrivals, "auto:cpu=4")
        assert (result.nodes, result.waiting.max_ms) == (4, 0)

    def test_pods_that_lose_their_node_get_another(self, run, pod):
        model = FaultModel(mtbf_ms=40_000, mttr_ms=10**9)
        result = run([pod(f"p{index}", cores=3, at=0, run=60) for index in range(6)], "auto:cpu=4", faults=model)
        assert result.node_failures > 0
        assert result.moves >= result.node_failures
        assert result.nodes >= 6 + result.node_failures
        assert (result.pods_finished, result.pods_waiting, result.waiting.max_ms) == (6, 0, 0)


class TestFailures:
    def test_pods_move_and_begin_again(self, run, pod):
        result = run([pod("a", cores=4, at=0, run=10)], "2xcpu=4", faults=faults_of((6, "node-0001", 100)))
        assert (result.moves, result.node_failures, result.pods_finished) == (1, 1, 1)
        assert result.end_ms == 16_000
        assert result.nodes_used == 2

    def test_without_another_node_they_wait_for_this_one(self, run, pod):
        result = run([pod("a", cores=4, at=0, run=10)], faults=faults_of((6, "node-0001", 4)))
        assert (result.moves, result.end_ms) == (1, 20_000)
        assert result.waiting.max_ms == 0, "waiting is counted to the first node"

    def test_a_node_that_is_gone_for_good_is_lost(self, run, pod):
        arrivals = [pod("a", cores=4, at=0, run=10), pod("b", cores=4, at=0, run=90)]
        result = run(arrivals, "2xcpu=4", faults=faults_of((6, "node-0001", None)))
        assert (result.nodes_lost, result.moves, result.pods_finished) == (1, 1, 2)
        assert result.end_ms == 100_000

    def test_what_is_noticed_late_moves_late(self, run, pod):
        faults = faults_of((6, "node-0001", 100))
        result = run([pod("a", cores=4, at=0, run=10)], "2xcpu=4", faults=faults, detect_ms=3_000)
        assert result.end_ms == 19_000

    def test_a_pod_bound_to_a_node_whose_death_nobody_noticed_moves_too(self, run, pod):
        faults = faults_of((6, "node-0001", 100))
        arrivals = [pod("first", at=0, run=1), pod("a", cores=4, at=7, run=10)]
        result = run(arrivals, "2xcpu=4", faults=faults, detect_ms=3_000)
        assert (result.moves, result.waiting.max_ms, result.end_ms) == (1, 0, 19_000)

    def test_one_that_is_back_before_it_was_noticed_has_lost_its_pods_all_the_same(self, run, pod):
        faults = faults_of((6, "node-0001", 2))
        result = run([pod("a", cores=4, at=0, run=10)], "2xcpu=4", faults=faults, detect_ms=30_000)
        assert (result.node_failures, result.moves, result.end_ms) == (0, 1, 18_000)

    def test_a_fault_before_the_first_pod_counts_for_what_is_left_of_it(self, run, pod):
        faults = faults_of((10, "node-0001", 30))
        result = run([pod("a", cores=4, at=30, run=10)], "1xcpu=4", faults=faults)
        assert (result.node_failures, result.waiting.max_ms, result.end_ms) == (1, 10_000, 50_000)

    def test_a_model_lets_nodes_break_until_the_trace_is_over(self, run_all, pod):
        arrivals = [pod(f"p{index}", cores=1, at=index, run=400) for index in range(60)]
        model = FaultModel(mtbf_ms=100_000, mttr_ms=5_000)
        _, results = run_all(arrivals, "20xcpu=4", faults=model, seeds=(0, 1), check_steps=False)
        for result in results:
            assert result.pods_finished == 60, "runs that are longer than nodes live end after all"
            # 20 nodes for 459 s; each breaks about every 105 s.
            assert 50 <= result.node_failures <= 130
        assert results[0].moves != results[1].moves

    def test_a_model_treats_all_schedulers_alike(self, run_all, pod):
        arrivals = [pod(f"p{index}", cores=1, at=index, run=90) for index in range(30)]
        model = FaultModel(mtbf_ms=60_000, mttr_ms=2_000)
        given = {"faults": model, "schedulers": ("best-fit", "worst-fit"), "until_ms": 100_000}
        _, (best, worst) = run_all(arrivals, "5xcpu=8", **given)
        assert best.node_failures == worst.node_failures > 0
        assert best.series != worst.series

    def test_without_a_span_no_node_breaks_and_that_is_said(self, run, pod):
        result = run([pod("a", at=5)], faults=FaultModel(mtbf_ms=1_000, mttr_ms=1_000))
        assert result.node_failures == 0
        (note,) = result.notes
        assert note.startswith("No node broke")


def test_devices_are_given_and_given_back(run, pod):
    half = (DeviceRequest(kind="gpu", count=1, milli=500),)
    arrivals = [pod(f"p{index}", cores=0, at=0, run=10, devices=half) for index in range(3)]
    result = run(arrivals, "1xcpu=4,gpu=1")
    assert result.waiting.max_ms == 10_000
    assert result.allocation_mean["gpu"] == 0.75


@pytest.mark.parametrize("check_steps", [True, False])
def test_what_plugins_hear_is_what_happened(app, scenario, pod, check_steps):
    from kube9.simulator.simulation import simulate

    class Listening:
        """A workshop whose door keeps what goes through it."""

        make_cluster, make_pipeline = staticmethod(app.make_cluster), staticmethod(app.make_pipeline)

        def __init__(self):
            self.door = self
            self.heard = []

        def announce(self, event):
            self.heard.append((event.at_ms, type(event).__name__))

    made = scenario([pod("a", cores=4, at=1, run=2)], check_steps=check_steps)
    workshop = Listening()
    simulate(made.jobs()[0], made, workshop, lambda _: None)
    assert workshop.heard == [
        (1000, "NodeAdded"),
        (1000, "NodeReady"),
        (1000, "PodBound"),
        (1000, "PodRunning"),
        (3000, "PodFinished"),
    ]
