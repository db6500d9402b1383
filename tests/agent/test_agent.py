from __future__ import annotations

import threading

import pytest

from kube9.agent.agent import Agent
from kube9.agent.board import Board
from kube9.agent.brain import Answer, CopyReport, PodUse, StartOrder, StopOrder
from kube9.agent.clock import now_ms

LONG_MS = 10**6
PATIENCE_S = 60.0


class Told:
    """A runtime that does nothing, and keeps what it was told; a test says what came of it."""

    def __init__(self, news):
        self.news = news
        self.changed = threading.Condition()
        self.calls = []
        self.closed = False
        #: Is called within each start.
        self.on_start = lambda order: None

    def note(self, *call):
        with self.changed:
            self.calls.append(call)
            self.changed.notify_all()

    def start(self, order):
        self.note("start", order.uid, order.epoch)
        self.on_start(order)

    def stop(self, uid, epoch, grace_ms):
        self.note("stop", uid, epoch, grace_ms)

    def kill(self, uid, epoch):
        self.note("kill", uid, epoch)

    def clean(self):
        self.note("clean")

    def use(self):
        return (PodUse("p", 1, 100, 2**20),)

    def close(self):
        self.closed = True

    def expect(self, *calls):
        """Wait until these were made, in this order where they are of one kind."""
        with self.changed:
            came = self.changed.wait_for(lambda: all(call in self.calls for call in calls), PATIENCE_S)
        assert came, f"expected {calls}, got {self.calls}"


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def agent(board):
    agent = Agent("boot", Told, board)
    agent.begin()
    yield agent
    agent.close()
    agent._watch.join(PATIENCE_S)
    agent._errands._thread.join(PATIENCE_S)


@pytest.fixture
def runtime(agent):
    return agent.runtime


def order(uid="p", epoch=1, **spec):
    return StartOrder(uid, epoch, "default", "web", "", spec, {})


def beat(agent):
    """The next beat, without waiting for its time."""
    agent.beat_at_once()
    return agent.next_beat()[0]


def answered(agent, *, lease_ms=LONG_MS, to=None, **words):
    """Let the server answer a beat, the next where that is unsaid."""
    sequence = (to or beat(agent)).sequence
    agent.heed(Answer(sequence, "token", lease_ms, 60_000, boot="boot", **words))


def test_a_beat_tells_what_runs_and_what_it_takes(agent, runtime):
    answered(agent)
    answered(agent, start=(order(),))
    runtime.expect(("start", "p", 1))
    runtime.news.is_so("p", 1, False, 0, "it is not ready")
    runtime.news.started("p", 1)
    told = beat(agent)
    assert (told.boot, told.token) == ("boot", "token")
    assert told.pods == (CopyReport("p", 1, "Running", ready=False, reason="it is not ready"),)
    assert told.use == (PodUse("p", 1, 100, 2**20),)


def test_a_change_makes_the_next_beat_due_soon(agent, runtime):
    answered(agent)
    answered(agent, start=(order(),))
    runtime.expect(("start", "p", 1))
    beat(agent)
    before_ms = agent._pulse.due_ms
    runtime.news.started("p", 1)
    assert agent._pulse.due_ms <= now_ms() + 50 < before_ms
    told, wait_ms = agent.next_beat()
    assert told.pods == (CopyReport("p", 1, "Running"),)
    assert wait_ms == 60_000


def test_nothing_changes_when_orders_that_are_being_carried_out_are_repeated(agent, runtime):
    answered(agent)
    answered(agent, start=(order(),))
    told = beat(agent)
    answered(agent, to=told, start=(order(),), stop=(StopOrder("p", 1, 9_000),))
    assert agent._pulse.due_ms > now_ms() + 10_000


def test_a_start_that_was_ordered_before_the_latest_beat_is_asked_for_again(agent, runtime):
    answered(agent)
    early, late = beat(agent), beat(agent)
    answered(agent, to=early, start=(order(),))
    assert agent._pulse.due_ms <= now_ms() + 50, "it says so soon that nothing was started"
    assert beat(agent).pods == ()
    answered(agent, to=late, start=(order(),))
    answered(agent, start=(order(),))
    runtime.expect(("start", "p", 1))
    assert runtime.calls.count(("start", "p", 1)) == 1


def test_a_stop_is_obeyed_however_late_it_comes(agent, runtime):
    answered(agent)
    answered(agent, start=(order(),))
    early = beat(agent)
    beat(agent)
    answered(agent, to=early, stop=(StopOrder("p", 1, 700),))
    runtime.expect(("stop", "p", 1, 700))
    assert [copy.uid for copy in beat(agent).pods] == ["p"]
    runtime.news.stopped("p", 1)
    assert beat(agent).pods == ()


def test_one_that_has_ended_is_told_of_until_what_is_left_of_it_is_removed(agent, runtime):
    answered(agent)
    answered(agent, start=(order(),))
    runtime.expect(("start", "p", 1))
    runtime.news.exited("p", 1, 3, "Error")
    assert beat(agent).pods == (CopyReport("p", 1, "Failed", 3, reason="Error"),)
    answered(agent, stop=(StopOrder("p", 1, 0),))
    runtime.expect(("stop", "p", 1, 0))
    runtime.news.stopped("p", 1)
    assert beat(agent).pods == ()


