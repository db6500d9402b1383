from __future__ import annotations

import logging
import threading

import pytest

from kube9.clocks import RealClock, VirtualClock
from kube9.core.errors import InvalidInput

PATIENCE_S = 20


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def virtual() -> VirtualClock:
    return VirtualClock()


def test_virtual_clock_runs_actions_by_time_then_by_order_of_asking(virtual, heard):
    for at_ms, what in [(20, "c"), (10, "a"), (20, "d"), (10, "b")]:
        virtual.call_at(at_ms, lambda what=what: heard.append(f"{what}@{virtual.now_ms()}"))
    virtual.run_until(30)
    assert heard == ["a@10", "b@10", "c@20", "d@20"]
    assert virtual.now_ms() == 30


def test_virtual_clock_never_runs_an_action_within_call_at(virtual, heard):
    virtual.call_at(0, lambda: heard.append("due"))
    assert heard == []
    virtual.advance(0)
    assert heard == ["due"]


def test_virtual_clock_runs_what_actions_ask_for_on_the_way(virtual, heard):
    def first() -> None:
        heard.append("first")
        virtual.call_at(virtual.now_ms(), lambda: heard.append("same moment"))
        virtual.call_at(15, lambda: heard.append("later"))
        virtual.call_at(21, lambda: heard.append("too late"))

    virtual.call_at(10, first)
    virtual.advance(20)
    assert heard == ["first", "same moment", "later"]
    assert virtual.next_at_ms == 21


def test_virtual_clock_takes_a_past_time_as_now_behind_those_already_due(heard):
    clock = VirtualClock(now_ms=100)
    clock.call_at(100, lambda: heard.append("now"))
    clock.call_at(3, lambda: heard.append("past"))
    clock.advance(0)
    assert heard == ["now", "past"]
    assert clock.now_ms() == 100


def test_virtual_clock_run_next_goes_from_one_action_to_the_next(virtual, heard):
    virtual.call_at(7, lambda: heard.append("a"))
    virtual.call_at(9, lambda: heard.append("b"))
    assert virtual.next_at_ms == 7
    assert virtual.run_next()
    assert (virtual.now_ms(), heard) == (7, ["a"])
    assert virtual.run_next()
    assert (virtual.now_ms(), heard) == (9, ["a", "b"])
    assert not virtual.run_next()
    assert virtual.next_at_ms is None


def test_virtual_clock_does_not_go_back(virtual):
    virtual.advance(50)
    with pytest.raises(InvalidInput, match="stands at 50 ms and cannot go back to 49 ms"):
        virtual.run_until(49)
    with pytest.raises(InvalidInput, match="cannot go back"):
        virtual.advance(-1)
    assert virtual.now_ms() == 50


class TestMovingStraightToAMoment:
    def test_leaves_what_is_due_then_for_later(self):
        virtual, ran = VirtualClock(), []
        virtual.call_at(30, lambda: ran.append("due"))
        virtual.move_to(30)
        assert (virtual.now_ms(), ran) == (30, [])
        virtual.run_until(30)
        assert ran == ["due"]

    @pytest.mark.parametrize("at_ms", [9, 31])
    def test_passes_nothing_that_is_due_and_does_not_go_back(self, at_ms):
        virtual = VirtualClock(10)
        virtual.call_at(30, lambda: None)
        with pytest.raises(InvalidInput, match=f"stands at 10 ms and cannot move straight to {at_ms} ms"):
            virtual.move_to(at_ms)


def test_virtual_clock_lets_an_actions_exception_through_and_goes_on_after_it(virtual, heard):
    def fails() -> None:
        raise LookupError("here")

    virtual.call_at(5, fails)
    virtual.call_at(6, lambda: heard.append("next"))
    with pytest.raises(LookupError, match="here"):
        virtual.advance(10)
    assert virtual.now_ms() == 5
    virtual.advance(5)
    assert heard == ["next"]


@pytest.fixture
def real():
    with RealClock() as clock:
        yield clock


