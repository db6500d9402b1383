from __future__ import annotations

import os
import signal
import threading
from contextlib import closing

import pytest

from kube9.agent.wardenlink import WardenAway, WardenLink, WardenRefused

PATIENCE_S = 30.0


def test_each_of_many_who_ask_at_once_gets_their_own_answer(warden):
    with closing(WardenLink(str(warden.folder))) as link:
        refusals, barrier = {}, threading.Barrier(16)

        def ask(number):
            barrier.wait(PATIENCE_S)
            try:
                link.ask("signal", run=f"run-{number}", signal=9)
            except WardenRefused as exc:
                refusals[number] = str(exc)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert refusals == {number: f"there is no run run-{number}" for number in range(16)}


def test_what_happens_is_heard_beside_the_answers(warden):
    heard, came = [], threading.Event()

    def hear(event):
        heard.append(event["state"])
        if event["state"] == "ended":
            came.set()

    with closing(WardenLink(str(warden.folder), hear)) as link:
        link.ask("watch")
        warden.start("exit 0")
        assert came.wait(PATIENCE_S)
    assert heard == ["running", "ended"]


def test_whoever_cannot_take_in_what_happens_is_told_that_it_hears_no_more(warden):
    lost = threading.Event()

    def stumble(event):
        raise RuntimeError("can't start new thread")

    with closing(WardenLink(str(warden.folder), stumble, lost.set)) as link:
        link.ask("watch")
        warden.start("exec sleep 1000")
        assert lost.wait(PATIENCE_S)
        assert link.over
        with pytest.raises(WardenAway):
            link.ask("list")


def test_an_answer_that_takes_too_long_is_not_waited_for(warden):
    with closing(WardenLink(str(warden.folder))) as link:
        os.kill(warden.about["pid"], signal.SIGSTOP)
        try:
            with pytest.raises(WardenAway, match=r"did not answer within 0\.05 s"):
                link.ask("list", timeout_s=0.05)
        finally:
            os.kill(warden.about["pid"], signal.SIGCONT)
        assert link.ask("list")["runs"] == []


def test_whoever_waits_when_it_dies_is_told_and_so_is_its_owner(warden):
    lost = threading.Event()
    with closing(WardenLink(str(warden.folder), lost=lost.set)) as link:
        os.kill(warden.about["pid"], signal.SIGSTOP)
        timer = threading.Timer(0.1, os.kill, (warden.about["pid"], signal.SIGKILL))
        timer.start()
        with pytest.raises(WardenAway, match="the warden is gone"):
            link.ask("list")
        timer.join()
        assert lost.wait(PATIENCE_S)
        assert link.over


def test_one_that_is_closed_tells_nobody_of_its_end(warden):
    lost = threading.Event()
    link = WardenLink(str(warden.folder), lost=lost.set)
    link.close()
    assert link.over
    assert not lost.is_set()
