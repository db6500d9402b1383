"""The steps of docs/howto/drain-a-node.md, carried out one after the other against a real server."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kube9.core.drains import DRAIN_DEADLINE_MS

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "drain-a-node.md").read_text(encoding="utf-8")
ROOM = Path(__file__).parents[2] / "kube9" / "core" / "drainturns.py"

FILES = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def steps():
    """Each command of the page with what it shows."""
    for block in BLOCKS:
        for step in re.split(r"^\$ kube9 ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            yield shlex.split(command), shown.splitlines()


@pytest.fixture
def kube9(tmp_path):
    """The program, in a directory with the files of the page, for a server of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KUBE9_")}
    env = {**kept, "KUBE9_PLUGINS": "", "KUBE9_STATE_DIR": str(tmp_path / "state")}
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return {"args": [sys.executable, "-m", "kube9"], "env": env, "cwd": tmp_path, "text": True}


@pytest.mark.slow
def test_every_step_shows_what_the_page_shows(kube9):
    (serve, _), *rest = steps()
    program = kube9.pop("args")
    with subprocess.Popen([*program, *serve, "--port", "0"], stderr=subprocess.PIPE, **kube9) as server:
        try:
            while "Ctrl-C" not in (said := server.stderr.readline()):
                assert said, "the server ended by itself"
            for command, shown in rest:
                done = subprocess.run([*program, *command], capture_output=True, check=False, **kube9)
                said = (done.stdout + done.stderr).splitlines()
                assert [line for line in shown if line not in said] == [], (command, said)
                assert done.returncode == (1 if "Error: " in done.stderr else 0), (command, said)
        finally:
            server.send_signal(signal.SIGTERM)
            server.stderr.read()
    assert server.returncode == 0


def test_there_are_steps():
    assert len(list(steps())) > 10
    assert sum(bool(shown) for _, shown in steps()) > 6
    assert FILES


def test_what_it_says_of_waiting_is_what_a_drain_says():
    source = ROOM.read_text(encoding="utf-8")
    told = re.findall(r"^\| `(.*?)` \| (?:add|see|the same|wait|the node)", PAGE, flags=re.MULTILINE)
    assert len(told) == 5
    for text in told:
        shape = re.sub(r"web-4|cache|job|n1|\bweb\b", "@", text).split(":")[0].removesuffix(", ...")
        assert re.sub(r"\{[^}]*\}", "@", source).count(shape), shape


def test_the_deadline_is_the_one_it_tells():
    assert "an hour after the drain began" in PAGE
    assert DRAIN_DEADLINE_MS == 3_600_000
