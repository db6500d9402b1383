"""The order in which pods come."""

from __future__ import annotations

from kube9.core.ports import Trace
from kube9.simulator.order import arranged


def trace_of(pod, times):
    return Trace(instance="some", arrivals=tuple(pod(f"p{index}", at=at) for index, at in enumerate(times)))


def test_without_a_seed_the_file_decides(pod):
    assert arranged(trace_of(pod, [5, 1, 5, 0]), timed=False, seed=None) == [0, 1, 2, 3]


def test_times_come_first_and_then_the_file(pod):
    assert arranged(trace_of(pod, [5, 1, 5, 0, 1]), timed=True, seed=None) == [3, 1, 4, 0, 2]


def test_a_seed_shuffles_and_another_one_otherwise(pod):
    trace = trace_of(pod, range(50))
    orders = [arranged(trace, timed=False, seed=seed) for seed in (0, 1, 0)]
    assert sorted(orders[0]) == list(range(50))
    assert orders[0] == orders[2] != orders[1]
    assert orders[0] != list(range(50))


def test_a_seed_leaves_times_alone(pod):
    times = [index // 10 for index in range(50)]
    trace = trace_of(pod, times)
    order = arranged(trace, timed=True, seed=3)
    assert [times[position] for position in order] == times
    assert order != list(range(50))
