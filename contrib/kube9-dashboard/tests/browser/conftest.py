"""A real server with nodes in memory, the dashboard beside it, and a real Chromium that looks at it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

import kube9
from kube9.testing.reservedport import ReservedPort

playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs Playwright: pip install 'kube9-dashboard[test]', or run `tox -e contrib`"
)

_KUBE9 = Path(sys.executable).with_name("kube9")
_NEVER = threading.Event()

#: How long anything may take on a machine that has other work.
PATIENCE_S = 60.0


class Server:
    """``kube9 serve``, which may be stopped and started again at the same address."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self._process = None

    def start(self):
        # One that was killed has left it there.
        self.record.unlink(missing_ok=True)
        command = [_KUBE9, "--quiet", "serve", "--port", str(self.port), "--state-dir", self.folder]
        with (self.folder.parent / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        # It listens before it has a token, and is there to be found when it has everything.
        wait_until(self.record.is_file, self._process)

    def ensure_running(self):
        if self._process.poll() is not None:
            self.start()

    def stop(self):
        end(self._process)

    @property
    def record(self):
        """What it says of itself while it runs."""
        return self.folder / "server.json"

    def client(self):
        return kube9.Client(state_dir=str(self.folder), server=f"http://127.0.0.1:{self.port}")


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


@pytest.fixture
def until():
    """Waits until something holds: ``until(lambda: ...)``."""
    return wait_until


def end(process):
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server") / "state"
    folder.mkdir()
    with ReservedPort() as port:
        server = Server(folder, port)
        server.start()
        yield server
        server.stop()


#: What each test finds.
NODES = ("node-0001", "node-0002", "node-0003")


@pytest.fixture
def cluster(server):
    """A client; the nodes are as at the beginning, and there are no pods."""
    # A test that failed may have left it stopped.
    server.ensure_running()
    with server.client() as client:
        for pod in client.pods():
            with unless_gone():
                client.delete_pod(pod["metadata"]["name"], namespace=pod["metadata"]["namespace"], grace_s=0)
        for node in client.nodes():
            if not is_as_new(node):
                with unless_gone():
                    client.delete_node(node["metadata"]["name"])
        wait_until(lambda: not list(client.pods()) and all(is_as_new(node) for node in client.nodes()))
        for name in NODES:
            client.add_node({"metadata": {"name": name}, "spec": {"capacity": {"cpu": "4", "memory": "8Gi"}}})
        wait_until(lambda: client.status()["nodes"] == {"Ready": len(NODES)})
        yield client


@contextlib.contextmanager
def unless_gone():
    """What the test before has deleted may be listed still, and gone a moment later."""
    try:
        yield
    except kube9.Kube9Error as exc:
        if getattr(exc, "status", 0) != 404:
            raise


def is_as_new(node):
    """Whether it is one of those that tests begin with, and nothing was done to it."""
    ready = node["status"]["phase"] == "Ready" and not node["status"]["deleting"]
    return node["metadata"]["name"] in NODES and ready and not node["spec"]["unschedulable"]


@pytest.fixture(scope="session")
def dashboard(server, tmp_path_factory):
    """Its address."""
    # In a directory of its own, and with a home of its own, for Streamlit reads settings from both.
    folder = tmp_path_factory.mktemp("dashboard")
    with ReservedPort() as port, (folder / "log").open("wb") as log:
        command = [_KUBE9, "dashboard", "--port", str(port), "--refresh", "0.5", "--state-dir", server.folder]
        # Wide enough that no path in a traceback is broken.
        env = {**os.environ, "HOME": str(folder), "COLUMNS": "400"}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=folder)
        wait_until(lambda: _answers(port), process)
        yield f"http://127.0.0.1:{port}"
        end(process)
    told = (folder / "log").read_text(encoding="utf-8", errors="replace")
    # Streamlit has tracebacks of its own where a browser goes away while it is connecting.
    assert "kube9_dashboard" not in told, told


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


def load(page, address):
    """Go there, and have it all."""
    for _ in range(5):
        try:
            page.goto(address)
            page.locator(".state").wait_for(timeout=PATIENCE_S * 300)
            page.locator(".board").nth(1).wait_for(state="attached", timeout=PATIENCE_S * 300)
        except playwright.Error:
            continue
        return
    raise AssertionError(f"{address} never came")


@pytest.fixture(scope="session")
def scripts():
    """Serves what never changes, once it was read.

    Chromium drops what it is loading whenever a network of the machine comes or goes, as those of containers do.
    """
    kept = {}

    def serve(route):
        address = route.request.url
        if address not in kept:
            with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
                kept[address] = {"status": answer.status, "headers": dict(answer.headers), "body": answer.read()}
        # Whoever asked may have gone on to another page by now.
        with contextlib.suppress(playwright.Error):
            route.fulfill(**kept[address])

    return serve


@pytest.fixture
def open_page(chromium, dashboard, scripts):
    """Opens a path of the dashboard in a window, as wide and as dark as it is wanted."""
    contexts = []

    def open_(path="", *, width=1200, scheme="light"):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        context.set_default_timeout(PATIENCE_S * 1000)
        contexts.append(context)
        context.route(f"{dashboard}/static/**", scripts)
        page = context.new_page()
        page.requested = []
        page.load = lambda address: load(page, address)
        page.on("request", lambda request: page.requested.append(request.url))
        load(page, f"{dashboard}/{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
