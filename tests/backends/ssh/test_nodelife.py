"""The life of a node, with a server as users start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

import kube9
from kube9.agent.proctable import start_of
from kube9.testing.reservedport import ReservedPort

pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]

PATIENCE_S = 60
POD = {
    "apiVersion": "kube9/v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {"containers": [{"name": "main", "command": ["sh", "-c", "echo $$ > pid; exec sleep 1000"]}]},
}


class Server:
    """`kube9 serve` as a process, whose user is the one that may log in to the machines."""

    def __init__(self, ssh, folder):
        self.folder, self.log = folder, folder / "server.log"
        self.env = {
            **ssh.environment,
            "KUBE9_STATE_DIR": str(folder / "state"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        # Bound for as long as this is there, so that nobody else gets the port while nothing listens.
        self.kept = ReservedPort()
        self.url = f"http://127.0.0.1:{self.kept.number}"
        self.start()

    def start(self):
        command = [sys.executable, "-m", "kube9", "serve", "--port", self.url.rpartition(":")[2], "--backend", "ssh"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.until(lambda: self.ask(lambda client: client.ready()), "ready")

    def ask(self, question):
        """What a client is told; nothing while there is no server."""
        try:
            token = (self.folder / "state" / "token").read_text(encoding="ascii").strip()
            with kube9.Client(self.url, token=token) as client:
                return question(client)
        except (FileNotFoundError, kube9.Kube9Error):
            return None

    def kube9(self, *args):
        """What a command says, which must go well."""
        command = [sys.executable, "-m", "kube9", *args]
        env = {**self.env, "KUBE9_SERVER": self.url}
        done = subprocess.run(
            command, env=env, cwd=self.folder, capture_output=True, text=True, check=False, timeout=90
        )
        assert done.returncode == 0, (args, done.stdout, done.stderr, self.said)
        return done.stdout

    @property
    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")[-3_000:]

    def until(self, wanted, what):
        waiting, end_s = threading.Event(), time.monotonic() + PATIENCE_S
        while not (found := wanted()):
            assert time.monotonic() < end_s, f"it never came to be {what}; the server says:\n{self.said}"
            waiting.wait(0.05)
        return found

    def join(self, machine, name="n1"):
        options = [word for pair in machine.options.items() for word in ("--option", "=".join(pair))]
        self.kube9(
            "node", "add", name, "--cpu", "1", "--memory", "1Gi", "--wait", "--option", "runtime=process", *options
        )

    def node(self, name="n1"):
        return self.ask(lambda client: client.node(name))

    def phase(self, name="n1"):
        node = self.node(name)
        return node and node["status"]["phase"]

    def event_types(self):
        """What happened to the node so far."""
        return {event["type"] for event in self.ask(lambda client: client.events(kind="Node", name="n1")) or ()}

    def status(self):
        """Of the pod."""
        pod = self.ask(lambda client: client.pod("web"))
        return pod and pod["status"]

    def run(self):
        self.ask(lambda client: client.apply([POD]))
        return self.until(lambda: (told := self.status()) and told["phase"] == "Running" and told, "running")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE_S) == 0, self.said

    def close(self):
        self.kept.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def server(ssh, tmp_path):
    with closing(Server(ssh, tmp_path)) as server:
        yield server


def agent_of(machine):
    """Which process the agent of the machine's node is."""
    (path,) = machine.root.glob("*/*/run/agent.json")
    return json.loads(path.read_text(encoding="ascii"))["pid"]


def test_an_agent_that_dies_alone_is_brought_back_and_its_pods_go_on(server, ssh):
    machine = ssh.machine()
    server.join(machine)
    before = server.run()
    (path,) = server.until(lambda: list(machine.root.glob("*/*/pods/*/files/main/pid")), "begun")
    pid = int(server.until(lambda: path.read_text(encoding="ascii"), "there"))
    start, agent = start_of(pid), agent_of(machine)
    os.kill(agent, signal.SIGKILL)
    # How long it is suspected is up to the machine; that it was is written down.
    server.until(lambda: agent_of(machine) != agent, "brought back")
    server.until(lambda: "NodeSuspected" in server.event_types(), "suspected")
    server.until(lambda: server.phase() == "Ready", "ready again")
    after = server.status()
    assert (start_of(pid), path.read_text(encoding="ascii")) == (start, f"{pid}\n")
    assert (after["phase"], after["restarts"], after["epoch"]) == ("Running", 0, before["epoch"])
    assert after["startedAt"] == before["startedAt"]
    assert agent_of(machine) != agent
    server.kube9("node", "delete", "n1", "--wait")
    assert ssh.left() == {}


def test_a_node_that_was_broken_for_good_stays_so_for_the_next_server(server, ssh):
    machine = ssh.machine()
    server.join(machine)
    server.kube9("node", "fail", "n1", "--permanent")
    server.stop()
    server.start()
    lost = server.until(lambda: server.phase() == "Lost" and server.node(), "given up")
    assert "it was broken for good on purpose" in lost["status"]["reason"]
    assert ssh.left() == {}
    server.kube9("node", "delete", "n1", "--wait")


def test_a_node_that_was_broken_for_a_while_is_brought_back_by_the_next_server(server, ssh):
    machine = ssh.machine()
    server.join(machine)
    server.kube9("node", "fail", "n1", "--for", "15s")
    server.stop()
    server.start()
    server.until(lambda: server.phase() == "Recovering", "restarted")
    assert ssh.left() == {}
    server.until(lambda: server.phase() == "Ready", "back")
    server.kube9("node", "delete", "n1", "--wait")
