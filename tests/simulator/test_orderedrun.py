"""Runs without times."""

from __future__ import annotations

import pytest


def test_what_does_not_fit_is_dropped_for_good(run, pod):
    arrivals = [pod("a", cores=3), pod("b", cores=2), pod("c", cores=1), pod("d", cores=1)]
    result = run(arrivals, arrivals_only=True)
    assert (result.pods, result.pods_placed, result.pods_dropped, result.pods_waiting) == (4, 2, 2, 0)
    assert result.allocation_final == {"cpu": 1.0}


def test_times_and_durations_mean_nothing(run, pod):
    arrivals = [pod("late", cores=4, at=9, run=1), pod("early", cores=1, at=0, run=1)]
    result = run(arrivals, arrivals_only=True)
    assert result.pods_placed == 1
    assert result.allocation_final == {"cpu": 1.0}, "the first of the file came first, and stays"
    assert result.pods_finished == 0
    assert result.waiting is None
    assert result.bounded_slowdown is None


def test_the_mean_is_over_the_pods(run, pod):
    result = run([pod("a", cores=1), pod("b", cores=1), pod("c", cores=2), pod("d", cores=4)], arrivals_only=True)
    assert result.allocation_mean == {"cpu": (1 + 2 + 4 + 4) / 16}
    assert result.series.edges == (0, 1, 2, 3, 4)
    assert result.series.allocation["cpu"] == (0.25, 0.5, 1.0, 1.0)


def test_allocation_is_kept_by_how_much_had_been_asked_for(run, pod):
    arrivals = [pod("a", cores=1), pod("b", cores=2), pod("c", cores=2), pod("none", cores=0), pod("d", cores=1)]
    result = run(arrivals, arrivals_only=True)
    assert result.allocation_by_demand == {"cpu": {25: 0.25, 75: 0.75, 125: 0.75, 150: 1.0}}


@pytest.mark.parametrize("given", [{"arrivals_only": False}, {"arrivals_only": True, "nodes": "auto:cpu=4"}], ids=str)
def test_but_not_where_pods_go_again_or_nodes_come(run, pod, given):
    assert run([pod("a", cores=1, run=1)], **given).allocation_by_demand is None


@pytest.mark.parametrize("queue", ["priority", "fcfs"])
def test_who_was_dropped_holds_nobody_back(run, pod, queue):
    result = run([pod("huge", cores=9), pod("b", cores=4)], arrivals_only=True, queue=queue)
    assert (result.pods_placed, result.pods_dropped) == (1, 1)


@pytest.mark.parametrize(
    "scheduler,sizes,nodes",
    [
        ("first-fit", (4, 3, 2, 2), 3),
        ("first-fit", (3, 4, 2, 2, 1), 3),
        ("best-fit", (3, 4, 1, 2), 3),
        ("worst-fit", (3, 2, 1, 2), 3),
        ("best-fit", (3, 2, 1, 2), 2),
    ],
)
def test_a_node_is_opened_only_where_a_pod_fits_on_no_open_one(run, pod, scheduler, sizes, nodes):
    arrivals = [pod(f"p{index}", cores=size) for index, size in enumerate(sizes)]
    result = run(arrivals, "auto:cpu=4", timed=False, schedulers=(scheduler,))
    assert (result.nodes_used, result.nodes, result.pods_dropped) == (nodes, nodes, 0)


def test_nodes_are_opened_beside_those_that_are_there(run, pod):
    arrivals = [pod(f"p{index}", cores=2) for index in range(4)]
    result = run(arrivals, ["1xcpu=4", "auto:cpu=2,name=more"], timed=False)
    assert (result.nodes, result.nodes_used) == (3, 3)


def test_no_node_is_opened_for_a_pod_that_would_not_fit_there(run, pod):
    arrivals = [pod("a", cores=4), pod("b", cores=4), pod("c", cores=5), pod("d", cores=2)]
    result = run(arrivals, ["1xcpu=4", "auto:cpu=2,name=more"], timed=False)
    assert (result.pods_dropped, result.nodes, result.nodes_used) == (2, 2, 2)
    assert result.pods_misfit == 1, "b fits a node when it is empty, c does not"
    assert result.notes == (
        "1 pod fits no node even when it is empty: pod 'c' (0 of 2 nodes fit: 2 insufficient cpu).",
    )


def test_a_seed_changes_the_order(run_all, pod):
    arrivals = [pod(f"p{size}", cores=size) for size in (1, 2, 3)] * 1 + [pod("p4", cores=4)]
    _, results = run_all(arrivals, arrivals_only=True, seeds=tuple(range(12)))
    assert {result.seed for result in results} == set(range(12))
    assert len({result.pods_placed for result in results}) > 1
    assert all(result.allocation_final["cpu"] <= 1 for result in results)
