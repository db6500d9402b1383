"""A copy as processes, at a warden that runs nothing and says of it what the test wants."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from kube9.agent.alarms import Alarms
from kube9.agent.brain import StartOrder
from kube9.agent.podfolder import NOTE
from kube9.agent.pool import Pool
from kube9.agent.processcopy import ProcessCopy, ProcessTools
from kube9.agent.wardenlink import WardenAway, WardenRefused
from kube9.agent.wardenrun import ENDED, RUNNING, STARTING, run_id

PATIENCE_S = 30.0
RUN = run_id("p", 1, "main", 1)


class World:
    """The warden, and whoever is told of the copy."""

    term = 7

    def __init__(self, folder):
        self._changed = threading.Condition()
        self.did = []
        #: What it says to starts, one after the other, before they go well; and to a kill.
        self.refusals, self.faults = [], []
        self.known = {}
        self.pools, self.alarms = (Pool("start", 2), Pool("probe", 2)), Alarms()
        self.pods = folder / "pods"
        starts, probes = self.pools
        self.tools = ProcessTools(
            self, str(self.pods), str(folder / "volumes"), 4_000, starts, probes, self.alarms, self, self.gone
        )

    def copy(self, told=None, **main):
        spec = {"containers": [{"name": "main", "command": ["sleep"], **main}], "terminationGracePeriodSeconds": 1}
        return ProcessCopy(StartOrder("p", 1, "default", "web", "", spec, {}), self.tools, self.term, told)

    @property
    def folder(self):
        return self.pods / "p-1"

    def noted(self):
        return json.loads((self.folder / NOTE).read_text(encoding="utf-8"))

    def run_is(self, state, run=1, **more):
        """What the warden tells of a run, and says when it is asked."""
        name = run_id("p", 1, "main", run)
        about = {"run": name, "uid": "p", "epoch": 1, "container": "main", "state": state, "exitCode": None}
        self.known[name] = {**about, "fenced": False, "error": "", "outOfMemory": False, **more}
        return self.known[name]

    def do(self, *what):
        with self._changed:
            self.did.append(what)
            self._changed.notify_all()

    def wait(self, *what):
        """Until that was done."""
        deadline_s = time.monotonic() + PATIENCE_S
        with self._changed:
            while not any(each[: len(what)] == what for each in self.did):
                assert self._changed.wait(deadline_s - time.monotonic()), (what, self.did)
            return next(each for each in self.did if each[: len(what)] == what)

    # As a WardenHold.

    def start(self, **about):
        self.do("start", about["run"], self.noted()["care"], Path(about["log"]).parent.is_dir())
        if self.refusals:
            raise self.refusals.pop(0)
        return self.run_is(RUNNING, about["run"])

    def signal(self, run, number):
        self.do("signal", run, int(number))

    def kill(self, copy):
        self.do("kill", copy)
        if self.faults:
            raise self.faults.pop(0)

    def runs(self):
        return self.known

    def command(self, copy, container, argv, timeout_s):
        self.do("command", container, tuple(argv))
        raise WardenAway("it is gone")

    # As News, and whoever forgets.

    def has(self, uid, epoch):
        return True

    def started(self, uid, epoch):
        self.do("started")

    def is_so(self, uid, epoch, ready, restarts, reason):
        self.do("is_so", ready, restarts, reason)

    def exited(self, uid, epoch, exit_code, reason):
        self.do("exited", exit_code, reason)

    def not_started(self, uid, epoch, error):
        self.do("not_started", error)

    def stopped(self, uid, epoch):
        self.do("stopped")

    def gone(self, uid, epoch):
        self.do("gone", self.folder.exists())

    def close(self):
        self.alarms.close()
        for pool in self.pools:
            pool.close(PATIENCE_S)


@pytest.fixture
def world(tmp_path):
    with closing(World(tmp_path)) as world:
        yield world


def test_what_it_has_come_to_is_written_down_before_the_warden_is_asked(world):
    world.copy().wake()
    world.wait("started")
    _, run, care, has_log_folder = world.wait("start")
    assert (run, has_log_folder) == (1, True)
    assert "main" in json.dumps(care)


def test_a_start_that_the_warden_did_not_hear_is_tried_again_as_the_same(world):
    world.refusals.append(WardenAway("it is slow"))
    world.copy().wake()
    world.wait("started")
    assert [each[1] for each in world.did if each[0] == "start"] == [1, 1]
    assert world.wait("is_so", False, 0)[3] == "WardenUnreachable: it is slow"


def test_one_that_was_fenced_is_not_given_back(world):
    world.refusals.append(WardenRefused("fenced: the lease is over"))
    world.copy().wake()
    world.wait("started")
    assert not [each for each in world.did if each[0] == "not_started"]


def test_one_that_never_ran_is_given_back_with_nothing_left_of_it(world):
    world.refusals.append(WardenRefused("no such program"))
    world.copy().wake()
    assert world.wait("not_started") == ("not_started", "StartError: container main: no such program")
    assert world.wait("gone") == ("gone", False)


def test_one_that_ran_before_is_not_given_back_for_the_same(world):
    copy = world.copy()
    copy.wake()
    world.wait("started")
    world.refusals.append(WardenRefused("no such program"))
    copy.heard(world.run_is(ENDED, exitCode=1))
    world.wait("start", 2)
    copy.stop(0)
    world.wait("stopped")
    assert not [each for each in world.did if each[0] == "not_started"]


def test_what_ended_with_the_lease_is_not_told_as_its_own_end(world):
    copy = world.copy()
    copy.wake()
    world.wait("started")
    copy.heard(world.run_is(ENDED, exitCode=137, fenced=True))
    copy.lose()
    world.wait("stopped")
    assert [each[1] for each in world.did if each[0] == "start"] == [1]


@pytest.mark.parametrize("fault", [OSError("the disk is gone"), WardenAway("it is slow")])
def test_a_kill_that_cannot_be_done_is_said_and_its_removal_tried_on(world, fault):
    copy = world.copy()
    copy.wake()
    world.wait("started")
    world.faults += [fault, WardenAway("still")]
    with pytest.raises(OSError, match=str(fault)):
        copy.kill()
    assert world.wait("gone") == ("gone", False)
    assert len([each for each in world.did if each[0] == "kill"]) >= 3
    assert not [each for each in world.did if each[0] in ("stopped", "exited")]


def test_nobody_is_killed_for_a_probe_that_could_not_be_asked(world):
    probe = {"exec": {"command": ["alive"]}, "periodSeconds": 1, "failureThreshold": 1}
    world.copy(livenessProbe=probe).wake()
    world.wait("command", "main", ("alive",))
    world.did.clear()
    world.wait("command", "main", ("alive",))
    assert not [each for each in world.did if each[0] == "signal"]


@pytest.fixture
def left(world):
    """What an agent that was killed wrote down of a copy that runs."""
    world.copy().wake()
    world.wait("started")
    deadline_s, waiting = time.monotonic() + PATIENCE_S, threading.Event()
    while not (told := world.noted())["ran"]:
        assert time.monotonic() < deadline_s
        waiting.wait(0.01)
    world.did.clear()
    return told


def test_what_runs_goes_on_with_another_agent(world, left):
    copy = world.copy(left)
    copy.look()
    world.wait("is_so", True, 0)
    copy.stop(10_000)
    assert world.wait("signal") == ("signal", RUN, 15)
    assert not [each for each in world.did if each[0] == "start"]


def test_what_its_warden_knows_no_more_has_ended_with_that(world, left):
    world.known.clear()
    world.copy(left).look()
    world.wait("start", 2)


def test_what_ended_while_there_was_no_agent_is_found_to_have(world, left):
    world.run_is(ENDED, exitCode=0)
    world.copy(left).look()
    world.wait("start", 2)


def test_what_was_about_to_run_may_still_fail_to(world):
    world.refusals.append(WardenAway("the agent is killed meanwhile"))
    world.copy().wake()
    _, _, care, _ = world.wait("start")
    world.close()
    again = World(world.pods.parent)
    with closing(again):
        again.run_is(STARTING)
        again.refusals.append(WardenRefused("no such program"))
        told = {"care": care, "ran": False}
        again.copy(told).look()
        assert again.wait("not_started")[1].endswith("no such program")