def test_what_is_left_of_the_ended_is_removed_when_there_are_too_many(agent, runtime):
    answered(agent)
    for number in range(101):
        answered(agent, start=(order(f"p{number}"),))
        runtime.news.exited(f"p{number}", 1, 0, "")
    runtime.expect(("stop", "p0", 1, 0))
    assert len(beat(agent).pods) == 100


def test_a_runtime_that_fails_is_a_pod_that_did_not_start(agent, runtime):
    def fail(_):
        raise OSError("no engine")

    runtime.on_start = fail
    answered(agent)
    answered(agent, start=(order(),))
    runtime.expect(("start", "p", 1))
    waiting = threading.Event()
    while beat(agent).pods != (CopyReport("p", 1, "Failed", None, "no engine"),):
        waiting.wait(0.01)


def test_an_answer_to_an_earlier_start_of_the_agent_counts_for_nothing(agent, runtime):
    sequence = beat(agent).sequence
    agent.heed(Answer(sequence, "token", LONG_MS, 60_000, boot="another", stop=(StopOrder("p", 1, 0),)))
    assert beat(agent).token == ""
    assert runtime.calls == []


# The lease.


def test_when_it_is_over_all_copies_are_killed_and_not_told_of(agent, runtime, board, caplog):
    answered(agent)
    caplog.set_level("WARNING")
    fresh = Agent("boot", Told, board)
    fresh.begin()
    try:
        answered(fresh, lease_ms=0)
        answered(fresh, lease_ms=1_500, start=(order("p"), order("q")))
        assert board.lease_until_ms > 0
        fresh.runtime.expect(("kill", "p", 1), ("kill", "q", 1), ("stop", "p", 1, 0), ("stop", "q", 1, 0))
        assert "the lease is over: 2 pods are killed: p/1, q/1" in caplog.text
        assert beat(fresh).pods == ()
        waiting = threading.Event()
        while board.lease_until_ms:  # there is nothing to guard any more
            waiting.wait(0.01)
    finally:
        fresh.close()
        fresh._watch.join(PATIENCE_S)
        fresh._errands._thread.join(PATIENCE_S)


def test_the_guard_is_told_of_each_new_lease(agent, board):
    answered(agent, lease_ms=50_000)
    first_ms = board.lease_until_ms
    answered(agent, lease_ms=90_000)
    assert now_ms() + 30_000 < first_ms < board.lease_until_ms <= now_ms() + 90_000


def test_a_node_that_is_gone_kills_everything(agent, runtime):
    answered(agent)
    answered(agent, start=(order(),))
    answered(agent, lease_ms=0, gone=True)
    runtime.expect(("kill", "p", 1))
    assert beat(agent).pods == ()


def test_what_is_killed_while_it_begins_to_start_is_killed_again(agent, runtime):
    started, go_on = threading.Event(), threading.Event()

    def start(_):
        started.set()
        go_on.wait(PATIENCE_S)

    runtime.on_start = start
    answered(agent)
    answered(agent, start=(order(),))
    assert started.wait(PATIENCE_S)
    answered(agent, lease_ms=0, gone=True)
    runtime.expect(("kill", "p", 1), ("stop", "p", 1, 0))
    go_on.set()
    with runtime.changed:
        assert runtime.changed.wait_for(lambda: runtime.calls.count(("kill", "p", 1)) == 2, PATIENCE_S)


def test_while_the_guard_sweeps_nothing_is_started(agent, runtime, board):
    answered(agent)
    board.sweeping = True
    answered(agent, start=(order(),))
    assert agent._pulse.due_ms <= now_ms() + 50, "it asks again soon"
    board.sweeping = False
    answered(agent, start=(order(),))
    runtime.expect(("start", "p", 1))
    assert runtime.calls.count(("start", "p", 1)) == 1


# Leaving.


def test_whoever_leaves_stops_all_with_the_grace_they_have_and_starts_nothing_more(agent, runtime):
    answered(agent)
    long, short, unsaid = order("long"), order("short", terminationGracePeriodSeconds=1.5), order("unsaid")
    answered(agent, start=(long, short, unsaid))
    leaving = threading.Thread(target=agent.leave, args=(30_000,))
    leaving.start()
    runtime.expect(("stop", "long", 1, 28_000), ("stop", "short", 1, 1_500), ("stop", "unsaid", 1, 28_000))
    answered(agent, start=(order("new"),))
    for uid in ("long", "short", "unsaid"):
        runtime.news.stopped(uid, 1)
    leaving.join(PATIENCE_S)
    assert not leaving.is_alive()
    assert agent.farewell().pods == ()
    assert [call for call in runtime.calls if call[0] == "kill" or call[1] == "new"] == []


def test_what_takes_too_long_to_stop_is_killed(agent, runtime, caplog):
    answered(agent)
    answered(agent, start=(order(),))
    agent.leave(100)
    runtime.expect(("stop", "p", 1, 50), ("kill", "p", 1))
    assert "1 pods took too long to stop and are killed" in caplog.text
    assert agent.farewell().pods == ()


def test_when_it_is_closed_there_is_no_beat_any_more(board):
    agent = Agent("boot", Told, board)
    agent.close()
    assert agent.next_beat() is None
    assert agent.runtime.closed
