"""Each process below a warden is of one run, whatever it does to be of none."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube9.agent.proctable import start_of

#: Its child has a session of its own, another parent, and nothing of its environment.
AWAY = "( setsid env -i /bin/sh -c 'echo $$ > %s; %s while :; do sleep 0.05; done' & ); sleep 1000"
SILENT = "exec > /dev/null 2>&1;"


def look(warden):
    """Have it look at once, as it does from time to time."""
    return warden.ask("use")["use"]


def test_what_leaves_its_pod_is_of_the_only_one_that_there_is(warden):
    run = warden.start(AWAY % ("away", SILENT))["run"]
    away = warden.pid_in("away")
    look(warden)
    assert start_of(away) is not None
    warden.ask("signal", run=run, signal=9)
    warden.wait(run, "ended")
    assert start_of(away) is None


def test_what_leaves_its_pod_is_known_by_where_it_writes(warden):
    warden.start("sleep 1000", uid="other")
    warden.start(AWAY % ("away", ""))
    away = warden.pid_in("away")
    look(warden)
    assert start_of(away) is not None
    warden.ask("kill", uid="p", epoch=1)
    assert start_of(away) is None
    other = warden.runs()["other/1/main/1"]
    assert other["state"] == "running", other


def test_what_was_seen_below_its_pod_is_known_by_that(warden):
    warden.start("sleep 1000", uid="other")
    script = "setsid env -i /bin/sh -c 'exec > /dev/null 2>&1; echo $$ > away; exec sleep 1000' & "
    script = f"sh -c '{script.replace(chr(39), chr(34))} until [ -e seen ]; do sleep 0.02; done'; sleep 1000"
    warden.start(script.replace("$$", "\\$\\$"))
    away = warden.pid_in("away")
    look(warden)
    (warden.folder / "seen").touch()
    warden.until(lambda: parent_of(away) == warden.about["pid"], "an orphan")
    look(warden)
    assert start_of(away) is not None
    warden.ask("kill", uid="p", epoch=1)
    assert start_of(away) is None


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])


def test_what_is_of_nobody_that_can_be_told_is_ended_and_that_is_said(warden):
    warden.start("sleep 1000", uid="other")
    # One that the warden happens to see before it has lost its parent is known, and goes on: then another is tried.
    for number in range(1, 50):
        warden.start(AWAY % (f"away-{number}", SILENT), run=number)
        away = warden.pid_in(f"away-{number}")
        look(warden)
        look(warden)
        if start_of(away) is None:
            break
    assert f"process {away} is of nothing that runs any more, and is killed" in warden.said()
    assert {run["state"] for run in warden.runs().values()} == {"running"}


@pytest.mark.parametrize("mark", ["gone/1/main/1", "p/2/main/1"])
def test_what_says_that_it_is_of_one_that_has_ended_is_ended(warden, mark):
    mark = f"{warden.node_uid}/{mark}"
    script = f"( setsid env -i KUBE9_RUN={mark} /bin/sh -c '{SILENT} echo $$ > away; exec sleep 1000' & ); sleep 1000"
    run = warden.start(script)["run"]
    away = warden.pid_in("away")
    warden.until(lambda: look(warden) and start_of(away) is None, "ended")
    assert warden.runs()[run]["state"] == "running"
