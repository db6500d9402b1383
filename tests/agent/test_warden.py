from __future__ import annotations

import os
import shlex
import signal

import pytest

from kube9.agent.proctable import start_of
from kube9.agent.wardenlink import WardenRefused


def test_a_run_is_started_once_however_often_that_is_asked(warden):
    first = warden.start("echo x >> begun; exec sleep 1000")
    assert warden.start("echo x >> begun; exec sleep 1000") == first
    assert first["state"] == "running"
    begun = warden.folder / "begun"
    warden.until(lambda: begun.exists() and begun.read_text(encoding="ascii"), "begun")
    assert begun.read_text(encoding="ascii") == "x\n"


@pytest.mark.parametrize("script,code,number", [("exit 7", 7, 0), ("kill -9 $$", 137, 9)])
def test_it_is_told_how_a_run_ended(warden, script, code, number):
    told = warden.wait(warden.start(script)["run"], "ended")
    assert (told["exitCode"], told["signal"], told["fenced"]) == (code, number, False)


def test_nothing_is_started_under_a_lease_that_is_over(warden):
    before = warden.term
    began = warden.start("exec sleep 1000")
    warden.lease(for_ms=50)
    run = warden.wait(began["run"], "ended")
    assert start_of(began["pid"]) != began["start"]
    assert (run["fenced"], run["signal"]) == (True, signal.SIGKILL)
    assert "all that runs is killed: p/1" in warden.said()
    with pytest.raises(WardenRefused, match="^fenced: "):
        warden.start("exec sleep 1000", uid="q")
    warden.lease()
    with pytest.raises(WardenRefused, match="^fenced: "):
        warden.start("exec sleep 1000", uid="q", term=before)
    assert warden.start("exec sleep 1000", uid="q")["state"] == "running"


def test_what_was_killed_for_good_is_never_started_again(warden):
    pid = warden.start("exec sleep 1000")["pid"]
    warden.ask("kill", uid="p", epoch=1)
    assert start_of(pid) is None
    warden.ask("forget", uid="p", epoch=1)
    assert warden.runs() == {}
    with pytest.raises(WardenRefused, match="p epoch 1 was ended for good"):
        warden.start("exec sleep 1000")
    assert warden.start("exec sleep 1000", epoch=2)["state"] == "running"


def test_what_makes_others_all_the_time_is_ended_with_all_of_them(warden):
    warden.start("while :; do (sleep 1000 &) ; [ -e begun ] || touch begun; done")
    warden.until((warden.folder / "begun").exists, "begun")
    warden.ask("kill", uid="p", epoch=1)
    assert not warden.ask("use")["use"]
    assert {run["state"] for run in warden.runs().values()} == {"ended"}


def test_a_signal_reaches_all_of_a_run(warden):
    # The first of the run must not die of it, or the rest is ended before it can show that it heard.
    inner = "trap 'echo heard > heard; exit' USR1; echo $$ > in; while :; do sleep 0.05; done"
    run = warden.start(f"trap : USR1; {shlex.join(['sh', '-c', inner])}; :")
    warden.pid_in("in")
    warden.ask("signal", run=run["run"], signal=int(signal.SIGUSR1))
    warden.until((warden.folder / "heard").exists, "heard")
    with pytest.raises(WardenRefused, match="there is no run p/1/main/9"):
        warden.ask("signal", run="p/1/main/9", signal=15)


def test_what_cannot_be_started_is_refused_with_the_reason(warden):
    told = warden.start("", argv=["kube9-no-such-program"])
    assert (told["state"], "No such file" in told["error"]) == ("ended", True)
    with pytest.raises(WardenRefused, match="zero byte"):
        warden.start("", run=2, argv=["a\0b"])
    with pytest.raises(WardenRefused, match="No such file"):
        warden.start("sleep 1", run=3, log=f"{warden.folder}/no/such/folder/log")
    assert [run["run"] for run in warden.runs().values()] == ["p/1/main/1"]


def test_output_is_kept_in_order_to_its_last_byte(warden):
    run = warden.start("seq 20000; (sleep 0.2; echo last) & wait")
    warden.wait(run["run"], "ended")
    lines = (warden.folder / "p-1-main.log").read_text(encoding="ascii").split()
    assert lines == [*map(str, range(1, 20_001)), "last"]


def test_nothing_outlives_it(warden):
    pid = warden.start("sh -c 'echo $$ > inner; exec sleep 1000' & echo $$ > outer; wait")["pid"]
    outer = warden.pid_in("outer")
    assert outer == pid
    os.kill(warden.about["pid"], signal.SIGKILL)
    warden.until(lambda: start_of(outer) is None, "gone with it")
    os.kill(warden.pid_in("inner"), signal.SIGKILL)  # which whoever starts another warden does
