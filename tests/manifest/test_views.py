from __future__ import annotations

import json

import pytest

from kube9.core.containers import Config, Container
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.drains import Drain
from kube9.core.errors import ManifestError
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec
from kube9.core.pods import DeviceRequest, Owner, Pod, PodPhase, PodSpec
from kube9.manifest import deployment_document, node_document, parse_document, pod_document
from kube9.manifest.written import timestamp

AT_MS = 1_767_225_600_123
CANARY = "canary-3b9e"
SECRET = Config(name="db", data={"password": CANARY}, secret=True)


def pod(spec, **state):
    return Pod(uid="u1", spec=spec, ordinal=0, created_at_ms=AT_MS, **state)


def test_a_waiting_pod():
    spec = PodSpec(name="p", requests={"cpu": 500}, labels={"a": "b"})
    assert pod_document(pod(spec, reason="0 of 1 nodes fit"), None) == {
        "apiVersion": "kube9/v1",
        "kind": "Pod",
        "metadata": {
            "name": "p",
            "namespace": "default",
            "uid": "u1",
            "labels": {"a": "b"},
            "creationTimestamp": "2026-01-01T00:00:00.123Z",
        },
        "spec": {"requests": {"cpu": "500m"}},
        "status": {
            "phase": "Pending",
            "nodeName": None,
            "epoch": 0,
            "ready": False,
            "restarts": 0,
            "reason": "0 of 1 nodes fit",
            "exitCode": None,
            "startedAt": None,
            "finishedAt": None,
            "devices": {},
            "deleting": False,
            "evicting": False,
            "leaving": False,
        },
    }


def test_a_pod_of_a_deployment_that_ended():
    spec = PodSpec(name="p-1", namespace="shop", devices=(DeviceRequest(kind="gpu", count=2),))
    document = pod_document(
        pod(
            spec,
            phase=PodPhase.FAILED,
            epoch=3,
            restarts=2,
            exit_code=1,
            started_at_ms=AT_MS,
            finished_at_ms=AT_MS + 1000,
            devices={"gpu": (0, 3)},
            owner=Owner("d1", 2),
        ),
        "n1",
    )
    assert document["metadata"]["ownerReferences"] == [
        {"apiVersion": "kube9/v1", "kind": "Deployment", "name": "p", "uid": "d1", "revision": 2}
    ]
    assert document["status"] == {
        "phase": "Failed",
        "nodeName": "n1",
        "epoch": 3,
        "ready": False,
        "restarts": 2,
        "reason": "",
        "exitCode": 1,
        "startedAt": "2026-01-01T00:00:00.123Z",
        "finishedAt": "2026-01-01T00:00:01.123Z",
        "devices": {"gpu": [0, 3]},
        "deleting": False,
        "evicting": False,
        "leaving": False,
    }


def test_a_deployment():
    spec = DeploymentSpec(name="web", replicas=4, template=PodSpec(name="web"))
    deployment = Deployment(uid="d1", spec=spec, ordinal=0, created_at_ms=AT_MS, revision=2)
    pods = [
        pod(spec.template, phase=PodPhase.RUNNING, ready=True, owner=Owner("d1", 2)),
        pod(spec.template, phase=PodPhase.RUNNING, owner=Owner("d1", 1)),
        pod(spec.template, phase=PodPhase.RUNNING, ready=True, owner=Owner("d1", 1), deleting=True),
        pod(spec.template, owner=Owner("d1", 2)),
        pod(spec.template, phase=PodPhase.FAILED, owner=Owner("d1", 2)),
    ]
    document = deployment_document(deployment, pods)
    assert document["spec"] == {"replicas": 4, "template": {"spec": {}}}
    assert document["status"] == {
        "replicas": 4,
        "readyReplicas": 1,
        "pendingReplicas": 1,
        "updatedReplicas": 2,
        "revision": 2,
        "failures": 0,
        "deleting": False,
    }


