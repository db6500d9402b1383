"""What happens to one thing is taken in by one thread at a time."""

from __future__ import annotations

import threading

import pytest

from kube9.agent.alarms import Alarms, now_ms
from kube9.agent.pool import Pool
from kube9.agent.turns import Turns

PATIENCE_S = 30.0


class Counted:
    """Takes whatever happens to it in, and does so many things in its turns."""

    def __init__(self):
        self.pool, self.alarms = Pool("turn", 4), Alarms()
        self.seen, self.left, self.due_ms, self.inside = [], 0, None, 0
        self.together = 0
        self.changed = threading.Condition()
        self.turns = Turns("one thing", self.pool, self.alarms, self.step, lambda: self.due_ms)

    def step(self):
        with self.changed:
            self.changed.notify_all()
            if self.due_ms is not None and self.due_ms <= now_ms():
                self.due_ms = None
                self.seen.append("due")
            if self.left:
                self.left -= 1
                return True
        return False

    def see(self, what):
        self.inside += 1
        self.together = max(self.together, self.inside)
        self.seen.append(what)
        self.inside -= 1

    def wait(self, condition):
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE_S), self.seen

    def close(self):
        self.alarms.close()
        self.pool.close(PATIENCE_S)


@pytest.fixture
def counted():
    counted = Counted()
    yield counted
    counted.close()


def test_all_that_is_posted_is_taken_in_by_one_at_a_time_and_in_order(counted):
    def post_all(sender):
        for number in range(100):
            counted.turns.post(lambda number=number: counted.see((sender, number)))

    threads = [threading.Thread(target=post_all, args=(sender,)) for sender in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted.wait(lambda: len(counted.seen) == 400)
    assert counted.together == 1
    for sender in "abcd":
        assert [number for name, number in counted.seen if name == sender] == list(range(100))


def test_it_goes_on_as_long_as_there_is_something_to_do(counted):
    counted.left = 5
    counted.turns.wake()
    counted.wait(lambda: counted.left == 0)


def test_it_is_woken_when_its_time_has_come(counted):
    counted.due_ms = now_ms() + 30
    counted.turns.wake()
    counted.wait(lambda: counted.seen == ["due"])


def test_whoever_waits_does_so_for_the_turn_that_is_under_way(counted):
    began, may_end = threading.Event(), threading.Event()

    def take_long():
        began.set()
        assert may_end.wait(PATIENCE_S)
        counted.see("long")

    assert not counted.turns.busy
    counted.turns.post(take_long)
    assert began.wait(PATIENCE_S)
    assert counted.turns.busy
    threading.Timer(0.05, may_end.set).start()
    counted.turns.wait()
    assert counted.seen == ["long"]


def test_a_fault_keeps_nothing_else_from_being_taken_in(counted, caplog):
    def fail():
        raise LookupError("a fault of ours")

    began, may_end = threading.Event(), threading.Event()
    counted.turns.post(lambda: (began.set(), may_end.wait(PATIENCE_S)))
    assert began.wait(PATIENCE_S)
    counted.turns.post(fail)
    counted.turns.post(lambda: counted.see("the next in the same turn"))
    may_end.set()
    counted.wait(lambda: counted.seen == ["the next in the same turn"])
    counted.left = 1
    counted.wait(lambda: counted.left == 0)  # it is woken again by itself
    counted.turns.post(lambda: counted.see("later"))
    counted.wait(lambda: counted.seen[-1] == "later")
    assert [record.getMessage() for record in caplog.records] == ["one thing"]
    assert "a fault of ours" in caplog.text
