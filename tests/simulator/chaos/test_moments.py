"""A clock that knows what comes last."""

from __future__ import annotations

from functools import partial

import pytest

from kube9.simulator.chaos.moments import Moments


@pytest.fixture
def clock():
    return Moments()


def test_at_one_moment_who_has_a_rank_comes_last_and_in_its_order(clock):
    told = []
    clock.call_last(5, 1, partial(told.append, "second"))
    clock.call_last(5, 0, partial(told.append, "first"))
    clock.call_last(4, 7, partial(told.append, "earlier"))
    clock.call_at(5, partial(told.append, "no rank"))
    clock.run_until(5)
    assert told == ["earlier", "no rank", "first", "second"]


def test_equals_keep_the_order_of_asking(clock):
    told = []
    for number in range(3):
        clock.call_last(5, 0, partial(told.append, number))
    clock.run_until(5)
    assert told == [0, 1, 2]


def test_what_a_rank_has_passed_depends_on_who_is_at_it(clock):
    passed = {}

    def look(name):
        passed[name] = [clock.passed(rank) for rank in range(3)]

    clock.call_at(5, partial(look, "no rank"))
    clock.call_last(5, 1, partial(look, "the second"))
    clock.run_until(4)
    look("before")
    clock.run_until(5)
    look("after")
    assert passed == {"before": [5, 5, 5], "no rank": [5, 5, 5], "the second": [6, 5, 5], "after": [6, 6, 6]}


def test_what_is_asked_for_on_the_way_does_not_turn_a_moment_back(clock):
    passed = []
    clock.call_last(5, 1, lambda: clock.call_at(5, lambda: passed.append(clock.passed(0))))
    clock.run_until(9)
    assert passed == [6]


def test_it_says_when_there_is_nothing_left(clock):
    clock.call_last(3, 0, lambda: None)
    assert (clock.run_next(), clock.run_next(), clock.now_ms()) == (True, False, 3)
