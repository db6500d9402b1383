from __future__ import annotations

import threading

import pytest

from kube9.agent.fencing import Fencing

PATIENCE_S = 60.0


class Killing:
    """A runtime that can only kill, and keeps what it was told."""

    def __init__(self, *, fail=0, wait=None):
        self.killed, self.stopped = [], []
        self.fail, self.wait = fail, wait
        self.at_once, self.most_at_once = 0, 0
        self.lock = threading.Lock()

    def kill(self, uid, epoch):
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if self.wait is not None:
            self.wait.wait(PATIENCE_S)
        with self.lock:
            self.at_once -= 1
            if self.fail:
                self.fail -= 1
                raise OSError("the engine does not answer")
            self.killed.append((uid, epoch))

    def stop(self, uid, epoch, grace_ms):
        self.stopped.append((uid, epoch, grace_ms))


@pytest.fixture
def over():
    """Is released each time that a copy is dead."""
    return threading.Semaphore(0)


def wait_for(over, times):
    for _ in range(times):
        assert over.acquire(timeout=PATIENCE_S)


def test_what_is_killed_is_told_and_what_is_left_of_it_removed(over):
    runtime = Killing()
    fencing = Fencing(runtime, over.release)
    fencing.kill([("p", 1)])
    wait_for(over, 1)
    assert (runtime.killed, runtime.stopped) == ([("p", 1)], [("p", 1, 0)])
    assert not fencing.busy
    assert not fencing.dies("p")


def test_all_are_killed_at_once(over):
    go_on = threading.Event()
    runtime = Killing(wait=go_on)
    fencing = Fencing(runtime, over.release)
    copies = [(f"p{number}", 1) for number in range(100)]
    fencing.kill(copies)
    waiting = threading.Event()
    while runtime.at_once < 32:
        waiting.wait(0.01)
    assert fencing.busy
    assert fencing.dies("p99")
    assert not fencing.dies("q")
    go_on.set()
    wait_for(over, 100)
    assert sorted(runtime.killed) == sorted(copies)
    assert runtime.most_at_once == 32


def test_it_is_tried_until_it_is_done(over, caplog):
    runtime = Killing(fail=2)
    fencing = Fencing(runtime, over.release)
    fencing.kill([("p", 1)])
    wait_for(over, 1)
    assert runtime.killed == [("p", 1)]
    assert caplog.text.count("pod=p epoch=1 could not be killed, and is tried again: the engine does not answer") == 2


def test_one_that_dies_already_is_not_killed_twice(over):
    go_on = threading.Event()
    runtime = Killing(wait=go_on)
    fencing = Fencing(runtime, over.release)
    fencing.kill([("p", 1)])
    fencing.kill([("p", 1), ("p", 2)])
    go_on.set()
    wait_for(over, 2)
    assert sorted(runtime.killed) == [("p", 1), ("p", 2)]


def test_when_it_is_closed_nothing_is_tried_again(over):
    runtime = Killing(fail=10**9)
    fencing = Fencing(runtime, over.release)
    fencing.close()
    fencing.kill([("p", 1)])
    wait_for(over, 1)
    assert runtime.killed == []
