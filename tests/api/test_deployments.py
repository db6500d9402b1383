from __future__ import annotations

import pytest


def ready(api, name="web"):
    return api.get(f"/v1/deployments/{name}").json["status"]["readyReplicas"]


def test_a_deployment_is_kept_up(api):
    api.node()
    answer = api.post("/v1/deployments", api.deployment_manifest("web", 3))
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/v1/deployments/web?namespace=default"
    api.until(lambda: ready(api) == 3)
    uid = answer.json["metadata"]["uid"]
    pods = api.get(f"/v1/pods?owner={uid}").json["items"]
    assert [pod["metadata"]["name"] for pod in pods] == ["web-1", "web-2", "web-3"]
    assert api.delete("/v1/pods/web-2").status_code == 200
    api.until(lambda: api.get("/v1/pods/web-4").status_code == 200 and ready(api) == 3)


def test_the_same_again_changes_nothing_and_another_changes_it(api):
    first = api.post("/v1/deployments", api.deployment_manifest("web", 1))
    again = api.post("/v1/deployments", api.deployment_manifest("web", 1))
    changed = api.post("/v1/deployments", api.deployment_manifest("web", 1, requests={"cpu": "200m"}))
    assert (first.status_code, again.status_code, changed.status_code) == (201, 200, 200)
    assert [each.json["status"]["revision"] for each in (first, again, changed)] == [1, 1, 2]


def test_a_deployment_is_scaled(api):
    api.node()
    api.post("/v1/deployments", api.deployment_manifest("web", 1))
    assert api.patch("/v1/deployments/web", {"spec": {"replicas": 4}}).json["spec"]["replicas"] == 4
    api.until(lambda: ready(api) == 4)
    assert api.patch("/v1/deployments/web", {"spec": {"replicas": 0}}).status_code == 200
    api.until(lambda: ready(api) == 0)


@pytest.mark.parametrize(
    "body,paths",
    [
        ({}, ["spec"]),
        ({"spec": 3}, ["spec"]),
        ({"spec": {}}, ["spec.replicas"]),
        ({"spec": {"replicas": -1}}, ["spec.replicas"]),
        ({"spec": {"replicas": True}}, ["spec.replicas"]),
        ({"spec": {"replicas": 10**9}}, ["spec.replicas"]),
        ({"spec": {"replicas": 1, "paused": True}}, ["spec.paused"]),
        ({"spec": {"replicas": 1}, "metadata": {}}, ["metadata"]),
    ],
)
def test_only_the_replicas_can_be_patched(api, body, paths):
    api.post("/v1/deployments", api.deployment_manifest("web", 1))
    assert api.paths_of(api.patch("/v1/deployments/web", body)) == paths


def test_deployments_are_listed(api):
    for name in ("a", "b", "c"):
        manifest = api.deployment_manifest(name, 0)
        manifest["metadata"] |= {"namespace": "blue" if name == "b" else "red", "labels": {"tier": name}}
        assert api.post("/v1/deployments", manifest).status_code == 201

    def names(query):
        return [each["metadata"]["name"] for each in api.get(f"/v1/deployments?{query}").json["items"]]

    assert names("") == ["a", "b", "c"]
    assert names("namespace=red") == ["a", "c"]
    assert names("labelSelector=tier+notin+(a)") == ["b", "c"]
    assert names("limit=1") == ["a"]


def test_a_deployment_goes_with_its_pods(api):
    api.node()
    api.post("/v1/deployments", api.deployment_manifest("web", 2))
    api.until(lambda: ready(api) == 2)
    assert api.delete("/v1/deployments/web").status_code == 200
    api.until(lambda: api.get("/v1/deployments/web").status_code == 404)
    assert api.get("/v1/pods").json["items"] == []
    api.problem_of(api.delete("/v1/deployments/web"), 404)


def test_kubernetes_own_deployments_are_taken(api):
    labels = {"app": "web"}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "b"}]}},
        },
    }
    assert api.post("/v1/deployments", manifest).status_code == 201
