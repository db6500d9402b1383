from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kube9.agent.proctable import Process, descendants, environment_of, machine_boot, processes, start_of


def process(pid, parent):
    return Process(pid, parent, 0, 0, 0, 0, False)


def test_this_process_is_among_those_there_are():
    mine = processes()[os.getpid()]
    assert (mine.parent, mine.session, mine.dead) == (os.getppid(), os.getsid(0), False)
    assert mine.memory_bytes > 2**20
    assert start_of(os.getpid()) == mine.start


def test_one_that_has_ended_is_dead_though_nobody_took_note():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert processes()[child.pid].dead
        assert start_of(child.pid) is None
    assert child.pid not in processes()


def test_a_program_may_be_called_anything(tmp_path):
    folder = tmp_path / "7"
    folder.mkdir()
    numbers = " ".join(str(number) for number in range(4, 60))
    (folder / "stat").write_text(f"7 (a) R 1 (b\n) S 3 {numbers}\n")
    found = processes(str(tmp_path))[7]
    assert (found.parent, found.session) == (3, 5)


def test_those_below_are_found_at_any_depth():
    table = {each.pid: each for each in (process(2, 1), process(3, 2), process(4, 3), process(5, 1), process(6, 6))}
    assert sorted(each.pid for each in descendants(table, [2])) == [2, 3, 4]
    assert sorted(each.pid for each in descendants(table, [2, 3, 6, 99])) == [2, 3, 4, 6]


def test_what_a_process_was_started_with_is_seen():
    script = "import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], env={"A": "b=c\n"}, stdin=subprocess.PIPE) as child:
        # It has its own environment only once it is its own program.
        while "A" not in environment_of(child.pid):
            assert child.poll() is None
        assert environment_of(child.pid)["A"] == "b=c\n"
    assert environment_of(child.pid) == {}


def test_a_start_of_the_machine_has_a_name():
    assert len(machine_boot()) > 10
    with pytest.raises(OSError):
        machine_boot("/nowhere")
