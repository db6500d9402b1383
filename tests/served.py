"""A whole cluster as its user has it: `kube9 serve` as a process, its command line, and its client."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import kube9
from kube9.testing.reservedport import ReservedPort

#: For whatever a cluster comes to by itself; a machine under load takes a while to start twenty containers.
PATIENCE_S = 90


class Served:
    """A server with a state directory of its own, at the same port each time it is started.

    :param serve: more words for ``kube9 serve``.
    :param env: variables for it and the command line, over those that the tests have.
    :param host: where it listens.
    """

    def __init__(self, folder, *serve, env=None, host="127.0.0.1"):
        self.folder, self.process, self.host = folder, None, host
        # Bound for as long as this is there, so that nobody else gets the port while nothing listens.
        self.kept = ReservedPort(host)
        self.port = self.kept.number
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE9_", "XDG_"))}
        self.env = {**kept, "KUBE9_STATE_DIR": str(folder / "state"), **(env or {})}
        self.command = ["serve", "--host", host, "--port", str(self.port), *serve]
        self.log = folder / "server.log"

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kube9", *self.command],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.until(lambda: self.ask(lambda client: client.ready()), "the server is ready")

    def kill(self):
        """As a power cut does."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def run(self, *args):
        """What became of a command."""
        return subprocess.run(
            [sys.executable, "-m", "kube9", *args],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def kube9(self, *args):
        """What a command says, which must go well."""
        done = self.run(*args)
        assert done.returncode == 0, (args, done.stdout, done.stderr, self.tail())
        return done.stdout

    def ask(self, question):
        """What a client is told; nothing while the server is away."""
        token = self.folder / "state" / "token"
        try:
            url, given = f"http://{self.host}:{self.port}", token.read_text(encoding="ascii").strip()
            with kube9.Client(url, token=given) as client:
                return question(client)
        except (FileNotFoundError, kube9.Kube9Error):
            return None

    def until(self, come_true, what):
        """Wait for something; what it was when it came true."""
        deadline_s, waiting = time.monotonic() + PATIENCE_S, threading.Event()
        while not (found := come_true()):
            assert self.process.poll() is None, self.tail()
            assert time.monotonic() < deadline_s, f"not in time: {what}\n{self.state()}\n{self.tail()}"
            waiting.wait(0.05)
        return found

    def state(self):
        return json.dumps({"nodes": self.nodes(), "pods": self.pods()}, indent=1)

    def tail(self):
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def delete_nodes(self):
        if names := sorted(self.nodes()):
            self.kube9("node", "delete", *names, "--wait")

    def nodes(self):
        """The phase of each."""
        return {node["metadata"]["name"]: node["status"]["phase"] for node in self.ask(lambda c: list(c.nodes())) or ()}

    def pods(self):
        """The status of each, which says where it is and how it fares."""
        return {pod["metadata"]["name"]: pod["status"] for pod in self.ask(lambda client: list(client.pods())) or ()}

    def all_run(self, number):
        pods = self.pods()
        return len(pods) == number and all(pod["phase"] == "Running" and pod["ready"] for pod in pods.values())

    def close(self):
        """Delete the nodes that there still are, and end the server, if it runs."""
        self.kept.close()
        if self.process is None or self.process.poll() is not None:
            return
        try:
            self.delete_nodes()
        finally:
            self.process.kill()
            self.process.wait()
