"""Carrying out a page whose first command starts a server: that in one terminal, the commands after it in another."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import kube9
from kube9.statedir import StateDir

ROOT = Path(__file__).parents[2]

#: How long one command may take; some wait for what a cluster does by itself.
COMMAND_S = 300


@pytest.fixture
def live_page(tmp_path):
    """Open a page, or what it has from some words on and before some others, in the home directory of the test."""

    def live_page(name, begin="", end=None):
        text = (ROOT / name).read_text(encoding="utf-8")
        text = text[text.index(begin) :]
        return LivePage(text[: None if end is None else text.index(end)], tmp_path)

    return live_page


@pytest.fixture
def page(request, live_page):
    """The page that the module of the test names in ``PAGE``."""
    return live_page(request.module.PAGE)


class LivePage:
    """The commands of a page, and a home directory with its files where the program that is tested is on the PATH.

    ``server`` is the first command and ``welcome`` what it shows; ``steps`` are the others, each with what it shows.
    """

    def __init__(self, text, home):
        self.text, self.home = text, home
        self.files = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL))
        (self.server, self.welcome), *self.steps = steps_of(text)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE9_", "XDG_"))}
        self.env = {**kept, "HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}", "KUBE9_PLUGINS": ""}
        self.port, self._exports = None, []
        script = home / "bin" / "kube9"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kube9 "$@"\n')
        script.chmod(0o755)
        for name, content in self.files.items():
            (home / name).write_text(content, encoding="utf-8")

    @contextmanager
    def serve(self):
        """Have the server, which says what is shown of it, and ends with 0 when it is told to."""
        if "$ curl" in self.text and shutil.which("curl") is None:
            pytest.skip("needs curl: apt install curl")
        # The page has the default port, which may be taken here.
        command = [*shlex.split(self.server), "--port", "0"]
        with subprocess.Popen(command, env=self.env, cwd=self.home, stderr=subprocess.PIPE, text=True) as server:
            try:
                said = welcome_of(server)
                self.port = re.search(r" listens at https?://127\.0\.0\.1:(\d+)$", said, flags=re.MULTILINE)[1]
                told = re.sub(r"^\d{4}-\d\d-\d\d .*\n", "", said, flags=re.MULTILINE)  # what it logs
                told = told.replace(str(self.home), "~").replace(f":{self.port}", ":9009")
                assert told.startswith(self.welcome), said
                self.settle()
                yield
            finally:
                server.send_signal(signal.SIGTERM)
                server.stderr.read()
        assert server.returncode == 0

    def run(self, command):
        """Carry out a command in a shell of its own, where what earlier ones exported holds."""
        command = command.replace(":9009", f":{self.port}")
        script = "\n".join(["set -e", *self._exports, command])
        if command.startswith("export "):
            self._exports.append(command)
        return subprocess.run(
            ["bash", "-c", script],
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S,
        )

    def settle(self):
        """Wait until every node has come up, as it has for one who reads on: where pods go depends on who is there."""
        folder, waiting = StateDir(self.home / ".local" / "state" / "kube9"), threading.Event()
        record = folder.server()
        with kube9.Client(record.url, token=folder.token(), ca_cert=record.certificate or None) as client:
            while any(node["status"]["phase"] == "Provisioning" for node in client.nodes()):
                waiting.wait(0.02)

    def follow(self, command, shown):
        """Carry out a command that is to write every line shown, and to fail only if an error is shown."""
        self.settle()
        done, fails = self.run(command), shown.startswith("Error: ")
        assert (done.returncode > 0, "Error: " in done.stderr) == (fails, fails), (command, done.stdout, done.stderr)
        said = f"{done.stdout}\n{done.stderr}".replace(f":{self.port}", ":9009")
        missing = set(shown.splitlines()) - set(said.splitlines())
        assert missing == set(), (command, done.stdout, done.stderr)

    def follow_all(self):
        """Follow the page from its server's first word to its last."""
        with self.serve():
            for command, shown in self.steps:
                self.follow(command, shown)


def steps_of(text):
    """Each command of the console blocks, with what it shows."""
    for block in re.findall(r"^```console\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            yield command, shown


def welcome_of(server):
    """What a server says until it is there to be asked."""
    said = ""
    while "Ctrl-C stops the server" not in said:
        line = server.stderr.readline()
        assert line, f"the server ended by itself: {said}"
        said += line
    return said
