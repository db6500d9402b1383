"""Whole runs on real traces, against what others published, and the numbers that come of them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest
from attrs import evolve

from kube9.simulator.faultfile import FaultModel
from kube9.simulator.nodespec import NodePlan, parse_nodes
from kube9.simulator.scenario import Scenario
from kube9.simulator.simulation import simulate

BINS = {"first-fit": "FF", "best-fit": "BF", "worst-fit": "WF"}


@pytest.fixture
def results_of(app):
    """Run every job of a scenario of real data; returns the results."""

    def results_of(traces, plan, *, schedulers, queue="priority", **given):
        scenario = Scenario(traces=traces, plan=plan, schedulers=schedulers, queue=queue, devices="least-left", **given)
        return [simulate(job, scenario, app, lambda _: None) for job in scenario.jobs()]

    return results_of


def table(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["binpack1", "binpack2", "binpack3"])
def test_each_policy_needs_exactly_the_bins_that_are_published(app, results_of, shared_data, name):
    expected = {
        (row["instance"], policy): int(row[column])
        for row in table(shared_data / "binpack" / "expected_bins.csv")
        if row["file"] == name
        for policy, column in BINS.items()
    }
    traces = app.read_trace(str(shared_data / "binpack" / f"{name}.txt"))
    results = results_of(traces, parse_nodes("auto:cpu=150m"), schedulers=tuple(BINS), arrivals_only=True)
    assert len(results) == 60
    assert {(result.instance, result.scheduler): result.nodes_used for result in results} == expected


def windows(path):
    return [row for row in table(path) if row["policy"] == "FCFS" and row["backfill"] == "0"]


@pytest.mark.slow
def test_first_come_first_served_gives_the_published_slowdown_of_every_window(app, results_of, shared_data):
    (trace,) = app.read_trace(str(shared_data / "lublin" / "lublin_256.swf"))
    rows = windows(shared_data / "lublin" / "expected_per_window.csv")
    assert len(rows) == 10
    for row in rows:
        start, jobs = int(row["start"]), int(row["n_jobs"])
        window = evolve(trace, arrivals=trace.arrivals[start : start + jobs])
        (result,) = results_of((window,), parse_nodes("1xcpu=256"), schedulers=("first-fit",), queue="fcfs")
        assert result.pods_finished == jobs
        assert f"{result.bounded_slowdown:.6f}" == row["avg_bounded_slowdown"]
        assert f"{result.waiting.mean_ms / 1000:.4f}" == row["avg_wait_s"]
        assert result.end_ms - result.start_ms == 1000 * int(row["makespan_s"])


@pytest.mark.slow
def test_real_pods_with_gpu_shares_find_their_places(app, results_of, shared_data):
    openb = shared_data / "openb"
    traces = app.read_trace(str(openb / "openb_pod_list_default.csv"))
    plan = parse_nodes(str(openb / "openb_node_list_gpu_node.csv"))
    policies = ("best-fit", "first-fit", "worst-fit")
    results = results_of(traces, plan, schedulers=policies, arrivals_only=True, seeds=(0, 1, 2))
    assert Counter(result.scheduler for result in results) == dict.fromkeys(policies, 3)
    for result in results:
        assert (result.pods, result.nodes) == (8152, 1213)
        assert result.pods_placed + result.pods_dropped == 8152
        assert list(result.allocation_final) == ["cpu", "memory", "gpu"]
        assert 0.85 < result.allocation_final["gpu"] < 0.98
        assert result.pods_dropped > 0
        assert result.pods_misfit == 0
    for first, second in pairwise(result for result in results if result.scheduler == "best-fit"):
        assert first.allocation_final != second.allocation_final, "another seed is another order"


@pytest.mark.slow
def test_a_replay_in_time_with_failures_ends_with_every_pod_done(app, results_of, shared_data):
    openb = shared_data / "openb"
    traces = app.read_trace(str(openb / "openb_pod_list_default.csv"))
    nodes = parse_nodes(str(openb / "openb_node_list_gpu_node.csv")).nodes
    large = NodePlan(nodes=tuple(node for node in nodes if node.capacity.get("gpu") == 8000)[:12])
    model = FaultModel(mtbf_ms=10 * 86_400_000, mttr_ms=6 * 3_600_000)
    (calm,) = results_of(traces, large, schedulers=("best-fit",))
    (result,) = results_of(traces, large, schedulers=("best-fit",), faults=model)
    assert calm.pods_finished == result.pods_finished == 8152
    assert (calm.moves, calm.node_failures) == (0, 0)
    assert result.node_failures > 100
    assert result.moves > 100
    assert result.nodes_lost == 0
    assert result.end_ms > calm.end_ms
    # What was held, and for how long, is known from the list alone.
    asked = sum(arrival.pod.requests["cpu"] * (arrival.duration_ms or 0) for arrival in traces[0].arrivals)
    there = sum(node.capacity["cpu"] for node in large.nodes) * (calm.end_ms - calm.start_ms)
    assert calm.allocation_mean["cpu"] == asked / there


@pytest.mark.slow
def test_a_run_is_the_same_in_every_process():
    """Nothing may depend on the order of a set, which is another in each process."""
    script = (
        "from kube9.app import App\n"
        "from kube9.simulator.faultfile import FaultModel\n"
        "from kube9.simulator.nodespec import parse_nodes\n"
        "from kube9.simulator.scenario import Scenario\n"
        "from kube9.simulator.simulation import simulate\n"
        "from kube9.core.pods import PodSpec\n"
        "from kube9.core.ports import Arrival, Trace\n"
        "pods = [Arrival(pod=PodSpec(name=f'p{i}', requests={'cpu': 500 * (i % 5), 'fpga': i % 2}),"
        " at_ms=1000 * (i // 5), duration_ms=500 * (i % 17)) for i in range(200)]\n"
        "scenario = Scenario(traces=(Trace(instance='t', arrivals=tuple(pods)),),"
        " plan=parse_nodes('7xcpu=4,fpga=3'), schedulers=('best-fit', 'random'), queue='priority',"
        " devices='least-left', seeds=(None, 1), faults=FaultModel(mtbf_ms=20_000, mttr_ms=3_000))\n"
        "app = App.load(env={'KUBE9_PLUGINS': ''})\n"
        "print([simulate(job, scenario, app, lambda _: None) for job in scenario.jobs()])\n"
    )
    told = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
        told.add(ended.stdout)
    assert len(told) == 1
    assert b"node_failures=" in told.pop()


def test_resources_are_those_of_the_nodes_in_a_known_order(run, pod):
    result = run([pod("a")], "1xcpu=4,pods=9,resource.zinc=3,resource.alum=2,gpu=2,memory=1Gi,resource.none=0")
    assert list(result.allocation_final) == ["cpu", "memory", "gpu", "alum", "zinc"]


def test_pods_that_name_a_scheduler_go_by_the_one_that_is_tried(run, pod):
    arrivals = [pod("a", cores=1), pod("b", cores=1, scheduler_name="who-knows")]
    assert run(arrivals, "2xcpu=4", schedulers=("worst-fit",)).nodes_used == 2


def test_without_a_seed_random_policies_are_seeded_with_0(run_all, pod):
    arrivals = [pod(f"p{index}") for index in range(20)]
    _, results = run_all(arrivals, "9xcpu=4", schedulers=("random", "random:seed=0", "random:seed=1"))
    free, zero, one = (result.series for result in results)
    assert free == zero
    assert [result.scheduler for result in results] == ["random", "random:seed=0", "random:seed=1"]
    assert results[0].nodes_used == results[1].nodes_used
    assert one is not None


def test_progress_counts_every_pod(app, scenario, pod):
    made = scenario([pod(f"p{index}", run=1) for index in range(7)])
    told = []
    simulate(made.jobs()[0], made, app, told.append)
    assert sum(told) == 7


def test_how_a_run_went_is_kept_only_where_it_is_wanted(run, pod):
    arrivals = [pod("a", cores=4, run=5), pod("b", cores=4, at=1, run=5)]
    kept, left_out = run(arrivals), run(arrivals, with_series=False)
    assert kept.series.edges
    assert kept.waiting.curve
    assert left_out.series.edges == ()
    assert left_out.waiting.curve == ()
    assert evolve(left_out, series=kept.series, waiting=kept.waiting) == kept
    assert evolve(left_out.waiting, curve=kept.waiting.curve) == kept.waiting
