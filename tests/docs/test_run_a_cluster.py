"""The steps of docs/howto/run-a-cluster.md, carried out one after the other in a real shell against a real server."""

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

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "run-a-cluster.md").read_text(encoding="utf-8")

FILES = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path):
    """A home directory without anything, and on its PATH the program that is tested."""
    script = tmp_path / "bin" / "kube9"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kube9 "$@"\n')
    script.chmod(0o755)
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture
def env(home):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE9_", "XDG_"))}
    return {**kept, "HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}", "KUBE9_PLUGINS": ""}


@pytest.fixture
def port():
    """A port that was free a moment ago; the page has the default one, which may be taken here."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def steps():
    """Each command of the page with what it shows, without the first, which goes on."""
    for block in BLOCKS:
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            yield command, shown


def test_every_step_works_and_shows_what_the_page_shows(home, env, port):
    if shutil.which("curl") is None:
        pytest.skip("needs curl: apt install curl")
    (serve, welcome), *rest = steps()
    script = ["set -e"]
    for number, (command, _) in enumerate(rest):
        mark = f"printf '\\n## {number}\\n'"
        script += [mark, f"{mark} >&2", command.replace(":9009", f":{port}")]
    with subprocess.Popen(
        [*serve.split(), "--port", str(port)], env=env, cwd=home, stderr=subprocess.PIPE, text=True
    ) as server:
        said = [server.stderr.readline() for _ in range(len(welcome.splitlines()) + 1)]
        told = "".join(said).replace(str(home), "~").replace(str(port), "9009")
        try:
            done = subprocess.run(
                ["bash", "-c", "\n".join(script)], env=env, cwd=home, capture_output=True, text=True, check=False
            )
        finally:
            server.send_signal(signal.SIGTERM)
            server.stderr.read()
    assert welcome in told
    assert server.returncode == 0
    outs, errs = (dict(parts_of(text)) for text in (done.stdout, done.stderr))
    assert done.returncode == 0, (rest[len(outs) - 1][0], done.stderr[-2000:])
    for number, (command, shown) in enumerate(rest):
        missing = set(shown.splitlines()) - set((outs[number] + errs[number]).splitlines())
        assert missing == set(), (command, outs[number], errs[number])


def parts_of(text):
    """What was written between the marks of two steps."""
    _, *parts = re.split(r"^## (\d+)\n", text, flags=re.MULTILINE)
    return zip(map(int, parts[::2]), parts[1::2], strict=True)


def test_there_are_steps():
    assert len(list(steps())) > 30
    assert sum(command.startswith("curl") for command, _ in steps()) > 10
    assert FILES
