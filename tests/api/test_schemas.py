"""What the API answers is what its schemas say; tests/api/test_openapi.py asks it much more, and takes its time."""

from __future__ import annotations

import re

import pytest
from jsonschema import Draft202012Validator

from kube9.api import Limits
from kube9.api.application import RESOURCES
from kube9.api.openapi import openapi_document
from kube9.api.schemas import SCHEMAS

OPENAPI = openapi_document(RESOURCES, Limits())


def faults(schema, document):
    """Where ``document`` is not as the schema of that name, or as that schema, has it."""
    schema = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
    validator = Draft202012Validator({**schema, "components": OPENAPI["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_one(name):
    Draft202012Validator.check_schema(SCHEMAS[name])


def questions():
    """Each GET that answers JSON, with the names of things that are there."""
    for path, methods in OPENAPI["paths"].items():
        content = methods.get("get", {"responses": {}})["responses"].get("200", {}).get("content", {})
        if "application/json" in content:
            name = "n1" if path.startswith("/v1/nodes") else "web"
            yield pytest.param(path.replace("{name}", name), content["application/json"]["schema"], id=path)


@pytest.fixture
def cluster(api):
    """One of everything: a pod that runs with labels, one that waits, a deployment with its pods, events."""
    api.node("n1")
    api.pod("web")
    api.pod("huge", requests={"cpu": "64"})
    assert api.post("/v1/deployments", api.deployment_manifest("web", 2)).status_code == 201
    api.until(lambda: api.get("/v1/deployments/web").json["status"]["readyReplicas"] == 2)
    return api


@pytest.mark.parametrize("path,schema", list(questions()))
def test_what_is_shown_is_as_its_schema_says(cluster, path, schema):
    answer = cluster.get(path)
    assert answer.status_code == 200, answer.text
    assert faults(schema, answer.json) == []


def test_what_is_asked_for_is_answered_as_its_schema_says(cluster):
    pods = [cluster.pod_manifest("a"), {"metadata": {"name": "-"}}]
    everything = [cluster.document("Pod", cluster.pod_manifest(name)) for name in ("web", "b")]
    for path, document, schema in (
        ("/v1/nodes", cluster.node_manifest("n2", cpu="1"), "AddedNode"),
        ("/v1/pods", {"kind": "List", "items": pods}, "PodOrBatch"),
        ("/v1/pods", {"metadata": {"name": "-"}}, "Problem"),
        ("/v1/apply", {"items": everything}, "Applied"),
        ("/v1/plan", {"items": everything}, "Plan"),
        ("/v1/nodes/n1/heartbeat", None, "HeartbeatAnswer"),
    ):
        answer = cluster.post(path, document)
        assert faults(schema, answer.get_json(force=True)) == [], (path, answer.text)


def test_a_field_that_no_schema_knows_would_be_noticed(cluster):
    pod = cluster.get("/v1/pods/web").json
    assert faults("Pod", pod) == []
    del pod["status"]["phase"]
    assert re.search("'phase' is a required property", *faults("Pod", pod))
    assert faults("Pod", {**cluster.get("/v1/pods/web").json, "more": 1})
