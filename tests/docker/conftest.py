"""Whole clusters on a real engine: `kube9 serve` as a process, its command line, and nodes that are containers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

import kube9

#: For whatever a cluster comes to by itself; a machine under load takes a while to start twenty containers.
PATIENCE_S = 90


class LiveCluster:
    """A server with a state directory of its own, at the same port each time it is started, and an engine."""

    def __init__(self, engine, folder):
        self.engine, self.folder, self.process, self.mark = engine, folder, None, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE9_", "XDG_"))}
        self.env = {**kept, "KUBE9_STATE_DIR": str(folder / "state"), "DOCKER_HOST": engine.address}
        self.log = folder / "server.log"

    def start(self):
        command = ["serve", "--port", str(self.port), "--backend", f"docker:base={self.engine.node_base}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kube9", *command],
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

    def kube9(self, *args):
        """What a command says, which must go well."""
        done = subprocess.run(
            [sys.executable, "-m", "kube9", *args],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, (args, done.stdout, done.stderr)
        return done.stdout

    def ask(self, question):
        """What a client is told; nothing while the server is away."""
        token = self.folder / "state" / "token"
        try:
            url, given = f"http://127.0.0.1:{self.port}", token.read_text(encoding="ascii").strip()
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
        return json.dumps({"nodes": self.nodes(), "pods": self.pods(), "containers": self.copies()}, indent=1)

    def tail(self):
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def add_nodes(self, *names):
        self.kube9("node", "add", *names, "--cpu", "2", "--memory", "2Gi", "--wait")
        uid = self.ask(lambda client: client.node(names[0]))["metadata"]["uid"]
        (container,) = self.containers(f"kube9.node-uid={uid}", "kube9.role=node")
        self.mark = container["Labels"]["kube9.cluster"]

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

    def containers(self, *labels):
        """Those with all these labels, also when they have ended."""
        return self.engine.client.api.containers(all=True, filters={"label": list(labels)})

    def copies(self):
        """The containers of pods that run, as ``(pod, node, epoch)``: one for each, where all is well."""
        found = self.containers(f"kube9.cluster={self.mark}", "kube9.role=container")
        running = [container["Labels"] for container in found if container["State"] == "running"]
        return sorted((one["kube9.pod"], one["kube9.node"], int(one["kube9.epoch"])) for one in running)

    def as_known(self):
        """The containers that there should be, by what the server says."""
        return sorted((name, pod["nodeName"], pod["epoch"]) for name, pod in self.pods().items())

    def close(self):
        if self.process is None or self.process.poll() is not None:
            return
        try:
            self.delete_nodes()
        finally:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def live_on(tmp_path):
    """Start a cluster without nodes on an engine; it and its nodes are gone afterwards, and leave nothing there."""

    @contextmanager
    def live_on(engine):
        cluster = LiveCluster(engine, tmp_path)
        try:
            cluster.start()
            yield cluster
        finally:
            try:
                cluster.close()
            finally:
                left = engine.left(cluster.mark) if cluster.mark else {}
                engine.remove(cluster.mark) if left else None
        assert left == {}, "the cluster left something on the engine"

    return live_on


@pytest.fixture
def cluster(engine, live_on):
    """A cluster without nodes on the engine that all tests share."""
    with live_on(engine) as cluster:
        yield cluster


@pytest.fixture
def own_cluster(own_engine, live_on):
    """A cluster without nodes on an engine of its own."""
    with live_on(own_engine) as cluster:
        yield cluster
