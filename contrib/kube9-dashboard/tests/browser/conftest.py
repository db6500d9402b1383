"""A real server with nodes in memory, the dashboard beside it, and a real Chromium that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import kube9

playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs Playwright: pip install 'kube9-dashboard[test]', or run `tox -e contrib`"
)

_KUBE9 = Path(sys.executable).with_name("kube9")
_NEVER = threading.Event()

#: How long anything may take on a machine that has other work.
PATIENCE_S = 60.0


class Server:
    """``kube9 serve``, which may be stopped and started again at the same address."""

    def __init__(self, folder, nodes):
        self.folder, self._nodes = folder, nodes
        self.port = free_port()
        self._process = None

    def start(self):
        command = [_KUBE9, "--quiet", "serve", "--port", str(self.port), "--state-dir", self.folder, *self._nodes]
        with (self.folder.parent / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        # Those that it was given are kept; it is given them once.
        self._nodes = []
        wait_until(lambda: _answers(self.port), self._process)

    def stop(self):
        end(self._process)

    def client(self):
        return kube9.Client(state_dir=str(self.folder), server=f"http://127.0.0.1:{self.port}")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def _answers(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def wait_until(holds, process=None):
    """Until ``holds()``, or until ``process`` has ended or all patience is used up."""
    for _ in range(int(PATIENCE_S / 0.1)):
        if holds():
            return
        assert process is None or process.poll() is None, "it ended instead"
        _NEVER.wait(0.1)
    raise AssertionError("it never came to be")


def end(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def server(tmp_path):
    (tmp_path / "state").mkdir()
    server = Server(tmp_path / "state", ["--nodes", "3xcpu=4,memory=8Gi"])
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cluster(server):
    with server.client() as client:
        wait_until(lambda: client.status()["nodes"] == {"Ready": 3})
        yield client


@pytest.fixture
def dashboard(server, tmp_path):
    """Its address."""
    port = free_port()
    # From a directory of its own, and with a home of its own, for Streamlit reads settings from both.
    env = {**os.environ, "HOME": str(tmp_path)}
    with (tmp_path / "dashboard.log").open("wb") as log:
        process = subprocess.Popen(
            [_KUBE9, "dashboard", "--port", str(port), "--refresh", "0.5", "--state-dir", server.folder],
            stdout=log,
            stderr=log,
            env=env,
            cwd=tmp_path,
        )
    wait_until(lambda: _answers(port), process)
    yield f"http://127.0.0.1:{port}"
    end(process)
    assert "Traceback" not in (tmp_path / "dashboard.log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="session")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        # Where everything is installed for the tests there is no reason to leave these out.
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs Chromium: apt install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(_QUIET))
        yield browser
        browser.close()


#: It runs as root in containers, and is to talk to nobody on the internet by itself.
_QUIET = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture
def open_page(chromium, dashboard):
    """Opens a path of the dashboard in a window, as wide and as dark as it is wanted."""
    contexts = []

    def open_(path="", *, width=1200, scheme="light"):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        context.set_default_timeout(PATIENCE_S * 1000)
        contexts.append(context)
        page = context.new_page()
        page.requested = []
        page.on("request", lambda request: page.requested.append(request.url))
        page.goto(f"{dashboard}/{path}")
        page.locator(".state").wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
