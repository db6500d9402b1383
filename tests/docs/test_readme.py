"""The live cluster of README.md, had as it is shown there: a server in one terminal, commands in another."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")

BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
SERVER, CLIENT = (next(block for block in BLOCKS if begin in block) for begin in ("$ kube9 serve", "$ kube9 apply"))


def steps(block):
    """Each command of a block with what it shows."""
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = step.partition("\n")
        yield command, shown


@pytest.fixture
def env(tmp_path):
    """A home directory without anything, and on its PATH the program that is tested."""
    script = tmp_path / "bin" / "kube9"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kube9 "$@"\n')
    script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE9_", "XDG_"))}
    return {**kept, "HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "KUBE9_PLUGINS": ""}


@pytest.fixture
def port():
    """A port that was free a moment ago; the page has the default one, which may be taken here."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def test_the_policy_it_shows_is_the_file_it_names():
    shown = re.search(r"^```python\n(.*?)^```\n\nThat is the file \[([\w./]+)\]", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert shown[1] == (ROOT / shown[2]).read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_live_cluster_does_what_it_shows(env, port):
    if shutil.which("curl") is None:
        pytest.skip("needs curl: apt install curl")
    ((serve, welcome),) = steps(SERVER)
    *commands, (watch, _) = steps(CLIENT)
    with subprocess.Popen(
        [*serve.split(), "--port", str(port)], env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            said = [server.stderr.readline() for _ in range(len(welcome.splitlines()) + 1)]
            assert welcome in "".join(said).replace(env["HOME"], "~").replace(str(port), "9009")
            for command, shown in commands:
                line = command.replace(":9009", f":{port}").replace("curl", "curl --silent --fail")
                done = subprocess.run(
                    ["bash", "-c", line], env=env, cwd=ROOT, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, (command, done.stderr)
                assert set(shown.splitlines()) <= set((done.stdout + done.stderr).splitlines()), command
            assert moved(watch, env) == {"node-0002"}
        finally:
            server.send_signal(signal.SIGTERM)
            server.stderr.read()
    assert server.returncode == 0


def moved(watch, env):
    """Where the four pods run, as soon as none of them runs on the node that broke."""
    places = {}
    with subprocess.Popen(watch.split(), env=env, stdout=subprocess.PIPE, text=True) as watching:
        try:
            next(watching.stdout)  # the names of the columns
            for name, _, phase, _, node in (line.split()[:5] for line in watching.stdout):
                places[name] = node if phase == "Running" else "nowhere"
                if len(places) == 4 and not {"nowhere", "node-0001"} & set(places.values()):
                    break
        finally:
            watching.send_signal(signal.SIGINT)
            watching.stdout.read()
    return set(places.values())
