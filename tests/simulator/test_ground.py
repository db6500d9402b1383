"""Where a trace runs."""

from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.nodes import NodePhase, NodeSpec
from kube9.core.pods import PodSpec
from kube9.core.watch import NodeWatch
from kube9.simulator.chaos.moments import Moments
from kube9.simulator.chaos.weathers import WEATHERS
from kube9.simulator.ground import Ground


@pytest.fixture
def make(app):
    """Some machines that have joined."""

    def make(machines=1, weather="crashes", **parts):
        ground = Ground(
            1,
            clock=Moments(),
            climate=evolve(WEATHERS[weather], user_every_ms=0),
            make_cluster=lambda: app.make_cluster(
                scheduler="best-fit", queue="priority", devices="least-left", seed=1, settings=None
            ),
            make_watch=lambda: NodeWatch(app.make_health_check("heartbeat")),
            run_for_ms={"short": 5_000, "none": 0, "endless": None}.get,
            **{"heard": lambda _: None, **parts},
        )
        for number in range(machines):
            name = f"n{number}" if number else "n"
            ground.add(NodeSpec(name=name, backend="memory", capacity={"cpu": 4000}))
        ground.clock.run_until(10_000)
        return ground

    return make


@pytest.fixture
def ground(make):
    return make()


def phase(ground):
    return ground.office.cluster.nodes["n"].phase


def test_pods_run_as_long_as_they_are_said_to(ground):
    for uid in ("short", "none", "endless"):
        ground.office.do(s.LaunchPod, uid=uid, spec=PodSpec(name=uid, requests={"cpu": 1000}))
    ground.clock.advance(3_000)
    assert sorted(ground.truth.pods) == ["endless", "short"]
    ground.clock.advance(5_000)
    assert ground.truth.pods == ["endless"]


def test_what_is_broken_stays_down_until_its_time(ground):
    ground.break_down("n", 120_000)
    ground.clock.advance(100_000)
    assert (phase(ground), ground.boxes["n"].up) == (NodePhase.RECOVERING, False)
    ground.clock.advance(40_000)
    assert (phase(ground), ground.boxes["n"].up) == (NodePhase.READY, True)


def test_what_is_broken_for_good_is_given_up(ground):
    ground.break_down("n", None)
    ground.clock.advance(200_000)
    assert phase(ground) is NodePhase.LOST


def test_weather_comes_between_two_moments(ground):
    ground.clock.advance(300_000)
    assert not ground.faults
    ground.storm(ground.clock.now_ms() + 600_000)
    ground.clock.advance(600_000)
    struck = ground.faults["crash"]
    assert struck > 3
    ground.clock.advance(600_000)
    assert ground.faults["crash"] == struck
    assert phase(ground) is NodePhase.READY


@pytest.mark.parametrize("weather", ["quiet", "flaky-links", "slow-links"])
def test_machines_break_and_pods_move_alike_whether_machines_rest_or_not(make, weather):
    def story(rests):
        told = []
        ground = make(3, weather, rests=rests, heard=lambda event: told.append((event.at_ms, type(event).__name__)))
        for turn, uid in enumerate(("endless", "short", "none")):
            ground.office.do(s.LaunchPod, uid=uid, spec=PodSpec(name=uid, requests={"cpu": 1000}))
            ground.clock.advance(777)
            ground.break_down("n" if turn == 0 else f"n{turn}", 30_000 + 5_000 * turn)
            ground.clock.advance(12_345)
        ground.clock.advance(120_000)
        return told, ground.finish()

    assert story(True) == story(False)