def test_a_node():
    spec = NodeSpec(
        name="n", capacity={"cpu": 4000, "memory": 2**33, "pods": 10}, devices=(DeviceGroup(kind="gpu", count=2),)
    )
    node = Node(
        uid="u", spec=spec, ordinal=0, phase=NodePhase.READY, cordoned=True, created_at_ms=AT_MS, token_digest=CANARY
    )
    document = node_document(node, {"cpu": 1500, "gpu": 500, "memory": 0, "pods": 2}, 2)
    assert document["spec"] == {
        "backend": "memory",
        "capacity": {"cpu": "4", "memory": "8Gi", "pods": "10"},
        "devices": [{"kind": "gpu", "count": 2}],
        "unschedulable": True,
    }
    assert document["status"] == {
        "phase": "Ready",
        "reason": "",
        "failures": 0,
        "deleting": False,
        "capacity": {"cpu": "4", "memory": "8Gi", "pods": "10", "gpu": "2000"},
        "allocatable": {"cpu": "2500m", "memory": "8Gi", "pods": "8", "gpu": "1500"},
        "used": {"cpu": "1500m", "gpu": "500"},
        "pods": 2,
        "drain": None,
    }
    assert CANARY not in json.dumps(document)


def test_a_node_that_is_drained_shows_how_far_that_is():
    drain = Drain(
        began_at_ms=AT_MS, deadline_at_ms=AT_MS + 1000, pods=5, moving=("u1", "u2"), waiting_for="pod web to stop"
    )
    node = Node(uid="u", spec=NodeSpec(name="n"), ordinal=0, cordoned=True, drain=drain)
    shown = node_document(node, {}, 3)["status"]["drain"]
    assert (shown.pop("startedAt"), shown.pop("deadline")) == (timestamp(AT_MS), timestamp(AT_MS + 1000))
    assert shown == {"total": 5, "left": 3, "moving": 2, "waitingFor": "pod web to stop"}


def test_no_secret_is_shown():
    spec = PodSpec(name="web", configs=(SECRET, Config(name="s", data={"a": "shown"})))
    deployment = Deployment(uid="d", spec=DeploymentSpec(name="web", template=spec), ordinal=0, created_at_ms=AT_MS)
    for document in (pod_document(pod(spec), None), deployment_document(deployment, [pod(spec)])):
        shown = json.dumps(document)
        assert CANARY not in shown
        assert '"data": {"password": null}, "secret": true' in shown
        assert '"a": "shown"' in shown
    assert CANARY not in repr((pod(spec), deployment))


def test_what_is_shown_may_be_applied_again():
    spec = PodSpec(name="p", containers=(Container(name="c", image="x:1"),))
    manifest = parse_document(json.loads(json.dumps(pod_document(pod(spec), "n1"))))
    assert manifest.spec == spec
    assert [warning.partition(": ")[0] for warning in manifest.warnings] == [
        "metadata.uid",
        "metadata.creationTimestamp",
        "status",
    ]


@pytest.mark.parametrize("cordoned", [False, True])
def test_a_node_that_is_shown_may_be_applied_again(cordoned):
    spec = NodeSpec(name="n", capacity={"cpu": 4000, "pods": 9}, devices=(DeviceGroup(kind="gpu", count=2),))
    node = Node(uid="u", spec=spec, ordinal=0, phase=NodePhase.READY, cordoned=cordoned, created_at_ms=AT_MS)
    manifest = parse_document(json.loads(json.dumps(node_document(node, {"cpu": 500}, 1))))
    assert manifest.spec == spec
    assert [warning.partition(": ")[0] for warning in manifest.warnings] == [
        "metadata.uid",
        "metadata.creationTimestamp",
        *(["spec.unschedulable"] if cordoned else []),
        "status",
    ]


def test_a_secret_that_is_not_shown_is_not_applied_as_nothing():
    with pytest.raises(ManifestError, match=r"spec\.configs\[0\]\.data\.password: expected a text, got null"):
        parse_document(pod_document(pod(PodSpec(name="p", configs=(SECRET,))), None))


def test_all_that_is_shown_is_json(specs):
    from hypothesis import given

    @given(specs["Pod"])
    def holds(spec):
        document = pod_document(pod(spec), "n1")
        assert json.loads(json.dumps(document)) == document

    holds()
