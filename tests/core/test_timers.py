from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from kube9.core.timers import Timers


def run(timers, now_ms):
    for action in timers.due(now_ms):
        action()


def test_nothing_is_due_at_first():
    timers = Timers()
    assert timers.next_ms is None
    assert list(timers.due(10**9)) == []


def test_what_is_due_runs_once_by_time_then_in_the_order_it_was_set():
    timers, ran = Timers(), []
    for name, due_ms in (("late", 30), ("first", 10), ("second", 10), ("soon", 5)):
        timers.set(due_ms, partial(ran.append, name))
    assert timers.next_ms == 5
    run(timers, 9)
    assert ran == ["soon"]
    assert timers.next_ms == 10
    run(timers, 10)
    run(timers, 10)
    assert ran == ["soon", "first", "second"]
    assert timers.next_ms == 30


def test_what_an_action_sets_runs_too_if_it_is_due():
    timers, ran = Timers(), []

    def first():
        ran.append("first")
        timers.set(20, partial(ran.append, "due"))
        timers.set(21, partial(ran.append, "not yet"))

    timers.set(10, first)
    run(timers, 20)
    assert ran == ["first", "due"]
    assert timers.next_ms == 21


@given(dues=st.lists(st.integers(0, 20)), steps=st.lists(st.integers(0, 20)))
def test_nothing_runs_early_late_or_twice(dues, steps):
    timers, ran = Timers(), []
    for number, due_ms in enumerate(dues):
        timers.set(due_ms, partial(ran.append, (due_ms, number)))
    for now_ms in sorted(steps):
        run(timers, now_ms)
        assert ran == sorted((due_ms, number) for number, due_ms in enumerate(dues) if due_ms <= now_ms)
        assert timers.next_ms == min((due_ms for due_ms in dues if due_ms > now_ms), default=None)
