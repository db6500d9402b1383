"""With a real `kube9 serve` in which the package is installed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from kube9 import Client

SECRET = "a secret of more than sixteen bytes"


class Served:
    """A server with the plugin, and what it says."""

    def __init__(self, folder, env):
        self.env = {
            **os.environ,
            "KUBE9_STATE_DIR": str(folder / "state"),
            "KUBE9_PLUGINS": "notify",
            "KUBE9_STRICT_PLUGINS": "1",
            "KUBE9_NOTIFY_SECRET": SECRET,
            **env,
        }
        command = [sys.executable, "-m", "kube9", "serve", "--port", "0", "--nodes", "2xcpu=4"]
        self.said = (folder / "said").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stdout=self.said, stderr=self.said, env=self.env)

    def client(self, folder):
        url = self.read_url(folder / "state" / "server.json")
        return Client(url, token=(folder / "state" / "token").read_text(encoding="ascii").strip())

    def read_url(self, record):
        deadline_s = time.monotonic() + 60
        waiting = threading.Event()
        while not record.is_file():
            assert self.process.poll() is None, self.all_said()
            assert time.monotonic() < deadline_s, self.all_said()
            waiting.wait(0.02)
        return json.loads(record.read_text(encoding="utf-8"))["url"]

    def end(self):
        """Stop it in order; everything that it said."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, self.all_said()
        return self.all_said()

    def all_said(self):
        self.said.flush()
        self.said.seek(0)
        return self.said.read()


@pytest.fixture
def serve(tmp_path):
    started = []

    def serve(receiver, **more):
        quick = {"BACKOFF_MS": "20", "BACKOFF_MS_MAX": "50", "ATTEMPTS": "100000"}
        # A try that was taken, but not in time, would come again.
        patient = {"TIMEOUT_MS": "60000", "GRACE_MS": "30000"}
        env = {f"KUBE9_NOTIFY_{name}": value for name, value in {"URL": receiver.url, **quick, **patient}.items()}
        started.append(Served(tmp_path, {**env, **more}))
        return started[-1]

    yield serve
    for served in started:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait()
        served.said.close()


def test_what_happens_in_a_cluster_arrives(serve, receiver, tmp_path):
    served = serve(receiver, KUBE9_NOTIFY_EVENTS="node-ready,pod-bound,node-failed")
    with served.client(tmp_path) as client:
        receiver.wait_for(2)
        client.launch_pod({"apiVersion": "kube9/v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {}})
        receiver.wait_for(3)
        client.fail_node("node-0001")
        documents = receiver.wait_for(4)
    assert [document["event"] for document in documents][:3] == ["node-ready", "node-ready", "pod-bound"]
    assert {documents[0]["node"]["name"], documents[1]["node"]["name"]} == {"node-0001", "node-0002"}
    assert documents[2]["pod"]["name"] == "web"
    assert documents[2]["pod"]["epoch"] == 1
    assert all(genuine for _, _, genuine, _ in receiver.tries)
    said = served.end()
    assert SECRET not in said
    assert "hidden" not in said


def test_a_receiver_that_is_away_holds_up_nothing_and_gets_all_when_it_is_back(serve, make_receiver, tmp_path):
    receiver = make_receiver(listening=False)
    served = serve(receiver, KUBE9_NOTIFY_EVENTS="pod-bound")
    pods = [
        {"apiVersion": "kube9/v1", "kind": "Pod", "metadata": {"name": f"p{number}"}, "spec": {}}
        for number in range(20)
    ]
    with served.client(tmp_path) as client:
        client.launch_pods(pods)
        next(client.watch_events(after=0, type="PodRunning", name="p19"))
    receiver.answers = [500]
    receiver.start()
    names = [document["pod"]["name"] for document in receiver.wait_for(21)]
    assert names == ["p0", *(f"p{number}" for number in range(20))]
    assert "does not take messages" in served.end()


def test_the_server_ends_although_something_is_left_and_says_so(serve, make_receiver, tmp_path):
    served = serve(make_receiver(listening=False), KUBE9_NOTIFY_EVENTS="node-ready")
    with served.client(tmp_path) as client:
        for name in ("node-0001", "node-0002"):
            next(client.watch_events(after=0, type="NodeReady", name=name))
    said = served.end()
    assert "2 messages were not delivered to http://127.0.0.1:" in said


def test_settings_that_cannot_be_are_shown_with_the_plugin(tmp_path):
    env = {**os.environ, "KUBE9_PLUGINS": "notify", "KUBE9_NOTIFY_URL": "http://localhost:1/"}
    done = subprocess.run(
        [sys.executable, "-m", "kube9", "plugins"], capture_output=True, text=True, env=env, check=False
    )
    assert "expected one of KUBE9_NOTIFY_SECRET and KUBE9_NOTIFY_SECRET_FILE" in done.stdout + done.stderr


def test_the_package_is_listed_with_its_hooks():
    env = {**os.environ, "KUBE9_PLUGINS": "notify", "KUBE9_STRICT_PLUGINS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "kube9", "plugins"], capture_output=True, text=True, env=env, check=True
    )
    assert "kube9-notify" in done.stdout
