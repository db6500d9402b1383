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
def ground(app):
    """One machine that has joined."""
    ground = Ground(
        1,
        clock=Moments(),
        climate=evolve(WEATHERS["crashes"], user_every_ms=0),
        make_cluster=lambda: app.make_cluster(
            scheduler="best-fit", queue="priority", devices="least-left", seed=1, settings=None
        ),
        make_watch=lambda: NodeWatch(app.make_health_check("heartbeat")),
        run_for_ms={"short": 5_000, "none": 0, "endless": None}.get,
        heard=lambda _: None,
    )
    ground.add(NodeSpec(name="n", backend="memory", capacity={"cpu": 4000}))
    ground.clock.run_until(10_000)
    return ground


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
