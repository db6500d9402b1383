from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from kube9.agent.board import Board
from kube9.agent.clock import now_ms
from kube9.agent.guard import Guard

pytestmark = pytest.mark.once


@pytest.fixture
def swept(tmp_path) -> Path:
    """A file that has one letter for each sweep."""
    path = tmp_path / "swept"
    path.touch()
    return path


@pytest.fixture
def make_guard(swept):
    guards = []

    def make(board, *, fail=None):
        def sweep():
            with swept.open("a") as file:
                file.write("x" if board.sweeping else "?")
            if fail:
                raise fail("the engine does not answer")

        guards.append(Guard(board, sweep))
        guards[-1].start()
        return guards[-1]

    yield make
    for guard in guards:
        guard.stop()


def until(wanted):
    waiting = threading.Event()
    for _ in range(6_000):
        if wanted():
            return
        waiting.wait(0.01)
    pytest.fail("it never came to be")


def test_it_sweeps_a_while_after_the_lease_is_over_and_again_as_long_as_nobody_else_sees_to_it(make_guard, swept):
    board = Board()
    make_guard(board)
    until_ms = board.lease_until_ms = now_ms() + 200
    until(swept.read_text)
    assert now_ms() >= until_ms + 1_000
    until(lambda: len(swept.read_text()) >= 2)
    assert set(swept.read_text()) == {"x"}, "whoever would start something must see that there is a sweep"
    until(lambda: not board.sweeping)


@pytest.mark.parametrize("fail", [OSError, RuntimeError])
def test_it_tries_again_what_has_failed(make_guard, swept, fail):
    board = Board()
    make_guard(board, fail=fail)
    board.lease_until_ms = 1
    until(lambda: len(swept.read_text()) >= 2)


@pytest.mark.parametrize("lease", [0, 10**9], ids=["nothing to guard", "a lease that lasts"])
def test_it_leaves_alone_what_may_run(make_guard, swept, lease):
    idle, board = Board(), Board()
    idle.lease_until_ms = lease and now_ms() + lease
    make_guard(idle)
    make_guard(board)  # it looks as often as the first
    board.lease_until_ms = 1
    until(lambda: len(swept.read_text()) >= 2)
    assert "?" not in swept.read_text(), "that was the idle one"


def test_signals_for_the_agent_are_none_of_its_business(make_guard, swept):
    board = Board()
    guard = make_guard(board)
    board.lease_until_ms = 1
    until(swept.read_text)  # by now it is deaf
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(guard.pid, number)
    before = len(swept.read_text())
    until(lambda: len(swept.read_text()) > before)
    guard.look_after()
    assert "?" not in swept.read_text()


def test_one_that_has_died_is_started_again(make_guard, swept, caplog):
    board = Board()
    guard = make_guard(board)
    first = guard.pid
    os.kill(first, signal.SIGKILL)
    until(lambda: guard.look_after() or guard.pid != first)
    assert "the guard has died" in caplog.text
    board.lease_until_ms = 1
    until(swept.read_text)


def test_it_ends_when_the_agent_does(swept):
    """The agent is another process here, which says who its guard is, and ends."""
    told, tell = os.pipe()
    pid = os.fork()
    if not pid:
        guard = Guard(Board(), lambda: None)
        guard.start()
        os.write(tell, str(guard.pid).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    guard_pid = int(os.read(told, 100))
    os.close(told)
    os.close(tell)
    until(lambda: not Path(f"/proc/{guard_pid}").exists())


def test_one_that_was_stopped_is_gone(make_guard):
    guard = make_guard(Board())
    pid = guard.pid
    guard.stop()
    assert not Path(f"/proc/{pid}").exists()
    guard.look_after()
    assert guard.pid == 0
