from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core.watch import NodeWatch
from kube9.simulator.chaos.measured import MeasuredWorld, Tally, sum_up
from kube9.simulator.chaos.weather import Climate

STILL = Climate(nodes=4, pods=8, storm_ms=60_000, user_every_ms=0)


@pytest.fixture
def measured(app):
    """A run with one health check, and what was seen of it."""

    def run(climate, health="heartbeat", seed=1):
        world = MeasuredWorld(
            seed,
            climate=climate,
            make_cluster=app.make_cluster,
            make_watch=lambda: NodeWatch(app.make_health_check(health)),
        )
        world.run()
        return world.finish()

    return run


def test_where_nothing_fails_nothing_is_told(measured):
    tally = measured(STILL)
    assert (tally.suspected_ms, tally.failed_ms, tally.moves) == ([], [], 0)
    assert (tally.false_suspicions, tally.false_failures) == (0, 0)
    # All but the time that starts take.
    assert 0.9 * tally.wanted_ms < tally.ran_ms < tally.wanted_ms


def test_a_crash_is_found_out_as_late_as_the_check_says(measured):
    crashes = evolve(STILL, crash_every_ms=30_000, fault_ms=60_000, storm_ms=300_000)
    for health, low_ms, high_ms in (
        ("heartbeat", 9_000, 11_000),
        ("heartbeat:suspect_ms=2000,fail_ms=4000", 3_000, 5_000),
    ):
        tally = measured(crashes, health)
        assert tally.failed_ms
        assert all(low_ms <= each <= high_ms for each in tally.failed_ms), tally.failed_ms
        assert tally.moves > 0


def test_the_weather_is_the_same_for_every_check(app):
    def faults(health):
        climate = evolve(STILL, crash_every_ms=20_000, freeze_every_ms=20_000, storm_ms=200_000)
        world = MeasuredWorld(
            5,
            climate=climate,
            make_cluster=app.make_cluster,
            make_watch=lambda: NodeWatch(app.make_health_check(health)),
        )
        return world.run().faults

    assert faults("heartbeat") == faults("phi-accrual") == faults("heartbeat:suspect_ms=1100,fail_ms=1200")


def test_several_runs_come_to_one_sum():
    day_ms = 86_400_000
    one = Tally(suspected_ms=[1000], failed_ms=[4000, 6000], false_suspicions=2, moves=3, node_ms=day_ms)
    other = Tally(failed_ms=[9000], false_failures=2, wanted_ms=1000, ran_ms=750, node_ms=day_ms)
    told = sum_up([one, other])
    assert (told.crashes_found, told.suspect_ms, told.fail_ms, told.fail_ms_worst) == (3, 1000, 6000, 9000)
    assert (told.false_suspicions, told.false_failures, told.moves, told.downtime) == (1.0, 1.0, 3, 0.25)


def test_nothing_at_all_comes_to_nothing():
    told = sum_up([Tally(node_ms=1)])
    assert (told.suspect_ms, told.fail_ms, told.fail_ms_worst, told.downtime) == (None, None, None, 0.0)
