from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest

from kube9.backends.agentfile import agent_file
from kube9.backends.ssh.errand import MARK, errand_command, errand_question, no_python, read_errand
from kube9.backends.ssh.failures import MachineRefused

BELOW = ("cluster", "node")


class Machine:
    """The program as a machine runs it, for as long as it is asked for something."""

    def __init__(self, home):
        self.home = home

    def answers(self, *questions, cut=0):
        """What it says to each; with so many bytes missing at the end."""
        asked = b"".join(errand_question(do, "k9", BELOW, **about) for do, about in questions)
        words = ["sh", "-c", errand_command([sys.executable])]
        environment = {"HOME": str(self.home), "PATH": os.defpath}
        done = subprocess.run(words, input=asked[: len(asked) - cut], capture_output=True, check=True, env=environment)
        return [read_errand(line, "m") for line in done.stdout.splitlines() if line.startswith(MARK)]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_it_answers_one_question_after_the_other(machine, tmp_path):
    data = bytes(range(256)) * 400
    before, put, after = machine.answers(
        ("look", {}), ("put", {"files": {"agent.pyz": data, "a": b"\n"}}), ("look", {"show": ("a", "b")})
    )
    folder = tmp_path / "k9" / "cluster" / "node"
    assert (before["agent"], before["home"], put) == (None, str(tmp_path), {})
    assert (after["agent"], after["files"]) == (hashlib.sha256(data).hexdigest(), {"a": "\n", "b": ""})
    assert after["folder"] == str(folder)
    modes = {oct(each.stat().st_mode & 0o777) for each in (folder, folder.parent, folder.parent.parent)}
    assert modes == {"0o700"}
    assert (folder / "agent.pyz").read_bytes() == data
    assert machine.answers(("remove", {}))
    assert list(tmp_path.iterdir()) == []


def test_what_comes_cut_off_is_not_written(machine, tmp_path):
    assert machine.answers(("put", {"files": {"a": b"0123456789"}}), cut=1) == []
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_done_is_said_and_the_next_is_done(machine, tmp_path):
    (tmp_path / "k9").mkdir()
    (tmp_path / "k9").chmod(0o777)
    with pytest.raises(MachineRefused, match="m: .*k9 may be changed by others"):
        machine.answers(("look", {}))
    words = ["sh", "-c", errand_command([sys.executable])]
    asked = errand_question("look", "k9", BELOW) + errand_question("look", "k8", BELOW)
    environment = {"HOME": str(tmp_path), "PATH": os.defpath}
    done = subprocess.run(words, input=asked, capture_output=True, check=True, env=environment)
    told = [json.loads(line[len(MARK) :]) for line in done.stdout.splitlines()]
    assert ["error" in each for each in told] == [True, False]


def test_a_program_is_run_without_a_shell(machine):
    (told,) = machine.answers(("run", {"words": ["echo", "$HOME; exit 3"]}))
    assert told == {"code": 0, "output": "$HOME; exit 3\n"}
    (told,) = machine.answers(("run", {"words": ["/no/such/program"]}))
    assert told["code"] == 127


def test_the_agents_program_is_asked_in_place(machine):
    put, status, nonsense = machine.answers(
        ("put", {"files": {"agent.pyz": agent_file().data}}),
        ("agent", {"word": "status"}),
        ("agent", {"word": "sweep"}),
    )
    told = json.loads(status["output"])
    assert (put, status["code"], told["agent"], told["sha256"]) == ({}, 0, None, agent_file().sha256)
    assert nonsense["code"] != 0
    assert "node.json" in nonsense["output"]


def test_a_file_that_is_not_there_is_no_trouble_to_take_away(machine, tmp_path):
    machine.answers(("put", {"files": {"a": b"", "b": b""}}), ("unlink", {"name": "a"}), ("unlink", {"name": "a"}))
    assert [each.name for each in (tmp_path / "k9" / "cluster" / "node").iterdir()] == ["b"]


def test_a_machine_without_a_python_says_what_it_found(tmp_path):
    words = ["sh", "-c", errand_command(["/no/python", "false"])]
    done = subprocess.run(words, input=b"", capture_output=True, check=False, env={"PATH": os.defpath})
    assert done.returncode == 1  # it is there, and ends by itself
    words = ["sh", "-c", errand_command(["/no/python"])]
    done = subprocess.run(words, input=b"", capture_output=True, check=False, env={"PATH": os.defpath})
    why = no_python(done.returncode, done.stdout, "m", ["/no/python"])
    assert "m has no Python 3.8 or later: looked for /no/python;" in str(why)
    assert "runs no commands as sh does: nonsense" in str(no_python(1, b"some\nnonsense\n", "m", []))
