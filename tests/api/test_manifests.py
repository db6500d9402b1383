from __future__ import annotations

import pytest

from kube9.api.manifests import below, warning_headers, warnings_of
from kube9.core.errors import ManifestError, Problem
from kube9.manifest import read_manifests


def test_the_faults_of_a_document_stand_below_its_place_in_the_larger_one():
    error = ManifestError([Problem("spec.cpu", "is wrong"), Problem("", "is no object")])
    assert below("items[3]", error).problems == (
        Problem("items[3].spec.cpu", "is wrong"),
        Problem("items[3]", "is no object"),
    )


@pytest.mark.parametrize(
    "warning,header",
    [
        ("spec.x: is left out", '299 kube9 "spec.x: is left out"'),
        ('it says "no"', "299 kube9 \"it says 'no'\""),
        ("C:\\path", '299 kube9 "C:/path"'),
        ("größe", '299 kube9 "gr??e"'),
        ("two\r\nlines: X-Evil: 1\0", '299 kube9 "two  lines: X-Evil: 1 "'),
        ("x" * 1000, f'299 kube9 "{"x" * 300}"'),
    ],
    ids=["plain", "quotes", "backslash", "umlaut", "lines", "long"],
)
def test_a_warning_is_a_header_whatever_it_says(warning, header):
    assert warning_headers([warning]) == [("Warning", header)]


def test_headers_are_not_the_place_for_hundreds_of_them():
    assert len(warning_headers(f"warning {number}" for number in range(500))) == 20


def test_warnings_of_several_documents_say_which_they_are_about():
    pod = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {serviceAccountName: robot, containers: [%s]}}"
    text = pod % "{name: main, image: nginx}"
    read = read_manifests(f"{text}\n---\n{text.replace('web', 'two')}", "pods.yaml").manifests
    assert [warning.partition(":")[0] for warning in warnings_of(read)] == [manifest.source for manifest in read]


def post(api, kind, document, query=""):
    return api.post(f"/v1/{kind}{query}", document)


@pytest.mark.parametrize(
    "kind,document",
    [
        ("pods", {"metadata": {"name": "x"}, "spec": {"requests": {"cpu": "1"}}}),
        ("pods", {"kind": "Pod", "metadata": {"name": "x"}, "spec": {"requests": {"cpu": "1"}}}),
        ("nodes", {"metadata": {"name": "x"}, "spec": {"capacity": {"cpu": "1"}}}),
        ("deployments", {"metadata": {"name": "x"}, "spec": {"template": {"spec": {"requests": {"cpu": "1"}}}}}),
    ],
)
def test_a_body_need_not_say_what_the_address_says(api, kind, document):
    assert post(api, kind, document).status_code == 201


@pytest.mark.parametrize("kind", ["pods", "nodes", "deployments"])
def test_a_body_may_not_say_that_it_is_something_else(api, kind):
    document = {"apiVersion": "kube9/v1", "kind": "Something", "metadata": {"name": "x"}, "spec": {}}
    assert "kind" in api.paths_of(post(api, kind, document))


def test_the_namespace_of_the_address_is_that_of_each_document_which_may_say_no_other(api):
    documents = [api.document("Pod", api.pod_manifest(name)) for name in ("a", "b")]
    answer = post(api, "apply", {"items": documents}, "?namespace=blue")
    assert [item["namespace"] for item in answer.json["items"]] == ["blue", "blue"]
    documents[1]["metadata"]["namespace"] = "red"
    assert api.paths_of(post(api, "apply", {"items": documents}, "?namespace=blue")) == ["items[1].metadata.namespace"]


def test_the_faults_of_all_documents_are_told_at_once(api):
    wrong = api.document("Pod", {"metadata": {"name": "A"}, "spec": {"requests": {"cpu": "lots"}}})
    assert api.paths_of(post(api, "apply", {"items": [wrong, 1, wrong]})) == [
        "items[0].metadata.name",
        "items[0].spec.requests.cpu",
        "items[1]",
        "items[2].metadata.name",
        "items[2].spec.requests.cpu",
    ]
    assert api.plane.view.pods() == []
