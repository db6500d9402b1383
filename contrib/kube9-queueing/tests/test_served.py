"""The orders in a real `kube9 serve`, where pods say how long they run, or do not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from kube9 import Client, Kube9Error

PATIENCE_S = 60


@pytest.fixture
def serve(tmp_path):
    """Start a server with a queue and one node of ten cores; returns a client of it."""
    env = {**os.environ, "KUBE9_PLUGINS": "queueing", "KUBE9_STRICT_PLUGINS": "1"}
    env["KUBE9_STATE_DIR"] = str(tmp_path / "state")
    started = []

    def serve(queue):
        command = [sys.executable, "-m", "kube9", "serve", "--port", "0", "--nodes", "1xcpu=10", "--queue", queue]
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, env=env))
        record = tmp_path / "state" / "server.json"

        def is_there():
            assert started[-1].poll() is None, "the server ended"
            return record.is_file()

        wait_until(is_there)
        token = (tmp_path / "state" / "token").read_text(encoding="ascii").strip()
        client = Client(json.loads(record.read_text(encoding="utf-8"))["url"], token=token)
        next(client.watch_events(after=0, type="NodeReady"))
        return client

    yield serve
    for server in started:
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE_S) == 0


def wait_until(holds):
    """Until ``holds()``, or until all patience is used up."""
    waiting, deadline_s = threading.Event(), time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, "it never came to be"
        waiting.wait(0.02)


def launch(client, name, cores, run=None):
    metadata = {"name": name} if run is None else {"name": name, "annotations": {"kube9/expected-run": run}}
    container = {"name": "it", "image": "some", "resources": {"requests": {"cpu": str(cores)}}}
    client.launch_pod(
        {"apiVersion": "kube9/v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
    )


def bound(client):
    return sorted(pod["metadata"]["name"] for pod in client.pods() if pod["status"].get("nodeName"))


def test_easy_lets_those_ahead_who_say_that_they_end_in_time(serve):
    with serve("easy") as client:
        launch(client, "long", 6, "2h")
        launch(client, "wide", 10, "1h")
        launch(client, "short", 2, "30m")
        launch(client, "too-long", 2, "3h")
        launch(client, "silent", 2)
        wait_until(lambda: bound(client) == ["long", "short"])
        behind = "waits behind a pod that fits on no node, which nobody may delay"
        wait_until(lambda: client.pod("silent")["status"]["reason"] == behind)
        assert bound(client) == ["long", "short"]
        client.delete_pod("wide")
        next(client.watch_events(after=0, type="PodBound", name="too-long"))
        wait_until(lambda: bound(client) == ["long", "short", "too-long"])


def test_what_nobody_says_may_be_assumed(serve):
    with serve("easy:assume=10m") as client:
        launch(client, "silent", 6)
        launch(client, "wide", 10)
        launch(client, "quick", 1, "5m")
        launch(client, "also-silent", 1)
        wait_until(lambda: bound(client) == ["quick", "silent"])


def test_the_shortest_of_those_who_wait_goes_first_and_who_says_nothing_last(serve):
    with serve("sjf") as client:
        launch(client, "first", 10)
        launch(client, "wide", 10, "9h")
        launch(client, "silent", 5)
        launch(client, "day", 5, "1d")
        launch(client, "hour", 6, "1h")
        client.delete_pod("first", grace_s=0)
        next(client.watch_events(after=0, type="PodBound", name="wide"))
        client.delete_pod("wide", grace_s=0)
        next(client.watch_events(after=0, type="PodBound", name="hour"))
        wait_until(lambda: bound(client) == ["hour"])


def test_a_pod_that_cannot_be_ranked_is_refused_with_the_reason(serve):
    with serve("sjf") as client:
        launch(client, "first", 10)
        with pytest.raises(Kube9Error, match="annotation kube9/expected-run: expected a whole number and its unit"):
            launch(client, "odd", 10, "soon")
