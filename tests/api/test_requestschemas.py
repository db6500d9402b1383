"""The schemas of bodies let through what the server takes, and say where they are stricter than "an object"."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from kube9.api.requestschemas import REQUEST_SCHEMAS
from kube9.manifest.shape import Treatment
from kube9.manifest.tables import SHAPES

ROOT = Path(__file__).parents[2]
PAGES = ("docs/reference/manifests.md", "docs/howto/run-a-cluster.md", "docs/howto/database.md")


def validator(name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": REQUEST_SCHEMAS}}
    return Draft202012Validator(schema)


def documents():
    """Every manifest that the pages and the examples show, of the kinds that have a schema of their own."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.yaml"))]
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        texts += re.findall(r"^```yaml[^\n]*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    for text in texts:
        for document in yaml.safe_load_all(text):
            if document and f"{document.get('kind')}Manifest" in REQUEST_SCHEMAS:
                yield pytest.param(document, id=f"{document['kind']}-{document['metadata']['name']}")


@pytest.mark.parametrize("document", list(documents()))
def test_what_the_pages_show_is_let_through(document):
    assert [error.message for error in validator(f"{document['kind']}Manifest").iter_errors(document)] == []


def test_each_kind_is_among_them():
    assert {parameter.values[0]["kind"] for parameter in documents()} == {"Node", "Pod", "Deployment"}


@pytest.mark.parametrize(
    "kind,title", [("Node", "spec of a Node"), ("Pod", "spec of a Pod"), ("Deployment", "spec of a Deployment")]
)
def test_the_fields_of_a_spec_are_those_that_are_honoured(kind, title):
    honoured = {
        each.name
        for shape in SHAPES
        if shape.title == title
        for each in shape.fields
        if each.treatment is Treatment.HONOURED
    }
    assert REQUEST_SCHEMAS[f"{kind}Manifest"]["properties"]["spec"]["properties"].keys() == honoured


POD = {"metadata": {"name": "web"}, "spec": {"requests": {"cpu": "1"}}}


@pytest.mark.parametrize(
    "name,document,taken",
    [
        ("PodManifest", POD, True),
        ("PodManifest", {**POD, "kind": "Node"}, False),
        ("PodManifest", {**POD, "apiVersion": "v2"}, False),
        ("PodManifest", {**POD, "metadata": {"name": "Web"}}, False),
        ("PodManifest", {"spec": {}}, False),
        ("PodManifest", {**POD, "spec": {"requests": {"cpu": True}}}, False),
        ("PodManifestOrList", POD, True),
        ("PodManifestOrList", {"kind": "PodList", "items": [POD]}, True),
        ("PodManifestOrList", {"kind": "PodList"}, False),
        ("ManifestList", {"items": [POD]}, False),
        ("ManifestList", {"items": [{"apiVersion": "v1", "kind": "Pod", **POD}]}, True),
        ("Scale", {"spec": {"replicas": 3}}, True),
        ("Scale", {"spec": {"replicas": -1}}, False),
        ("Scale", {"spec": {}}, False),
        ("DrainOptions", {}, True),
        ("DrainOptions", {"gracePeriodSeconds": None}, True),
        ("DrainOptions", {"grace": 1}, False),
        ("DrainOptions", {"deadlineSeconds": 604_800, "parallel": 1, "intervalSeconds": 0.5, "moveBatch": True}, True),
        ("DrainOptions", {"deadlineSeconds": 604_801}, False),
        ("DrainOptions", {"parallel": 0}, False),
        ("DrainOptions", {"noDeadline": 1}, False),
        ("FailOptions", {"permanent": True, "downForSeconds": 1.5}, True),
        ("FailOptions", {"permanent": "yes"}, False),
    ],
)
def test_what_each_takes(name, document, taken):
    assert validator(name).is_valid(document) is taken
