"""What comes of a run in which machines rest is what comes of it when each of their beats is simulated."""

from __future__ import annotations

import random

import pytest
from attrs import evolve

from kube9.core.watch import NodeWatch
from kube9.simulator.chaos.calmworld import CalmWorld
from kube9.simulator.chaos.moments import Moments
from kube9.simulator.chaos.weather import Climate
from kube9.simulator.chaos.weathers import WEATHERS

CHECKS = ("heartbeat", "phi-accrual", "heartbeat:suspect_ms=1100,fail_ms=2500")
SMALL = {"nodes": 6, "pods": 12, "storm_ms": 120_000, "user_every_ms": 5_000, "run_ms": 30_000}


class Told(CalmWorld):
    """Writes down every event, and how many actions the clock ran."""

    def __init__(self, *args, **parts):
        self.story, self.actions = [], 0
        super().__init__(*args, **parts)

    def _hear(self, event):
        subject = [getattr(getattr(event, name, None), "uid", "") for name in ("node", "pod")]
        reason = getattr(getattr(event, "node", None), "reason", "")
        self.story.append((self.clock.now_ms(), type(event).__name__, *subject, reason))
        super()._hear(event)

    def go(self):
        for _ in range(self.climate.nodes):
            self.add_node()
        for _ in range(self.climate.pods):
            self.users.launch()
        self._begin_weather()
        while self.clock.next_at_ms <= self.climate.storm_ms:
            self.clock.run_next()
            self.actions += 1
        self.clock.run_until(self.climate.storm_ms)
        self.disturb_all()


@pytest.fixture
def run(app):
    def run(seed, climate, health, *, rests):
        world = Told(
            seed,
            clock=Moments(),
            rests=rests,
            climate=climate,
            make_cluster=lambda: app.make_cluster(
                scheduler="best-fit", queue="priority", devices="least-left", seed=seed, settings=None
            ),
            make_watch=lambda: NodeWatch(app.make_health_check(health)),
        )
        world.go()
        return world

    return run


def all_there_is(world):
    """What the server, the health check and each machine know at the end, and all that was told on the way."""
    uids = list(world.boxes)
    return {
        "story": world.story,
        "tally": world.finish(),
        "stimuli": world.office.stimuli,
        "faults": world.faults,
        "heard": {uid: tuple(world.office.watch._arrivals.get(uid, ())) for uid in uids},
        "leases": world.office.watch._ends_ms,
        "beats": {uid: world.office.reception.latest(uid) for uid in uids},
        "brains": {uid: (box.brain._sequence, box.brain.lease_until_ms) for uid, box in world.boxes.items()},
        "waiting for": {uid: list(box.brain._sent_ms) for uid, box in world.boxes.items()},
        "draws": {uid: box._rng.getstate() for uid, box in world.boxes.items()},
        "chance": world.rng.getstate(),
    }


@pytest.mark.parametrize("name", WEATHERS)
def test_under_every_weather_all_is_as_if_no_machine_rested(run, name):
    climate = evolve(WEATHERS[name], **SMALL)
    for seed, health in enumerate(CHECKS):
        each, resting = (run(seed, climate, health, rests=rests) for rests in (False, True))
        assert all_there_is(resting) == all_there_is(each), health
        assert resting.actions < each.actions


@pytest.mark.slow
@pytest.mark.parametrize("tens", range(4))
def test_the_same_under_any_weather(run, tens):
    for seed in range(10 * tens, 10 * tens + 10):
        climate, health = Climate.draw(seed), random.Random(seed).choice(CHECKS)
        each, resting = (run(seed, climate, health, rests=rests) for rests in (False, True))
        assert all_there_is(resting) == all_there_is(each), seed


def test_a_quiet_cluster_is_nearly_free(run):
    climate = evolve(WEATHERS["quiet"], nodes=10, pods=10, storm_ms=300_000)
    each, resting = (run(1, climate, "heartbeat", rests=rests) for rests in (False, True))
    # Two sweeps a second, and what the start takes; the others have four actions for each of 3,000 beats as well.
    assert resting.actions < 1_000
    assert each.actions > 10_000
