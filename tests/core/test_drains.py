from __future__ import annotations

import pytest

from kube9.core.drains import DRAIN_DEADLINE_MS, Drain
from kube9.core.errors import InvalidInput


def drain(**more):
    return Drain(**{"began_at_ms": 5, "deadline_at_ms": 100, **more})


def test_is_over_at_its_deadline_and_never_without_one():
    assert [drain().over(now_ms) for now_ms in (99, 100, 101)] == [False, True, True]
    assert not drain(deadline_at_ms=None).over(10**12)


def test_the_next_move_may_begin_at_once_or_after_the_pause():
    assert drain(interval_ms=50).pause_left_ms(7) == 0
    paused = drain(interval_ms=50, last_at_ms=10)
    assert [paused.pause_left_ms(now_ms) for now_ms in (10, 59, 60, 99)] == [50, 1, 0, 0]


@pytest.mark.parametrize("wrong", [{"parallel": 0}, {"interval_ms": -1}, {"grace_ms": -1}, {"parallel": True}], ids=str)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        drain(**wrong)


def test_takes_an_hour_where_nobody_says_anything_else():
    assert DRAIN_DEADLINE_MS == 60 * 60 * 1000
