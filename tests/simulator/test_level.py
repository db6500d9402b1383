"""Levels and the area under them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kube9.simulator.level import Level


def test_area_is_value_times_duration():
    level = Level()
    level.change(3, 10)
    level.change(-1, 14)
    assert (level.value, level.area(14), level.area(20)) == (2, 12, 24)


def test_nothing_changed_is_no_area():
    assert Level().area(10**9) == 0


@given(st.lists(st.tuples(st.integers(-(2**50), 2**50), st.integers(0, 2**50)), max_size=20), st.integers(0, 2**50))
def test_area_is_exact_however_large(changes, rest):
    level, now, value, area = Level(), 0, 0, 0
    for by, pause in changes:
        now, area = now + pause, area + value * pause
        level.change(by, now)
        value += by
    assert level.value == value
    assert level.area(now + rest) == area + value * rest
