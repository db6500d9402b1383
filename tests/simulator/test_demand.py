"""Allocation by how much had been asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.simulator.demand import PERCENT_MAX, Demand
from kube9.simulator.level import Level


def level(value):
    made = Level()
    made.change(value, 0)
    return made


def told(there, pods):
    """Tell of pods by what each asks for of cpu and whether it is placed; returns what came of it."""
    held = level(0)
    demand = Demand({"cpu": held}, {"cpu": level(there)})
    for amount, placed in pods:
        held.change(amount if placed else 0, 0)
        demand.note({"cpu": amount} if amount else {})
    return demand.allocation()["cpu"]


def test_what_was_turned_away_was_asked_for_too():
    assert told(10, [(4, True), (2, False), (3, True)]) == {40: 0.4, 60: 0.4, 90: 0.7}


def test_pods_at_one_percent_are_averaged():
    assert told(1000, [(98, True), (2, True), (3, False), (0, True)]) == {
        10: pytest.approx((98 + 100 + 100 + 100) / 4000)
    }


def test_a_percent_is_rounded():
    assert list(told(1000, [(14, True)])) == [1]
    assert list(told(1000, [(15, True)])) == [2]


def test_there_are_no_points_without_end():
    assert list(told(1, [(1, False)] * 9)) == [100, PERCENT_MAX]


def test_what_the_nodes_have_none_of_is_left_out():
    demand = Demand({"cpu": level(0), "gpu": level(0)}, {"cpu": level(5), "gpu": level(0)})
    demand.note({"cpu": 5, "gpu": 3})
    assert demand.allocation() == {"cpu": {100: 0.0}}


@given(there=st.integers(1, 500), pods=st.lists(st.tuples(st.integers(0, 90), st.booleans()), max_size=30))
def test_it_agrees_with_a_plain_count(there, pods):
    points, asked, held = {}, 0, 0
    for amount, placed in pods:
        asked, held = asked + amount, held + (amount if placed else 0)
        percent = int(100 * asked / there + 0.5 + 1e-9)
        if percent <= PERCENT_MAX:
            points.setdefault(percent, []).append(held / there)
    assert told(there, pods) == pytest.approx({percent: sum(each) / len(each) for percent, each in points.items()})
