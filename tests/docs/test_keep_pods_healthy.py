"""The steps of docs/howto/keep-pods-healthy.md, one after the other in a real shell against a real server."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kube9.backends.behaviour import PodBehaviour

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "keep-pods-healthy.md").read_text(encoding="utf-8")

FILES = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def steps():
    """Each command of the page with what it shows; the first goes on."""
    for block in BLOCKS:
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            yield command, shown


@pytest.fixture
def home(tmp_path):
    """A home directory without anything but the page's files, and on its PATH the program that is tested."""
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
def server(home, env):
    """What a server says that the first step starts, on a port that was free a moment ago; and what it should say."""
    (command, welcome), *_ = steps()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with subprocess.Popen(
        [*command.split(), "--port", port], env=env, cwd=home, stderr=subprocess.PIPE, text=True
    ) as it:
        said = "".join(it.stderr.readline() for _ in range(len(welcome.splitlines()) + 1))
        try:
            yield said.replace(str(home), "~").replace(port, "9009"), welcome
        finally:
            it.send_signal(signal.SIGTERM)
            it.stderr.read()


@pytest.mark.slow
def test_every_step_works_and_shows_what_the_page_shows(home, env, server):
    said, welcome = server
    assert welcome in said
    _, *rest = steps()
    script = ["set -e"]
    for number, (command, _) in enumerate(rest):
        mark = f"printf '\\n## {number}\\n'"
        script += [mark, f"{mark} >&2", command]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], env=env, cwd=home, capture_output=True, text=True, check=False, timeout=300
    )
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
    assert len(list(steps())) > 15
    assert FILES


def test_every_knob_of_the_page_is_one():
    knobs = set(re.findall(r"`(\w+_ms|exit_code)`", PAGE.partition("## The knobs")[2]))
    assert knobs == {"run_for_ms", "exit_code", "crash_after_ms", "ready_after_ms", "hang_after_ms", "stop_delay_ms"}
    assert all(hasattr(PodBehaviour(), knob) for knob in knobs)