class Gate:
    """Holds the clock's thread in an action until told to go on."""

    def __init__(self, clock: RealClock) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        clock.call_at(0, self._pass)

    def _pass(self) -> None:
        self.entered.set()
        assert self.opened.wait(PATIENCE_S)


def finish(clock: RealClock) -> None:
    """Wait until everything due by now has run."""
    done = threading.Event()
    clock.call_at(clock.now_ms() + 5, done.set)
    assert done.wait(PATIENCE_S)


def test_real_clock_never_runs_backwards(real):
    moments = [real.now_ms() for _ in range(1000)]
    assert moments == sorted(moments)
    assert moments[0] > 1_600_000_000_000  # Unix time, not the machine's uptime


def test_real_clock_runs_actions_by_time_then_by_order_of_asking(real, heard):
    gate = Gate(real)
    assert gate.entered.wait(PATIENCE_S)
    # While the thread is held, however long that takes, all of these come to wait in the heap together.
    now_ms = real.now_ms()
    for delay_ms, what in [(4, "c"), (2, "a"), (4, "d"), (2, "b")]:
        real.call_at(now_ms + 1000 + delay_ms, lambda what=what: heard.append(what))
    gate.opened.set()
    done = threading.Event()
    real.call_at(now_ms + 1005, done.set)
    assert done.wait(PATIENCE_S)
    assert heard == ["a", "b", "c", "d"]


def test_real_clock_wakes_for_an_earlier_action_than_the_one_it_waits_for(real, heard):
    real.call_at(real.now_ms() + 3_600_000, lambda: heard.append("in an hour"))
    finish(real)
    assert heard == []


def test_real_clock_waits_for_longer_than_a_lock_can(real, heard):
    real.call_at(real.now_ms() + 10**15, lambda: heard.append("in thirty thousand years"))
    finish(real)
    assert heard == []


def test_real_clock_runs_actions_on_its_own_thread_and_never_within_call_at(real):
    runners: list[threading.Thread] = []
    lock = threading.Lock()

    def note() -> None:
        with lock:  # would deadlock if run within call_at
            runners.append(threading.current_thread())

    with lock:
        real.call_at(0, note)
    finish(real)
    assert [thread.name for thread in runners] == ["kube9-clock"]
    assert not runners[0].daemon


def test_real_clock_goes_on_after_an_action_that_raises(real, heard, caplog):
    def fails() -> None:
        raise LookupError("here")

    with caplog.at_level(logging.ERROR, logger="kube9.clocks"):
        real.call_at(0, fails)
        real.call_at(0, lambda: heard.append("next"))
        finish(real)
    assert heard == ["next"]
    assert "an action of the clock failed" in caplog.text
    assert "LookupError: here" in caplog.text


def test_real_clock_drops_what_is_not_due_when_closed_and_ends_its_thread(heard):
    clock = RealClock()
    clock.call_at(clock.now_ms() + 3_600_000, lambda: heard.append("in an hour"))
    finish(clock)
    assert "kube9-clock" in {thread.name for thread in threading.enumerate()}
    clock.close()
    clock.close()
    clock.call_at(0, lambda: heard.append("after the close"))
    assert "kube9-clock" not in {thread.name for thread in threading.enumerate()}
    assert heard == []


def test_real_clock_that_is_closed_starts_no_thread(heard):
    clock = RealClock()
    clock.close()
    clock.call_at(0, lambda: heard.append("after the close"))
    assert clock._thread is None
    assert heard == []


def test_real_clock_can_be_closed_by_an_action(heard):
    clock = RealClock()
    closed = threading.Event()

    def close() -> None:
        clock.close()
        closed.set()

    clock.call_at(0, close)
    assert closed.wait(PATIENCE_S)
    clock.close()  # now from outside: joins the thread
    assert "kube9-clock" not in {thread.name for thread in threading.enumerate()}


def test_real_clock_that_only_tells_the_time_needs_no_thread():
    clock = RealClock()
    before = threading.active_count()
    clock.now_ms()
    assert threading.active_count() == before
