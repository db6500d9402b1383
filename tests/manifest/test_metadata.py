from __future__ import annotations

import pytest

from kube9.manifest import parse_document


def test_what_things_are_called(pod):
    spec = parse_document(pod(namespace="shop", labels={"a.b/c": "D_1"}, annotations={"x": "any text\n"})).spec
    assert (spec.name, spec.namespace) == ("p", "shop")
    assert (spec.labels, spec.annotations) == ({"a.b/c": "D_1"}, {"x": "any text\n"})


def test_the_namespace_that_was_asked_for(problems_of, pod):
    assert parse_document(pod(), namespace="shop").spec.namespace == "shop"
    assert parse_document(pod(namespace="shop"), namespace="shop").spec.namespace == "shop"
    assert problems_of(pod(namespace="other"), namespace="shop") == {
        "metadata.namespace": "is 'other', but namespace 'shop' was asked for"
    }


@pytest.mark.parametrize(
    "metadata, path, part",
    [
        ({"name": None}, ".name", "is required"),
        ({"name": 5}, ".name", "expected a text, got the number 5; put it in quotes"),
        ({"name": "a_b"}, ".name", "lower-case"),
        ({"name": "a" * 254}, ".name", "(254 characters)"),
        ({"namespace": "a.b"}, ".namespace", "lower-case"),
        ({"generateName": "a-"}, ".generateName", "give it a name"),
        ({"labels": {"a": "b c"}}, ".labels.a", "expected a text that is empty or of letters"),
        ({"labels": {"a/b/c": "d"}}, ".labels['a/b/c']", "expected a name of letters"),
        ({"labels": ["a"]}, ".labels", "expected an object, got a list"),
        ({"annotations": {"a": True}}, ".annotations.a", "put it in quotes"),
        ({"lables": {}}, ".lables", "did you mean 'labels'?"),
    ],
)
def test_faults_of_metadata(problems_of, pod, metadata, path, part):
    found = problems_of(pod(**metadata))
    assert list(found) == [f"metadata{path}"]
    assert part in found[f"metadata{path}"]


@pytest.mark.parametrize("field", ["uid", "creationTimestamp", "resourceVersion", "ownerReferences", "finalizers"])
def test_what_servers_write_there_is_warned_about(pod, field):
    (warning,) = parse_document(pod(**{field: ["x"]})).warnings
    assert warning.startswith(f"metadata.{field}: ")
    assert parse_document(pod(**{field: None})).warnings == ()
