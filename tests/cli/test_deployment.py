"""``kube9 deployment``, against a real server."""

from __future__ import annotations

import pytest

DOCUMENT = """
kind: Deployment
apiVersion: kube9/v1
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  replicas: 2
  template: {{spec: {{requests: {{cpu: 100m}}}}}}
"""


@pytest.fixture
def apply(live, run, tmp_path):
    live.add_nodes("n1")

    def apply(name, *args):
        path = tmp_path / "deployment.yaml"
        path.write_text(DOCUMENT.format(name=name))
        result = run("apply", "-f", str(path), *args)
        assert result.exit_code == 0, result.stderr

    return apply


def test_they_are_listed_and_shown(apply, live, done, said):
    apply("web")
    apply("api", "-n", "team")
    live.wait_for("PodRunning", 4)
    assert [line.split()[:3] for line in done("deployment", "list")] == [
        ["NAME", "READY", "UPDATED"],
        ["web", "2/2", "2"],
    ]
    assert [line.split()[:3] for line in done("deployment", "list", "-A")[1:]] == [
        ["default", "web", "2/2"],
        ["team", "api", "2/2"],
    ]
    assert len(done("deployment", "list", "-A", "-l", "app=api")) == 2
    told = dict(line.split(":", 1) for line in done("deployment", "show", "web"))
    assert (told["Name"].strip(), told["Ready"].strip(), told["Labels"].strip()) == ("web", "2/2", "app=web")
    assert said("deployment", "show", "api", "-n", "team")["spec"]["replicas"] == 2


def test_they_are_scaled(apply, done, said):
    apply("web")
    assert done("deployment", "scale", "web", "--replicas", "3", "--wait") == ["deployment web scaled to 3"]
    assert said("deployment", "show", "web")["status"]["readyReplicas"] == 3
    assert said("deployment", "scale", "web", "--replicas", "0", "--wait")["status"]["readyReplicas"] == 0


def test_they_go_with_their_pods(apply, done, run, said):
    apply("web")
    assert done("deployment", "delete", "web", "--wait") == ["deployment web deleted"]
    assert said("pod", "list")["items"] == []
    assert run("deployment", "delete", "web").exit_code == 2


def test_time_runs_out_with_how_many_there_are(apply, done, run):
    apply("web")
    done("deployment", "scale", "web", "--replicas", "40", "--wait")
    result = run("deployment", "scale", "web", "--replicas", "50", "--wait", "--timeout", "300ms")
    assert result.exit_code == 1
    assert result.stderr == "Error: waited 0.3 s for deployment web to have 50 pods: web has 40 of 50\n"
