"""The numbers of a run, from its events alone."""

from __future__ import annotations

import pytest

from kube9.core import events
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.simulator.recorder import Recorder


class Teller:
    """Tells a recorder what happens to one node and one pod."""

    def __init__(self, *, run_ms=100):
        self.recorder = Recorder(("cpu", "memory"), 1000, lambda _: run_ms)
        self.spec = PodSpec(name="p", requests={"cpu": 500, "memory": 10})

    def node(self, at_ms, name="n", **capacity):
        node = Node(uid=name, spec=NodeSpec(name=name, capacity=capacity), ordinal=0)
        self.recorder.hear(events.NodeAdded(at_ms=at_ms, node=node))

    def bound(self, at_ms, *, uid="0", epoch=1, node="n", created=1000):
        there = Node(uid=node, spec=NodeSpec(name=node), ordinal=0)
        self.recorder.hear(events.PodBound(at_ms=at_ms, pod=self.pod(uid, epoch, node, created), node=there))

    def evicted(self, at_ms, *, uid="0", node="n"):
        self.recorder.hear(events.PodEvicted(at_ms=at_ms, pod=self.pod(uid, 1, None), node_name=node))

    def finished(self, at_ms, *, uid="0", node="n"):
        self.recorder.hear(events.PodFinished(at_ms=at_ms, pod=self.pod(uid, 1, node, phase=PodPhase.SUCCEEDED)))

    def pod(self, uid, epoch, node, created=1000, phase=PodPhase.PENDING):
        return Pod(uid=uid, spec=self.spec, ordinal=0, created_at_ms=created, node_uid=node, epoch=epoch, phase=phase)


@pytest.fixture
def teller():
    told = Teller()
    told.node(1000, cpu=1000, memory=40)
    return told


def test_allocation_is_the_share_of_time_and_room(teller):
    teller.bound(1010)
    teller.finished(1030)
    assert teller.recorder.allocation_final() == {"cpu": 0.0, "memory": 0.0}
    assert teller.recorder.allocation_mean(1100) == {"cpu": 0.5 * 20 / 100, "memory": 0.25 * 20 / 100}


def test_a_node_counts_from_when_it_is_there(teller):
    teller.bound(1000)
    teller.node(1050, name="m", cpu=3000, memory=40)
    assert teller.recorder.allocation_final() == {"cpu": 500 / 4000, "memory": 10 / 80}
    assert teller.recorder.allocation_mean(1100) == {"cpu": 500 * 100 / (1000 * 100 + 3000 * 50), "memory": 1000 / 6000}


def test_a_resource_that_nobody_asked_to_keep_is_left_out(teller):
    teller.spec = PodSpec(name="p", requests={"cpu": 500, "fpga": 1})
    teller.node(1000, name="m", fpga=2)
    teller.bound(1000)
    assert teller.recorder.allocation_final() == {"cpu": 0.5, "memory": 0.0}


def test_a_second_bind_is_a_move_and_no_wait(teller):
    teller.bound(1040)
    teller.evicted(1050)
    teller.bound(1090, epoch=2)
    recorder = teller.recorder
    assert (recorder.placed, recorder.moves) == (1, 1)
    assert recorder.waits.summary().max_ms == 40
    assert recorder.allocation_final() == {"cpu": 0.5, "memory": 0.25}


def test_nodes_used_stay_used_and_nodes_in_use_do_not(teller):
    teller.node(1000, name="m", cpu=1000)
    teller.bound(1000)
    teller.bound(1000, uid="1")
    teller.bound(1000, uid="2", node="m")
    assert teller.recorder.nodes_in_use.value == 2
    teller.finished(1010)
    assert teller.recorder.nodes_in_use.value == 2
    teller.finished(1010, uid="1")
    assert teller.recorder.nodes_in_use.value == 1
    assert teller.recorder.pods_on == {"n": 0, "m": 1}


@pytest.mark.parametrize(
    "run_ms,times,expected",
    [
        (None, (), None),
        (20_000, (21_000,), 1.0),
        (20_000, (41_000,), 2.0),
        (1_000, (6_000, 31_000), (1.0 + 3.0) / 2),
    ],
    ids=["none", "as long as it ran", "twice as long", "short ones count as ten seconds"],
)
def test_bounded_slowdown(run_ms, times, expected):
    told = Teller(run_ms=run_ms)
    told.node(1000, cpu=9000)
    for index, at_ms in enumerate(times):
        told.bound(1000, uid=f"{index}")
        told.finished(at_ms, uid=f"{index}")
    assert told.recorder.bounded_slowdown == expected


def test_the_series_has_the_mean_of_each_interval(teller):
    teller.bound(1001)
    teller.finished(1003)
    series = teller.recorder.series(1004)
    assert series.edges == (1000, 1001, 1002, 1003, 1004)
    assert series.allocation == {"cpu": (0.0, 0.5, 0.5, 0.0), "memory": (0.0, 0.25, 0.25, 0.0)}
    assert series.nodes_in_use == (0.0, 1.0, 1.0, 0.0)


def test_the_series_of_a_run_without_length_is_empty(teller):
    series = teller.recorder.series(1000)
    assert series.edges == (1000,)
    assert series.allocation == {"cpu": (), "memory": ()}
    assert teller.recorder.allocation_mean(1000) == {"cpu": 0.0, "memory": 0.0}
