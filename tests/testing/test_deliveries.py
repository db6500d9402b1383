from __future__ import annotations

import threading

import pytest

from kube9.clocks import RealClock, VirtualClock
from kube9.core.stimuli import Heartbeat, NodeJoined, PodExited, PodStarted
from kube9.testing import Deliveries

PATIENCE_MS = 20_000


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def deliveries(clock):
    return Deliveries(clock)


@pytest.fixture
def real():
    with RealClock() as clock:
        yield clock


def started(uid="p", epoch=1, at_ms=0):
    return PodStarted(at_ms=at_ms, uid=uid, epoch=epoch)


def test_what_came_is_found_by_kind_uid_and_epoch(deliveries):
    told = [
        started(),
        started(epoch=2),
        started("q"),
        NodeJoined(at_ms=0, uid="p"),
        PodExited(at_ms=1, uid="p", epoch=1),
    ]
    for stimulus in told:
        deliveries(stimulus)
    assert deliveries.all == told
    assert deliveries.of(PodStarted, "p") == told[:2]
    assert deliveries.of(PodStarted, "p", 2) == told[1:2]
    assert deliveries.of(NodeJoined, "p") == told[3:4]
    assert deliveries.of(NodeJoined, "q") == []


def test_waiting_moves_a_virtual_clock_no_further_than_needed(clock, deliveries):
    for at_ms in (10, 20, 30):
        clock.call_at(at_ms, lambda at_ms=at_ms: deliveries(started(at_ms=at_ms)))
    assert deliveries.wait_for(lambda: len(deliveries.all) == 2, patience_ms=1000)
    assert clock.now_ms() == 20


def test_waiting_on_a_virtual_clock_ends_with_its_actions_or_with_patience(clock, deliveries):
    assert not deliveries.wait_for(lambda: False, patience_ms=1000)
    clock.call_at(101, lambda: deliveries(started()))
    assert not deliveries.wait_for(lambda: bool(deliveries.all), patience_ms=100)
    assert deliveries.wait_for(lambda: bool(deliveries.all), patience_ms=101)


def test_settling_moves_a_virtual_clock_by_that_much(clock, deliveries):
    clock.call_at(500, lambda: deliveries(started()))
    clock.call_at(501, lambda: deliveries(started("late")))
    deliveries.settle(500)
    assert [stimulus.uid for stimulus in deliveries.all] == ["p"]
    assert clock.now_ms() == 500


def test_waiting_on_a_real_clock_ends_with_the_delivery(real):
    deliveries = Deliveries(real)
    real.call_at(real.now_ms(), lambda: deliveries(started()))
    assert deliveries.wait_for(lambda: bool(deliveries.of(PodStarted, "p")), PATIENCE_MS)
    assert not deliveries.wait_for(lambda: False, patience_ms=1)


def test_settling_on_a_real_clock_ends_once_nothing_comes_any_more(real):
    deliveries = Deliveries(real)
    entered = threading.Event()

    def settle():
        entered.set()
        deliveries.settle(quiet_ms=1)

    settling = threading.Thread(target=settle)
    settling.start()
    assert entered.wait(PATIENCE_MS / 1000)
    deliveries(started())
    settling.join(PATIENCE_MS / 1000)
    assert not settling.is_alive()


def test_only_what_the_calling_thread_delivers_meanwhile_counts_as_within_the_call(deliveries):
    with deliveries.during_call():
        deliveries(started("mine"))
        other = threading.Thread(target=deliveries, args=(started("other"),))
        other.start()
        other.join()
    deliveries(started("after"))
    assert [stimulus.uid for stimulus in deliveries.within_calls] == ["mine"]
    assert len(deliveries.all) == 3


def test_settling_does_not_wait_for_heartbeats_to_end(real):
    deliveries = Deliveries(real)
    left = iter(range(4_000, 0, -1))

    def beat():
        if next(left, 0):
            deliveries(Heartbeat(at_ms=0, uid="n"))
            real.call_at(real.now_ms() + 5, beat)

    beat()
    deliveries.settle(50)
    assert next(left, 0) > 0
