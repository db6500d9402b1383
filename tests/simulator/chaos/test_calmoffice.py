"""The server of a run in which machines rest."""

from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.watch import NodeWatch
from kube9.simulator.chaos.calmworld import CalmWorld
from kube9.simulator.chaos.moments import Moments
from kube9.simulator.chaos.weathers import WEATHERS


@pytest.fixture
def world(app):
    """Two machines that have joined, and nothing else."""
    world = CalmWorld(
        1,
        clock=Moments(),
        climate=evolve(WEATHERS["quiet"], nodes=2, pods=0),
        make_cluster=lambda: app.make_cluster(
            scheduler="best-fit", queue="priority", devices="least-left", seed=1, settings=None
        ),
        make_watch=lambda: NodeWatch(app.make_health_check("heartbeat")),
    )
    for _ in range(2):
        world.add_node()
    world.clock.run_until(10_000)
    return world


def resting(world):
    return [box.uid for box in world._calm if box.due_ms < 1_000_000]


def test_all_rest_when_nothing_happens(world):
    assert resting(world) == ["node-0", "node-1"]


def test_whom_a_change_concerns_rests_no_longer_and_soon_again(world):
    world.users.launch()
    assert resting(world) == ["node-1"]
    assert not world.office.is_settled("node-0")
    world.clock.advance(5_000)
    assert world.office.is_settled("node-0")
    assert resting(world) == ["node-0", "node-1"]


def test_all_are_made_up_for_before_anything_is_handled(world):
    world.clock.advance(400)
    world.office.do(s.CordonNode, uid="node-0", cordoned=True)
    heard = [world.office.watch.last_heard_ms(uid) for uid in ("node-0", "node-1")]
    assert min(heard) > world.clock.now_ms() - 1_300
    assert resting(world) == ["node-1"]


@pytest.mark.parametrize("away", ["pause", "crash"])
def test_nobody_rests_while_the_server_is_away(world, away):
    world.office.crash() if away == "crash" else world.office.pause(True)
    world.clock.advance(5_000)
    assert resting(world) == []
    world.office.restart() if away == "crash" else world.office.pause(False)
    world.clock.advance(10_000)
    assert resting(world) == ["node-0", "node-1"]
