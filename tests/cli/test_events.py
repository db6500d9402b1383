"""``kube9 events``, those that were and those that come."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest


@pytest.fixture
def watch():
    """Run a command that goes on; ends with the test, by Ctrl-C."""
    running = []

    def watch(*args):
        command = [sys.executable, "-m", "kube9", *args]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield watch
    for process in running:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert (process.returncode, told.strip()) == (130, "Interrupted.")


def test_the_last_are_listed_the_newest_at_the_end(live, done, said):
    live.add_nodes("n1", "n2")
    done("pod", "run", "web", "--wait")
    live.wait_for("PodRunning")
    lines = [line.split() for line in done("events")]
    assert lines[0] == ["ID", "TIME", "TYPE", "OBJECT", "MESSAGE"]
    assert [line[2:5] for line in lines[1:]][-2:] == [["PodBound", "pod", "web"], ["PodRunning", "pod", "web"]]
    assert [event["id"] for event in said("events", "--limit", "2")["items"]] == [len(lines) - 2, len(lines) - 1]
    assert {event["name"] for event in said("events", "--kind", "Node", "--name", "n2")["items"]} == {"n2"}
    assert {event["type"] for event in said("events", "--type", "NodeReady")["items"]} == {"NodeReady"}
    assert said("events", "--since-id", "2")["items"][0]["id"] == 3
    assert said("events", "-n", "other")["items"] == []


def test_they_are_watched_across_a_restart_and_none_is_missed(live, run, watch):
    live.add_nodes("n1")
    watching = watch("events", "--watch", "-o", "json", "--limit", "1")
    first = json.loads(watching.stdout.readline())
    assert first["type"] == "NodeReady"
    live.stop()
    live.start()
    run("pod", "run", "web", "--wait")
    ids = [first["id"]]
    for line in watching.stdout:
        event = json.loads(line)
        ids.append(event["id"])
        if event["type"] == "PodRunning":
            break
    assert ids == list(range(first["id"], first["id"] + len(ids)))


def test_pods_are_watched(live, run, watch):
    live.add_nodes("n1")
    run("pod", "run", "first", "--label", "app=x", "--wait")
    watching = watch("pod", "list", "--watch", "-l", "app=x")
    assert watching.stdout.readline().split()[:5] == ["NAME", "READY", "STATUS", "RESTARTS", "NODE"]
    assert watching.stdout.readline().split()[:5] == ["first", "yes", "Running", "0", "n1"]
    run("pod", "run", "other", "--wait")
    run("pod", "run", "second", "--label", "app=x", "--cpu", "64")
    assert watching.stdout.readline().split()[:3] == ["second", "no", "Pending"]
    run("pod", "delete", "second", "--wait")
    assert watching.stdout.readline().split()[:3] == ["second", "no", "Deleted"]


def test_pods_are_watched_as_lines_of_json(live, run, watch):
    live.add_nodes("n1")
    watching = watch("pod", "list", "--watch", "-o", "json", "--phase", "Running")
    while not live.server._streams.open:
        assert watching.poll() is None
    run("pod", "run", "web", "--wait")
    pod = json.loads(watching.stdout.readline())
    assert (pod["metadata"]["name"], pod["status"]["phase"]) == ("web", "Running")


def test_nodes_are_watched(live, run, watch):
    live.add_nodes("n1", "n2")
    watching = watch("node", "list", "--watch", "-l", "kube9.test!=x")
    assert watching.stdout.readline().split()[:3] == ["NAME", "STATUS", "PODS"]
    assert [watching.stdout.readline().split()[:2] for _ in range(2)] == [["n1", "Ready"], ["n2", "Ready"]]
    run("node", "cordon", "n2")
    assert watching.stdout.readline().split()[:2] == ["n2", "Ready,cordoned"]
    run("node", "add", "n3", "--label", "kube9.test=x", "--wait")
    run("node", "delete", "n2", "--wait")
    lines = iter(watching.stdout.readline, "")
    assert next(line.split()[:2] for line in lines if "deleting" not in line) == ["n2", "Deleted,cordoned"]
