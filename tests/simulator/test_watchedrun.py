"""Traces on whole machines, where health checks find out what has failed."""

from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core.errors import InvariantViolation
from kube9.core.watch import LEASE_MS
from kube9.simulator.chaos.box import Box
from kube9.simulator.chaos.weathers import WEATHERS
from kube9.simulator.faultfile import Fault, FaultList, FaultModel

HEALTHS = ("heartbeat",)
NODES = "4xcpu=4"


def faults_of(*faults):
    """A fault list; times are in seconds."""
    made = tuple(
        Fault(at_ms=1000 * at, node_name=name, down_for_ms=None if down is None else 1000 * down)
        for at, name, down in faults
    )
    return FaultList(path="some", faults=made, lines=tuple(range(2, 2 + len(made))))


@pytest.fixture
def watched(run):
    """Run under a weather, for ten minutes of it unless the trace is longer."""

    def watched(arrivals, weather="quiet", nodes=NODES, **given):
        return run(arrivals, nodes, healths=HEALTHS, climate=WEATHERS[weather], **given)

    return watched


@pytest.fixture
def busy(pod):
    """Sixteen pods that fill four nodes by half for five minutes."""
    return [pod(f"p{index}", cores=0.5, at=index, run=300) for index in range(16)]


@pytest.mark.parametrize("at", [0, 100_000], ids=["at once", "a day later"])
def test_where_nothing_fails_it_goes_as_without_beats_but_for_the_time_starts_take(run, watched, pod, at):
    arrivals = [pod("a", cores=4, at=at, run=100), pod("b", cores=4, at=at + 10, run=100)]
    plain, found = run(arrivals), watched(arrivals, nodes="1xcpu=4")
    for name in ("pods", "nodes", "nodes_used", "pods_placed", "pods_finished", "moves", "node_failures", "start_ms"):
        assert getattr(found, name) == getattr(plain, name), name
    assert 0 < found.end_ms - plain.end_ms < 2_000
    assert found.waiting.count == 2
    assert 90_000 < found.waiting.max_ms < 92_000
    assert found.allocation_mean["cpu"] == pytest.approx(1.0, abs=0.01)
    told = found.detection
    assert (told.crashes_found, told.false_suspicions, told.false_failures, told.two_copies_s) == (0, 0, 0, 0)
    assert 0 < told.downtime < 0.01


def test_a_crash_is_found_out_by_the_check_and_not_before(watched, run, pod):
    arrivals = [pod(f"p{index}", cores=2, run=120) for index in range(4)]
    crash = faults_of((30, "node-0001", 60))
    found = watched(arrivals, faults=crash)
    assert found.node_failures == 1
    assert found.moves == 2
    assert found.pods_finished == 4
    assert 2_000 <= found.detection.suspect_ms <= 4_100
    assert 9_000 <= found.detection.fail_ms <= 11_000
    assert found.detection.fail_ms == found.detection.fail_ms_worst
    # Nobody could restart the machine: two of four pods were down until its lease was over, of some 120 s and 180 s.
    assert 0.08 < found.detection.downtime < 0.12
    known = run(arrivals, NODES, faults=crash, detect_ms=LEASE_MS)
    assert abs(found.end_ms - known.end_ms) < 3_000


def test_what_is_back_before_it_is_given_up_has_lost_its_pods_all_the_same(watched, pod):
    found = watched([pod("a", cores=2, run=60)], nodes="1xcpu=4", faults=faults_of((30, "node-0001", 1)))
    assert (found.pods_finished, found.moves, found.node_failures) == (1, 1, 0)


def test_a_machine_that_is_gone_for_good_is_given_up_and_its_pods_run_elsewhere(watched, pod):
    arrivals = [pod("a", cores=2, run=600)]
    found = watched(arrivals, nodes="2xcpu=4", faults=faults_of((30, "node-0001", None)))
    assert (found.pods_finished, found.nodes_lost, found.moves) == (1, 1, 1)


def test_pods_that_never_end_or_never_get_room_do_not_keep_it_going(watched, pod):
    endless = watched([pod("a", cores=4)], nodes="1xcpu=4")
    assert endless.pods_finished == 0
    assert 60_000 <= endless.end_ms <= 120_000
    waiting = watched([pod("a", cores=4), pod("b", cores=2, run=5)], nodes="1xcpu=4")
    assert (waiting.pods_waiting, waiting.pods_finished) == (1, 0)
    misfit = watched([pod("a", cores=8, run=5)], nodes="1xcpu=4")
    assert (misfit.pods_misfit, misfit.pods_waiting) == (1, 1)


def test_until_cuts_it(watched, pod):
    found = watched([pod("a", run=600), pod("late", at=500, run=5)], until_ms=100_000)
    assert (found.end_ms, found.pods, found.pods_finished) == (100_000, 1, 0)
    assert found.notes == ("1 pods come after --until and were left out.",)


@pytest.mark.parametrize("name", WEATHERS)
def test_every_weather_lets_pods_through_and_none_runs_twice(watched, busy, name):
    found = watched(busy, name)
    assert found.pods_finished == 16
    assert found.detection.two_copies_s == 0
    assert found.nodes == 4
    assert 0 < found.allocation_mean["cpu"] <= 1
    assert found.allocation_final == {"cpu": 0.0}


def test_faults_of_links_and_of_a_model_come_together(watched, busy):
    model = FaultModel(mtbf_ms=200_000, mttr_ms=30_000)
    found = watched(busy, "flaky-links", faults=model)
    assert found.detection.crashes_found > 0
    assert found.detection.false_suspicions > 0
    assert found.pods_finished == 16


def test_every_check_and_scheduler_meets_the_same_faults(run_all, busy):
    _, results = run_all(
        busy,
        NODES,
        schedulers=("first-fit", "worst-fit"),
        healths=("heartbeat", "heartbeat:suspect_ms=1500,fail_ms=4000"),
        climate=WEATHERS["quiet"],
        faults=faults_of((60, "node-0001", 30), (60, "node-0003", 30)),
    )
    assert [result.name for result in results] == [
        "first-fit, heartbeat",
        "first-fit, heartbeat:suspect_ms=1500,fail_ms=4000",
        "worst-fit, heartbeat",
        "worst-fit, heartbeat:suspect_ms=1500,fail_ms=4000",
    ]
    assert {result.detection.crashes_found for result in results} == {2}
    patient, hasty = results[2:]
    assert hasty.detection.fail_ms < patient.detection.fail_ms


def test_a_seed_decides_everything_and_another_one_otherwise(run_all, busy):
    def told():
        return run_all(busy, NODES, healths=HEALTHS, climate=WEATHERS["blips"], seeds=(1, 2))[1]

    first, again = told(), told()
    assert first == again
    assert first[0].detection != first[1].detection


def test_two_copies_are_seen_where_nodes_do_not_fence_themselves(watched, busy, monkeypatch):
    monkeypatch.setattr(Box, "fence", lambda box: None)
    climate = evolve(WEATHERS["partitions"], partition_every_ms=60_000, fault_ms=60_000, remote_hands=False)
    monkeypatch.setitem(WEATHERS, "no hands", climate)
    with pytest.raises(InvariantViolation, match="two copies of pod"):
        watched(busy, "no hands")
