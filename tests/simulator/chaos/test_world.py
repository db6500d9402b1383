from __future__ import annotations

import itertools

import pytest
from attrs import evolve

from kube9.agent.brain import Brain
from kube9.core import podlife
from kube9.core.errors import InvariantViolation
from kube9.core.placing import Placing
from kube9.core.watch import NodeWatch
from kube9.simulator.chaos.box import Box
from kube9.simulator.chaos.weather import Climate

STILL = Climate(nodes=3, pods=6, storm_ms=30_000)


def test_where_nothing_fails_every_pod_runs_once(chaos):
    world = chaos.world(1, STILL)
    outcome = world.run()
    assert outcome.faults.keys() <= {"user"}
    assert outcome.events["NodeReady"] == 3
    assert "NodeFailed" not in outcome.events
    assert world.truth.most == 1
    assert world.what_is_wrong() == ""


def test_a_seed_decides_everything(chaos):
    first, again, other = chaos.run(7), chaos.run(7), chaos.run(8)
    assert first == again != other


@pytest.mark.slow
@pytest.mark.parametrize("tens", range(6))
def test_it_holds_under_any_weather(chaos, tens):
    struck = set()
    for seed in range(tens * 10, tens * 10 + 10):
        struck |= chaos.run(seed).faults.keys()
    assert len(struck) > 5


def test_what_is_cut_off_fences_itself_and_moves(chaos):
    """One machine loses its link for good, and there are no remote hands."""
    world = chaos.world(3, evolve(STILL, remote_hands=False, health="heartbeat"))
    for _ in range(3):
        world.add_node()
    for _ in range(6):
        world.users.launch()
    world.clock.run_until(10_000)
    alone = next(pod.node_uid for pod in world.office.cluster.pods.values())
    there = [pod.uid for pod in world.office.cluster.pods.values() if pod.node_uid == alone]
    assert there
    world.links[alone].cut(True, True)
    world.clock.advance(60_000)
    assert world.truth.kills == len(there)
    for uid in there:
        (place, epoch), *others = world.truth.where(uid)
        assert (place != alone, epoch > 1, others) == (True, True, [])
    world.links[alone].mend(True, True)
    world.clock.advance(30_000)
    assert world.what_is_wrong() == ""


# Faults that were put in on purpose, each with seeds that find it.


def lease_by_the_servers_clock(monkeypatch):
    """The end of a lease is held against another clock, which is up to 20 s off."""
    heed = Box._heed

    def heed_by_another_clock(box, answer):
        sent = box.brain._sent_ms
        if answer.sequence in sent:
            sent[answer.sequence] += box._offset_ms % 40_000 - 20_000
        heed(box, answer)

    monkeypatch.setattr(Box, "_heed", heed_by_another_clock)


def lease_from_the_answer(monkeypatch):
    """The lease is counted from when the answer came, however long that took."""
    heed = Box._heed

    def heed_from_now(box, answer):
        if answer.sequence in box.brain._sent_ms:
            box.brain._sent_ms[answer.sequence] = box.own_ms
        heed(box, answer)

    monkeypatch.setattr(Box, "_heed", heed_from_now)


def epochs_that_stay(monkeypatch):
    """A pod that is bound again has the epoch that it had."""
    bound = podlife.bound
    monkeypatch.setattr(podlife, "bound", lambda pod, *about: evolve(bound(pod, *about), epoch=max(1, pod.epoch)))


def a_queue_that_drops(monkeypatch):
    """Of a hundred pods that are queued again, one is forgotten."""
    enqueue, numbers = Placing.enqueue, itertools.count(1)

    def enqueue_most(placing, pod):
        enqueue(placing, pod)
        if not next(numbers) % 100:
            placing._queue.discard(pod.uid)

    monkeypatch.setattr(Placing, "enqueue", enqueue_most)


def no_fence(monkeypatch):
    """Nodes run their pods on when their lease is over."""
    monkeypatch.setattr(Box, "fence", lambda box: None)


def moves_before_the_lease_is_over(monkeypatch):
    """Pods move as soon as their node is thought to be dead."""
    monkeypatch.setattr(NodeWatch, "lease_left_ms", lambda watch, uid, at_ms: 0)


def starts_that_were_under_way(monkeypatch):
    """A node starts what it was told to before its latest beat."""
    monkeypatch.setattr(Brain, "is_void", lambda brain, told_after: False)


PLANTED = {
    lease_by_the_servers_clock: (4, 10, 11),
    lease_from_the_answer: (1732, 2227, 2292),
    epochs_that_stay: (1, 2, 3),
    a_queue_that_drops: (3, 5, 11),
    no_fence: (1, 24, 44),
    moves_before_the_lease_is_over: (1, 23, 47),
    starts_that_were_under_way: (99, 120, 134),
}


@pytest.mark.slow
@pytest.mark.parametrize("plant,seeds", PLANTED.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_it_finds_what_is_broken(chaos, monkeypatch, plant, seeds):
    run_each(chaos, seeds)
    plant(monkeypatch)
    with pytest.raises(InvariantViolation, match="two copies|after the last fault|exactly one place|a second time"):
        run_each(chaos, seeds)


def run_each(chaos, seeds):
    for seed in seeds:
        chaos.run(seed)
