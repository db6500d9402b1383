from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

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


#: Has the kernel refuse one call of this program with an error, as one does that is older, or guards a container.
REFUSING = """
import ctypes, os, struct, sys
number, error = 434, int(sys.argv[1])
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | error), (0x06, 0, 0, 0x7FFF0000)]
text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(text)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit(77)
try:
    os.pidfd_open(os.getpid())
except OSError as exc:
    assert exc.errno == error
from kube9.agent.proctable import processes
from kube9.agent.wardenrun import send_signal
send_signal(processes()[int(sys.argv[2])], 9)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs a Python that knows of process descriptors")
@pytest.mark.parametrize("error", [errno.ENOSYS, errno.EPERM])
def test_a_signal_reaches_its_process_where_the_kernel_has_no_descriptors_of_it(sleeper, error):
    words = [sys.executable, "-c", REFUSING, str(error), str(sleeper.pid)]
    done = subprocess.run(words, check=False, timeout=60)
    if done.returncode == 77:
        pytest.skip("needs a kernel that lets programs give up calls (seccomp)")
    assert done.returncode == 0
    assert sleeper.wait(30) == -signal.SIGKILL


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
