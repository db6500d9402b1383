"""Environments that have what a user installs by pip, and nothing of the one that the tests run in."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import venv
from contextlib import contextmanager

#: What a wheel is made of, where it is there.
PARTS = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in", "kube9", "src")


def build_wheel(package, folder):
    """The wheel of a package of this repository, built from a copy, so that nothing is left in the checkout."""
    copy = folder / package.name
    copy.mkdir()
    for path in (package / name for name in PARTS):
        if path.is_dir():
            shutil.copytree(path, copy / path.name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif path.exists():
            shutil.copy(path, copy / path.name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "dist", "."]
    subprocess.run(command, cwd=copy, check=True)
    (built,) = (copy / "dist").glob("*.whl")
    return built


class Environment:
    """An environment in ``folder``, which is also the home directory of what runs in it."""

    def __init__(self, folder):
        self.bin = folder / "venv" / "bin"
        venv.create(folder / "venv", with_pip=True)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("KUBE9_", "PYTEST", "PYTHON", "XDG_"))
        }
        self.env = {**kept, "NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "HOME": str(folder)}
        self.folder = folder

    def run(self, program, *args, cwd=None, code=0):
        """Run one of its programs, which must end with ``code``; what it wrote to stdout."""
        return self._ended(program, args, cwd, code).stdout

    def refused(self, program, *args, code=2):
        """What one of its programs wrote to stderr, which must end with ``code``."""
        return self._ended(program, args, None, code).stderr

    def _ended(self, program, args, cwd, code):
        command = [str(self.bin / program), *map(str, args)]
        ended = subprocess.run(
            command, env=self.env, cwd=cwd or self.folder, capture_output=True, text=True, check=False
        )
        assert ended.returncode == code, f"{command}: {ended.stdout}{ended.stderr}"
        return ended

    def plugins(self):
        return {each["name"]: each for each in json.loads(self.run("kube9", "plugins", "-o", "json"))["plugins"]}

    @contextmanager
    def serve(self, *words):
        """Have a server, which its command line finds by itself; it must end well when it is told to."""
        command = [str(self.bin / "kube9"), "serve", "--port", "0", *words]
        with subprocess.Popen(command, env=self.env, cwd=self.folder, stderr=subprocess.PIPE, text=True) as server:
            try:
                said = ""
                while "Ctrl-C stops the server" not in said:
                    line = server.stderr.readline()
                    assert line, f"the server ended by itself: {said}"
                    said += line
                yield
            finally:
                server.send_signal(signal.SIGTERM)
                server.stderr.read()
        assert server.returncode == 0
