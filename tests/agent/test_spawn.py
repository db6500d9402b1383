"""Programs are started from a process of one thread, which a test is not: each has another process for that."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

#: Starts what its argument says, and tells what was said of the start, how it ended, and what it wrote.
STARTER = """
import json, os, signal, sys
from kube9.agent.spawn import Spawn, spawn
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
reading, writing = os.pipe()
about = {"env": {"PATH": os.defpath}, "cwd": "/", **json.loads(sys.argv[1])}
try:
    pid, told = spawn(Spawn(files=(writing, writing, writing), **about))
except ValueError as exc:
    print(json.dumps([str(exc), None, ""]))
    raise SystemExit
os.close(writing)
os.set_blocking(told, True)
with os.fdopen(told) as said, os.fdopen(reading) as output:
    words = said.read()
    print(json.dumps([words, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output.read()]))
"""


def spawned(argv, **about):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", STARTER, json.dumps({"argv": argv, **about})]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60)
    return tuple(json.loads(done.stdout))


def test_a_program_has_what_was_said_and_a_session_of_its_own(tmp_path):
    script = 'echo "$A $(pwd)"; [ "$(ps -o sid= -p $$)" -eq $$ ] && echo alone; umask'
    env = {"A": "b 'c'", "PATH": "/usr/bin:/bin"}
    assert spawned(["sh", "-c", script], env=env, cwd=str(tmp_path)) == ("", 0, f"b 'c' {tmp_path}\nalone\n0022\n")


def test_its_signals_are_as_if_nobody_had_touched_them():
    _, blocked, _, ignored = spawned(["grep", "^Sig[BI]", "/proc/self/status"])[2].split()
    # Signals 32 and 33 are the C library's own: it lets nobody else touch them, nor see what was made of them.
    own = 0b11 << 31
    assert (int(blocked, 16) & ~own, int(ignored, 16) & ~own) == (0, 0)


@pytest.mark.parametrize(
    "argv,more,why",
    [
        (["kube9-no-such"], {}, "No such file or directory: kube9-no-such"),
        (["/no/such/program"], {}, "No such file or directory: /no/such/program"),
        (["true"], {"cwd": "/no/such/folder"}, "No such file or directory: /no/such/folder"),
        (["/etc/passwd"], {}, "Permission denied: /etc/passwd"),
        ([], {}, "the command is empty"),
        (["a\0b"], {}, "an argument has a zero byte in it"),
        (["true"], {"env": {"A=B": "c"}}, "a variable has no name, or one with '=' in it"),
        (["true"], {"env": {"A": "b\0c"}}, "variable 'A' has a zero byte in it"),
    ],
)
def test_what_cannot_be_started_says_why(argv, more, why):
    said, code, output = spawned(argv, **more)
    assert (said, output) == (why, "")
    assert code in (127, None)


def test_it_is_held_to_its_limits():
    assert spawned(["nice"], nice=7)[2] == "7\n"
    script = "from resource import *; print(getrlimit(RLIMIT_AS)[0], getrlimit(RLIMIT_CORE)[0])"
    assert spawned([sys.executable, "-c", script], memory_bytes=2**30)[2] == f"{2**30} 0\n"


def test_where_memory_is_short_it_goes_first():
    assert int(spawned(["cat", "/proc/self/oom_score_adj"])[2]) >= 300


def test_it_dies_with_whoever_started_it(tmp_path):
    script = STARTER.replace("os.close(writing)", "os.kill(os.getpid(), signal.SIGKILL)", 1)
    command = [sys.executable, "-c", script, json.dumps({"argv": ["sleep", "1000"]})]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # It has the other end of this pipe, which ends with the last who has.
    reading, writing = os.pipe()
    with subprocess.Popen(command, env=env, pass_fds=(writing,)) as starter:
        os.close(writing)
        assert os.read(reading, 1) == b""
        assert starter.wait(60) == -9
    os.close(reading)
