from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from kube9.agent.proctable import start_of


def gone(warden):
    warden.until(lambda: start_of(warden.about["pid"]) != warden.about["start"], "gone")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_ends_all_first(warden, number):
    pid = warden.start("trap '' TERM INT; while :; do sleep 0.05; done")["pid"]
    os.kill(warden.about["pid"], number)
    gone(warden)
    assert start_of(pid) is None
    assert warden.said().endswith("left\n")


def test_it_is_apart_from_whoever_started_it(warden):
    pid = warden.about["pid"]
    assert os.getsid(pid) not in (os.getsid(0), 0)
    assert os.getpgid(pid) != os.getpgid(0)
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
    os.kill(pid, signal.SIGHUP)
    assert warden.ask("list")["runs"] == []


def test_it_has_none_of_the_variables_of_whoever_started_it(warden):
    names = {pair.partition(b"=")[0] for pair in Path(f"/proc/{warden.about['pid']}/environ").read_bytes().split(b"\0")}
    assert names <= {b"PATH", b"LC_ALL", b""}


@pytest.fixture
def inheritable():
    """A file that this process hands on to whatever it starts."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    yield
    os.close(reading)
    os.close(writing)


def test_what_runs_has_no_files_but_its_own(inheritable, warden):
    pid = warden.start("exec sleep 1000")["pid"]
    its = Path(f"/proc/{pid}/fd")
    warden.until(lambda: {each.name for each in its.iterdir()} == {"0", "1", "2"}, "without the files of its loader")
    files = [str((its / name).readlink()) for name in "012"]
    assert files[0] == "/dev/null"
    assert files[1] == files[2] != files[0]
