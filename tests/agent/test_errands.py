from __future__ import annotations

import threading

import pytest

from kube9.agent.errands import Errands

PATIENCE_S = 60.0


@pytest.fixture
def errands():
    errands = Errands()
    errands.start()
    yield errands
    errands.close()


def test_one_is_done_after_the_other(errands):
    done, over = [], threading.Event()
    for number in range(100):
        errands.put(lambda number=number: done.append(number))
    errands.put(over.set)
    assert over.wait(PATIENCE_S)
    assert done == list(range(100))


def test_one_that_fails_keeps_no_other_from_being_done(errands, caplog):
    over = threading.Event()
    errands.put(lambda: 1 // 0)
    errands.put(over.set)
    assert over.wait(PATIENCE_S)
    assert "the runtime has failed" in caplog.text


def test_whoever_puts_one_does_not_wait(errands):
    go_on = threading.Event()
    errands.put(lambda: go_on.wait(PATIENCE_S))
    errands.put(lambda: None)
    go_on.set()


def test_when_it_is_closed_nothing_more_is_done():
    errands, done = Errands(), []
    errands.put(lambda: done.append(1))
    errands.close()
    errands.start()
    errands._thread.join(PATIENCE_S)
    assert done == []
