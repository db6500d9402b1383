from __future__ import annotations

import os
import signal
import threading
from contextlib import closing

import pytest

from kube9.agent.clock import now_ms
from kube9.agent.proctable import start_of
from kube9.agent.wardenhold import WardenHold, is_alive
from kube9.agent.wardentalk import question

PATIENCE_S = 30.0


class Heard:
    def __init__(self):
        self.runs, self.found = [], []
        self.fenced = threading.Event()
        self.again = threading.Event()

    def find(self, another):
        self.found.append(another)
        self.again.set()


@pytest.fixture
def hold(warden):
    """One of the warden that runs, which it has found."""
    with closing(WardenHold(str(warden.folder), warden.node_uid)) as hold:
        hold.ensure()
        yield hold


def test_a_warden_that_runs_is_taken(hold, warden):
    assert hold.about["pid"] == warden.about["pid"]
    assert is_alive(hold.about)
    assert hold.term == warden.term
    assert hold.lease_until_ms > now_ms()


def test_a_command_ends_with_its_code_or_its_time(hold, warden):
    warden.start("exec sleep 1000")
    assert hold.command(("p", 1), "main", ["sh", "-c", "exit 6"], PATIENCE_S) == 6
    with pytest.raises(TimeoutError):
        hold.command(("p", 1), "main", ["sleep", "1000"], 0.05)
    with pytest.raises(OSError, match="No such file"):
        hold.command(("p", 1), "main", ["kube9-no-such-program"], PATIENCE_S)
    with pytest.raises(OSError, match="does not run"):
        hold.command(("p", 2), "main", ["true"], PATIENCE_S)
    warden.until(lambda: list(warden.runs()) == ["p/1/main/1"], "alone again")


def test_the_board_renews_the_lease_and_its_end_is_heard(hold, warden):
    heard = Heard()
    hold.attach(heard.runs.append, heard.fenced.set, heard.find)
    pid = warden.start("exec sleep 1000")["pid"]
    hold.board.lease_until_ms = now_ms() + 3_600_000
    assert warden.ask("hello")["leaseUntil"] == hold.board.lease_until_ms
    hold.board.lease_until_ms = now_ms() + 50
    assert heard.fenced.wait(PATIENCE_S)
    warden.until(lambda: start_of(pid) is None, "ended")
    assert hold.term == warden.term


def test_when_the_warden_dies_another_is_found_with_the_lease_that_there_was(hold, warden):
    heard = Heard()
    hold.attach(heard.runs.append, heard.fenced.set, heard.find)
    until_ms = hold.board.lease_until_ms = now_ms() + 3_600_000
    pid = warden.start("sh -c 'exec sleep 1000' & exec sleep 1000")["pid"]
    os.kill(warden.about["pid"], signal.SIGKILL)
    assert heard.again.wait(PATIENCE_S)
    assert heard.found == [True]
    assert start_of(pid) is None
    assert not is_alive(warden.about)
    assert hold.about["pid"] != warden.about["pid"]
    assert hold.runs() == {}
    warden.about = hold.about
    assert question(str(warden.folder), {"do": "hello"})["leaseUntil"] == until_ms


def test_the_warden_of_another_node_is_ended_and_one_of_this_begun(warden):
    pid = warden.start("exec sleep 1000")["pid"]
    another = f"{warden.node_uid}-2"
    with closing(WardenHold(str(warden.folder), another)) as other:
        other.ensure()
        assert other.about["node"] == another
        assert start_of(pid) is None
        assert start_of(warden.about["pid"]) != warden.about["start"]
        warden.about = other.about


def test_dismissed_it_ends_with_all_that_it_runs(hold, warden):
    pid = warden.start("trap '' TERM; while :; do sleep 0.05; done")["pid"]
    hold.dismiss()
    assert start_of(pid) is None
    warden.until(lambda: not is_alive(warden.about), "gone")
    hold.dismiss()
