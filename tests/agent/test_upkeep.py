"""What a copy's care asks for is done with a runtime's hands: here those of one that runs nothing, and obeys."""

from __future__ import annotations

import threading

import pytest

from kube9.agent.alarms import Alarms, now_ms
from kube9.agent.care import Care
from kube9.agent.parts import read_parts
from kube9.agent.pool import Pool
from kube9.agent.upkeep import ALL, Hands, Upkeep

PATIENCE_S = 30.0
KEY = ("p", 1)
PROBE = {"exec": {"command": ["true"]}, "periodSeconds": 1}


class Runtime:
    """Its containers start, end and answer as the test says."""

    def __init__(self):
        self.told, self.done = [], []
        self.refusals = {"start": [], "end": [], "remove": []}
        self.answers = True
        self.ends_when_told = True
        self.allowed = True
        self.changed = threading.Condition()
        self.pool, self.alarms = Pool("turn", 4), Alarms()

    def keep(self, *containers, policy="Always", grace_s=30):
        spec = {"containers": [{"name": "main"}, *containers], "restartPolicy": policy}
        care = Care(read_parts({**spec, "terminationGracePeriodSeconds": grace_s}), now_ms())
        self.upkeep = Upkeep(
            KEY,
            care,
            Hands(self.start, self.end, self.ask, self.look, self.settle, self.remove),
            starts=self.pool,
            alarms=self.alarms,
            news=self,
            gone=lambda *key: self.do("gone", key),
            again_ms=20,
        )
        self.upkeep.turns.wake()

    # Hands.

    def do(self, *what):
        with self.changed:
            self.done.append(what)
            self.changed.notify_all()

    def refused(self, what):
        return self.refusals[what].pop(0) if self.refusals[what] else ""

    def start(self, name, beginning):
        self.do("start", name, beginning.run)
        why = self.refused("start")
        if why == "never":
            self.upkeep.give_back(why)
        elif why:
            self.upkeep.again(beginning, why)
        else:
            self.upkeep.started(name, beginning.run)

    def end(self, name, force):
        self.do("end", name, force)
        if self.refused("end"):
            return False
        if force or self.ends_when_told:
            self.upkeep.exited(name, 137 if force else 0)
        return True

    def ask(self, ask):
        self.upkeep.answered(ask, self.answers, "it does not feel well")

    def look(self, name):
        self.do("look", name)

    def settle(self, ended):
        if ended:
            self.do("settle")

    def remove(self):
        self.do("remove")
        if why := self.refused("remove"):
            raise OSError(why)

    # News.

    def tell(self, *what):
        with self.changed:
            self.told.append(what)
            self.changed.notify_all()

    def has(self, uid, epoch):
        return True

    def started(self, uid, epoch):
        self.tell("started")

    def is_so(self, uid, epoch, ready, restarts, reason):
        self.tell("is_so", ready, restarts, reason)

    def exited(self, uid, epoch, exit_code, reason):
        self.tell("exited", exit_code)

    def not_started(self, uid, epoch, error):
        self.tell("not_started", error)

    def stopped(self, uid, epoch):
        self.tell("stopped")

    # The test's.

    def crash(self, name="main", exit_code=1):
        self.upkeep.turns.post(lambda: self.upkeep.exited(name, exit_code))

    def wait(self, *what):
        with self.changed:
            came = self.changed.wait_for(lambda: what in self.told or what in self.done, PATIENCE_S)
        assert came, (what, self.told, self.done)

    def close(self):
        self.alarms.close()
        self.pool.close(PATIENCE_S)


@pytest.fixture
def runtime():
    runtime = Runtime()
    yield runtime
    runtime.close()


def test_what_ends_is_started_again(runtime):
    runtime.keep()
    runtime.wait("started")
    runtime.crash()
    runtime.wait("start", "main", 2)
    runtime.wait("is_so", True, 1, "")
    assert runtime.told.count(("started",)) == 1


def test_what_ends_for_good_is_settled_before_it_is_told(runtime):
    runtime.keep(policy="Never")
    runtime.wait("started")
    runtime.crash(exit_code=3)
    runtime.wait("exited", 3)
    assert ("settle",) in runtime.done
    runtime.upkeep.stop(1_000)
    runtime.wait("stopped")
    assert runtime.done[-2:] == [("remove",), ("gone", KEY)]


def test_a_start_is_tried_again_and_why_is_told(runtime):
    runtime.refusals["start"] = ["the disk is full"] * 2
    runtime.keep()
    runtime.wait("is_so", False, 0, "the disk is full")
    runtime.wait("is_so", True, 0, "")
    assert runtime.done == [("start", "main", 1)] * 3


def test_a_look_tries_at_once_what_waits(runtime):
    runtime.refusals["start"] = ["away"] * 5
    runtime.keep()
    runtime.wait("is_so", False, 0, "away")
    for _ in range(5):
        runtime.upkeep.look()
    runtime.wait("started")
    assert ("look", ALL) in runtime.done


def test_what_cannot_be_started_here_is_removed_and_given_back(runtime):
    runtime.refusals["start"] = ["never"]
    runtime.keep()
    runtime.wait("not_started", "never")
    assert runtime.done == [("start", "main", 1), ("remove",), ("gone", KEY)]


def test_what_does_not_end_is_ended_by_force_and_told_again_where_that_was_not_heard(runtime):
    runtime.ends_when_told = False
    runtime.refusals["end"] = ["", "away"]
    runtime.keep()
    runtime.wait("started")
    runtime.upkeep.stop(20)
    runtime.wait("stopped")
    assert [each for each in runtime.done if each[0] == "end"] == [
        ("end", "main", False),
        ("end", "main", True),
        ("end", "main", True),
    ]


def test_a_shorter_grace_counts_from_now_on(runtime):
    runtime.ends_when_told = False
    runtime.keep()
    runtime.wait("started")
    runtime.upkeep.stop(3_600_000)
    runtime.wait("end", "main", False)
    runtime.upkeep.stop(20)
    runtime.wait("stopped")
    assert ("end", "main", True) in runtime.done


def test_nothing_is_started_of_what_is_stopped_first(runtime):
    runtime.refusals["start"] = ["away"] * 1_000
    runtime.keep()
    runtime.wait("is_so", False, 0, "away")
    runtime.upkeep.stop(1_000)
    runtime.wait("stopped")
    assert runtime.upkeep.beginnings == {}


def test_a_removal_is_tried_until_it_is_done(runtime):
    runtime.refusals["remove"] = ["busy", "busy"]
    runtime.keep()
    runtime.wait("started")
    runtime.upkeep.stop(0)
    runtime.wait("stopped")
    assert [each[0] for each in runtime.done] == ["start", "remove", "remove", "remove", "gone"]


def test_what_is_killed_is_removed_and_nothing_is_told(runtime):
    runtime.keep()
    runtime.wait("started")
    before = list(runtime.told)
    runtime.upkeep.killed = True
    runtime.upkeep.turns.wake()
    runtime.wait("gone", KEY)
    runtime.upkeep.stop(0)
    runtime.crash()
    assert runtime.told == before
    assert runtime.upkeep.is_over


def test_a_container_whose_probe_fails_is_ended_and_started_again(runtime):
    runtime.answers = False
    runtime.keep({"name": "web", "livenessProbe": {**PROBE, "failureThreshold": 1}})
    runtime.wait("end", "web", False)
    runtime.wait("start", "web", 2)
    assert ("end", "main", False) not in runtime.done
