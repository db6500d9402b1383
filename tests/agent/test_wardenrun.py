from __future__ import annotations

import os
import signal
import subprocess

import pytest

from kube9.agent.logfile import LogFile
from kube9.agent.proctable import processes
from kube9.agent.wardenrun import Run, run_id, send_signal


@pytest.fixture
def sleeper():
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process
        process.kill()


def test_a_signal_reaches_its_process_and_no_other_with_its_number(sleeper):
    process = processes()[sleeper.pid]
    send_signal(process._replace(start=process.start - 1), signal.SIGKILL)
    assert sleeper.poll() is None
    send_signal(process, signal.SIGKILL)
    assert sleeper.wait(30) == -signal.SIGKILL
    send_signal(process, signal.SIGKILL)


@pytest.mark.parametrize("script,code,number", [("exit 5", 5, 0), ("kill -15 $$", 143, 15)])
def test_an_end_is_read_as_the_kernel_tells_it(script, code, number):
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", script], {})
    run = Run("p", 1, "main", 1)
    run.reaped(os.waitpid(pid, 0)[1])
    assert (run.ending, run.exit_code, run.signal) == (True, code, number)


def test_a_run_is_named_by_what_it_is_of():
    run = Run("p", 2, "main", 3)
    assert run.id == run_id("p", 2, "main", 3) == run.document()["run"]
    assert run.copy == ("p", 2)
    assert run.document()["command"] is False
    assert Run("p", 2, "main", "command-1", client=object()).document()["command"] is True


def test_what_is_left_in_the_pipe_goes_into_the_log(tmp_path):
    run = Run("p", 1, "main", 1)
    run.log = LogFile(str(tmp_path / "log"))
    run.output, writing = os.pipe()
    os.set_blocking(run.output, False)
    os.write(writing, b"one\n")
    assert run.take_output()
    os.write(writing, b"two\n")
    os.close(writing)
    run.drain()
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"
    assert (run.output, run.told, run.log) == (-1, -1, None)


def test_who_has_closed_its_output_writes_no_more():
    run = Run("p", 1, "main", 1)
    run.output, writing = os.pipe()
    os.close(writing)
    assert not run.take_output()
    run.drain()
