"""Forms as manifests."""

from __future__ import annotations

import pytest

from kube9_dashboard.model.manifests import node_manifest, pairs, pod_manifest


def test_what_is_left_empty_is_left_out():
    assert pod_manifest(name=" web ") == {"metadata": {"name": "web"}, "spec": {}}


def test_a_pod_with_everything():
    manifest = pod_manifest(
        name="web",
        namespace="team",
        image="nginx",
        command="sh -c 'echo hello'",
        cpu="500m",
        memory="1Gi",
        others="gpu=1",
        labels="app=web, tier=front",
        node_selector="zone=a",
        scheduler="best-fit",
        restart_policy="Never",
        priority=3,
    )
    assert manifest["metadata"] == {"name": "web", "namespace": "team", "labels": {"app": "web", "tier": "front"}}
    assert manifest["spec"] == {
        "containers": [{"name": "main", "image": "nginx", "command": ["sh", "-c", "echo hello"]}],
        "requests": {"cpu": "500m", "memory": "1Gi", "gpu": "1"},
        "nodeSelector": {"zone": "a"},
        "schedulerName": "best-fit",
        "restartPolicy": "Never",
        "priority": 3,
    }


def test_a_node():
    manifest = node_manifest(name="n1", backend="memory", cpu="4", memory="", others="gpu=2", labels="zone=a")
    assert manifest == {
        "metadata": {"name": "n1", "labels": {"zone": "a"}},
        "spec": {"backend": "memory", "capacity": {"cpu": "4", "gpu": "2"}},
    }


def test_pairs_may_stand_on_lines():
    assert pairs("a=1\nb=2,\n", "Labels") == {"a": "1", "b": "2"}


@pytest.mark.parametrize("text", ["zone", "=a", "a=1, b"])
def test_what_is_no_pair_is_told_with_its_field(text):
    with pytest.raises(ValueError, match="Labels: expected name=value"):
        pairs(text, "Labels")
