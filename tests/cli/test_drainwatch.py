"""``kube9 node drain`` while it waits, against a real server."""

from __future__ import annotations

import threading

import pytest

from kube9.cli import drainwatch
from kube9.cli.drainwatch import DrainWatch
from kube9.client import Client

WEB = """
apiVersion: kube9/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  template: {spec: {requests: {cpu: 500m}}}
"""


@pytest.fixture
def client(live):
    with Client() as client:
        yield client


@pytest.fixture
def web(live, done, tmp_path):
    """Three pods of a deployment on a node, and another node."""
    live.add_nodes("n1")
    (tmp_path / "web.yaml").write_text(WEB)
    done("apply", "-f", str(tmp_path / "web.yaml"))
    live.wait_for("PodRunning", 3)
    live.add_nodes("n2")


def test_pods_of_a_deployment_are_replaced_one_by_one(live, web, run, client):
    since = live.plane.events.last_id
    result = run("node", "drain", "n1")
    assert (result.exit_code, result.stdout) == (0, "node n1 drained\n")
    told = sorted(result.stderr.splitlines())
    assert told == [f"pod web-{number} is gone from n1; deployment web has others" for number in (1, 2, 3)]
    assert {pod["status"]["nodeName"] for pod in client.pods()} == {"n2"}
    live.wait_for("NodeDrained")
    # No pod of it went before another had come.
    running = 3
    for event in live.plane.events.since(since):
        running += {"PodRunning": 1, "PodDeleted": -1}.get(event.type, 0)
        assert 3 <= running <= 4
    assert running == 3


def test_any_other_moves(live, run, said):
    live.add_nodes("n1", "n2")
    for name in ("a", "b"):
        said("pod", "run", name, "--cpu", "1", "--wait")
    result = run("node", "drain", "n1", "--interval", "10ms", "-o", "json")
    assert result.stderr.splitlines() == [f"pod {name} moved from n1 to n2" for name in "ab"]
    assert '"drain": null' in result.stdout


def test_a_server_that_restarts_goes_on_with_it(live, web, run, client, done):
    done("node", "drain", "n1", "--detach", "--interval", "300ms")
    live.wait_for("NodeDrainStarted")
    live.stop()
    live.start()
    result = run("node", "drain", "n1")
    assert (result.exit_code, result.stdout) == (0, "node n1 drained\n")
    assert {pod["status"]["nodeName"] for pod in client.pods()} == {"n2"}
    assert sum(1 for _ in client.pods()) == 3


def test_one_that_is_undone_is_told_to_have_failed(live, run, done):
    live.add_nodes("n1")
    done("pod", "run", "a", "--cpu", "1", "--wait")
    ended = []
    waits = threading.Thread(target=lambda: ended.append(run("node", "drain", "n1")))
    waits.start()
    live.wait_for("NodeDrainStarted")
    live.plane.cancel_drain("n1")
    waits.join(60)
    (result,) = ended
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: the drain of node n1 was undone; 1 pods stay on it\n"


def test_ctrl_c_ends_the_waiting_and_not_the_drain(live, done, client, capsys):
    """What is waited for is asked of the client: one that is interrupted there."""
    live.add_nodes("n1")
    done("pod", "run", "a", "--cpu", "1", "--wait")

    class Interrupted(Client):
        def node(self, name):
            raise KeyboardInterrupt

    with Interrupted() as interrupted:
        watch = DrainWatch(interrupted, ["n1"])
        client.drain_node("n1")
        with pytest.raises(KeyboardInterrupt):
            watch.wait(["n1"], None)
    assert capsys.readouterr().err == "\nThe drain goes on; 'kube9 node drain n1 --cancel' undoes it.\n"
    assert client.node("n1")["status"]["drain"]["left"] == 1


class Seen:
    """A client of which it is known what it will see."""

    def __init__(self, **pods):
        self.pods_now, self.node_now = (
            pods,
            {"status": {"drain": {"left": 1, "total": 1, "moving": 0, "waitingFor": ""}}},
        )

    def node(self, _):
        return self.node_now

    def pods(self, *, node):
        return [pod for pod in self.pods_now.values() if pod["status"]["nodeName"] == node]

    def pod(self, name, *, namespace):
        return self.pods_now[name]


def pod(name, phase="Running", node="n1", reason="", **meta):
    metadata = {"name": name, "namespace": "team", "uid": f"uid-{name}", **meta}
    return {"metadata": metadata, "status": {"phase": phase, "nodeName": node, "reason": reason}}


@pytest.mark.parametrize(
    "after,told",
    [
        (pod("p", node="n2"), "pod team/p moved from n1 to n2"),
        (pod("p", phase="Succeeded"), "pod team/p ended on n1: Succeeded"),
        (pod("p", phase="Pending", node=None, reason="no room"), "pod team/p left n1 and waits: no room"),
        (pod("p", uid="another", node="n2"), "pod team/p is gone from n1"),
    ],
)
def test_what_became_of_a_pod(capsys, after, told):
    client = Seen(p=pod("p"))
    watch = DrainWatch(client, ["n1"])
    client.pods_now["p"], client.node_now = after, {"status": {"drain": None}}
    assert watch.wait(["n1"], 1) == drainwatch.Ended(("n1",), (), (client.node_now,))
    assert capsys.readouterr().err == f"{told}\n"
