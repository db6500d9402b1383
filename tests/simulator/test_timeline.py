"""Timelines: bounded, and exact at the moments they keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.simulator.level import Level
from kube9.simulator.timeline import POINTS_MAX, Timeline


def test_a_short_run_is_kept_whole():
    level = Level()
    timeline = Timeline((level,), 100)
    for at_ms, by in ((100, 2), (103, -1)):
        timeline.catch_up(at_ms)
        level.change(by, at_ms)
    moments, areas = timeline.finish(105)
    assert moments == (100, 101, 102, 103, 104, 105)
    assert areas == [(0,), (2,), (4,), (6,), (7,), (8,)]


def test_a_run_without_length_has_one_moment():
    assert Timeline((Level(),), 7).finish(7) == ((7,), [(0,)])


@pytest.mark.parametrize("end_ms", [POINTS_MAX, POINTS_MAX + 1, 3 * POINTS_MAX + 5, 10**9 + 7, 2**53])
def test_the_number_of_points_is_bounded_and_not_small(end_ms):
    moments, _ = Timeline((), 0).finish(end_ms)
    assert POINTS_MAX / 2 < len(moments) <= POINTS_MAX + 2
    assert moments[0] == 0
    assert moments[-1] == end_ms


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(-5, 5)), min_size=1, max_size=60))
def test_areas_are_exact_at_every_moment_that_is_kept(changes):
    start, now = 1_000, 1_000
    level, exact = Level(), Level()
    timeline = Timeline((level,), start)
    history = []
    for pause, by in changes:
        now += pause
        if now >= timeline.next_ms:
            timeline.catch_up(now)
        level.change(by, now)
        history.append((now, by))
    moments, areas = timeline.finish(now + 50)
    for moment, (area,) in zip(moments, areas, strict=True):
        while history and history[0][0] <= moment:
            at_ms, by = history.pop(0)
            exact.change(by, at_ms)
        assert area == exact.area(moment)
