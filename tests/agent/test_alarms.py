from __future__ import annotations

import threading

import pytest

from kube9.agent.alarms import Alarms, now_ms


@pytest.fixture
def alarms():
    alarms = Alarms()
    yield alarms
    alarms.close()


def test_rings_in_the_order_of_their_times(alarms):
    rung, begun, done, at_ms = [], threading.Event(), threading.Event(), now_ms()
    alarms.call_at(at_ms, lambda: begun.wait(30))  # while that is not over, none of the others rings
    alarms.call_at(at_ms + 60, lambda: (rung.append(("later", now_ms())), done.set()))
    alarms.call_at(at_ms + 30, lambda: rung.append(("sooner", now_ms())))
    begun.set()
    assert done.wait(30)
    assert [name for name, _ in rung] == ["sooner", "later"]
    assert [rung_ms >= due_ms for (_, rung_ms), due_ms in zip(rung, (at_ms + 30, at_ms + 60), strict=True)] == [
        True
    ] * 2


def test_one_that_is_due_rings_at_once_though_another_waits(alarms):
    done = threading.Event()
    alarms.call_at(now_ms() + 3_600_000, lambda: None)
    alarms.call_at(now_ms(), done.set)
    assert done.wait(30)
