from __future__ import annotations

import threading

import pytest

from kube9.backends.lanes import Lanes

SLOW_S = 60


@pytest.fixture
def lanes():
    lanes = Lanes(4, "test-lanes")
    yield lanes
    lanes.close()


def test_work_of_one_key_is_done_in_order(lanes):
    done, last = [], threading.Event()
    for number in range(100):
        lanes.put("a", lambda number=number: done.append(number))
    lanes.put("a", last.set)
    assert last.wait(SLOW_S)
    assert done == list(range(100))


def test_work_of_several_keys_goes_on_side_by_side(lanes):
    together = threading.Barrier(3)
    for key in "ab":
        lanes.put(key, lambda: together.wait(SLOW_S))
    together.wait(SLOW_S)


def test_what_fails_does_not_stop_what_is_behind_it(lanes, caplog):
    behind = threading.Event()
    lanes.put("a", lambda: 1 / 0)
    lanes.put("a", behind.set)
    assert behind.wait(SLOW_S)
    assert "work for a failed" in caplog.text


def test_a_close_drops_what_waits(lanes):
    began, go, done = threading.Event(), threading.Event(), []
    lanes.put("a", lambda: (began.set(), go.wait(SLOW_S)))
    lanes.put("a", lambda: done.append("behind"))
    assert began.wait(SLOW_S)
    closing = threading.Thread(target=lanes.close)
    closing.start()
    lanes_closed = threading.Event()
    while not lanes._closed:
        lanes_closed.wait(0.005)
    go.set()
    closing.join()
    lanes.put("a", lambda: done.append("after"))
    assert done == []
