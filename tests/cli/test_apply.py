"""``kube9 apply``: documents are sent as they are, and what is wrong is told by the names of their files."""

from __future__ import annotations

import json

import pytest

NODE = """
apiVersion: kube9/v1
kind: Node
metadata: {name: n1}
spec: {capacity: {cpu: "4", memory: 8Gi}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  serviceAccountName: robot
  containers:
  - name: web
    image: nginx
    resources: {requests: {cpu: 500m}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: nginx}]}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {ports: [{port: 80}]}
"""


@pytest.fixture
def file(tmp_path):
    """Write a file of documents; returns its name."""

    def file(*documents, name="all.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("---".join(documents))
        return str(path)

    return file


def test_documents_of_every_kind_are_created_once(live, run, file):
    path = file(NODE, POD, DEPLOYMENT, SERVICE)
    first = run("apply", "-f", path)
    assert first.exit_code == 0, first.stderr
    assert [line.split(",")[0] for line in first.stdout.splitlines()] == [
        "node n1 created",
        "pod web created",
        "deployment api created",
        "service api skipped",
    ]
    again = run("apply", "-f", path)
    assert [line.split(",")[0].split()[-1] for line in again.stdout.splitlines()] == [*["unchanged"] * 3, "skipped"]


def test_what_is_not_honoured_is_a_warning_with_its_place(live, run, file):
    path = file(POD, SERVICE)
    result = run("apply", "-f", path)
    lines = result.stderr.splitlines()
    assert any(f"Warning: {path}, document 1: spec.serviceAccountName: " in line for line in lines)
    assert any(f"Warning: {path}, document 2: " in line for line in lines)
    assert "Warning" not in result.stdout


def test_a_deployment_is_changed(live, run, file):
    run("apply", "-f", file(DEPLOYMENT))
    changed = run("apply", "-f", file(DEPLOYMENT.replace("replicas: 2", "replicas: 3")))
    assert changed.stdout == "deployment api configured\n"


def test_everything_that_is_wrong_is_told_with_its_file_and_nothing_is_done(live, run, said, file):
    good = file(POD, name="folder/a.yaml")
    bad = file(
        POD.replace("name: web", "name: other", 1).replace("500m", "much"),
        POD.replace("image:", "imgae:"),
        name="folder/b.yaml",
    )
    result = run("apply", "-f", good.rpartition("/")[0])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{bad}, document 1: spec.containers[0].resources.requests.cpu: expected a quantity" in result.stderr
    assert f"{bad}, document 2: spec.containers[0].imgae" in result.stderr
    assert "items[" not in result.stderr
    assert said("pod", "list")["items"] == []


def test_a_name_that_is_there_twice_is_told_with_both_places(live, run, file):
    path = file(POD, POD)
    result = run("apply", "-f", path)
    assert result.exit_code == 2
    assert (
        f"{path}, document 2: metadata.name: there is another Pod 'web' in this set ({path}, document 1)"
        in result.stderr
    )


def test_standard_input(live, start):
    ended = start("apply", "-f", "-", input=POD)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("pod web created")


def test_a_namespace_for_all(live, run, said, file):
    assert run("apply", "-f", file(POD), "-n", "team").exit_code == 0
    assert said("pod", "show", "web", "-n", "team")["metadata"]["namespace"] == "team"


def test_a_dry_run_only_says_what_would_be(live, run, said, file):
    live.add_nodes("n1")
    result = run("apply", "--dry-run", "-f", file(POD))
    assert result.stdout.splitlines()[1].split() == ["web", "n1"]
    assert said("pod", "list")["items"] == []


def test_json_is_the_answer_of_the_api(live, run, file):
    live.add_nodes("n1")
    document = json.loads(run("apply", "-f", file(POD), "-o", "json").stdout)
    assert document["items"][0]["nodeName"] == "n1"
    assert len(document["warnings"]) == 1


@pytest.mark.parametrize(
    "args,message",
    [
        (("-f", "none.yaml"), "none.yaml: there is no such file"),
        ((), "Missing option '-f'"),
    ],
)
def test_misuse_is_explained(live, run, args, message):
    result = run("apply", *args)
    assert message in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


def test_an_empty_file_and_one_that_is_no_yaml_are_misuse(live, run, file):
    assert "there is no document in" in run("apply", "-f", file("")).stderr
    broken = run("apply", "-f", file("a: [1"))
    assert broken.exit_code == 2
    assert "line 2, column 1" in broken.stderr


@pytest.mark.parametrize(
    "name,outcomes",
    [
        ("k8s-examples-guestbook-frontend", ["deployment frontend created"]),
        ("k8s-website-cpu-request-limit", ["pod cpu-example/cpu-demo created"]),
        ("k8s-website-pod-nginx", ["pod nginx created"]),
        ("k8s-website-pod-with-toleration", ["pod nginx created"]),
        ("microservices-cartservice", ["deployment cartservice created", "service cartservice skipped"]),
    ],
)
def test_manifests_written_for_kubernetes_apply(live, run, shared_data, name, outcomes):
    live.add_nodes("n1")
    result = run("apply", "-f", str(shared_data / "manifests" / f"{name}.yaml"))
    assert result.exit_code == 0, result.stderr
    assert [line.split(",")[0] for line in result.stdout.splitlines()] == outcomes
