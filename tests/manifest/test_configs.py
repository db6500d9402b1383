from __future__ import annotations

import base64

import pytest

from kube9.core.containers import Config
from kube9.core.errors import ManifestError
from kube9.manifest import parse_document, read_manifests
from kube9.manifest.configs import read_config_document
from kube9.manifest.reader import Reader

CANARY = "canary-3b9e"


def test_configs_of_a_pod(pod):
    configs = [
        {"name": "a", "data": {"k.conf": "x\ny"}},
        {"name": "b", "secret": True, "data": {"p": "q"}},
        {"name": "c"},
    ]
    assert parse_document(pod({"configs": configs})).spec.configs == (
        Config(name="a", data={"k.conf": "x\ny"}),
        Config(name="b", data={"p": "q"}, secret=True),
        Config(name="c"),
    )


@pytest.mark.parametrize(
    "config, path, part",
    [
        ({"data": {"a": "b"}}, ".name", "is required"),
        ({"name": "a", "data": []}, ".data", "expected an object of texts, got a list"),
        ({"name": "a", "data": {"..": "b"}}, ".data['..']", "expected a name"),
        ({"name": "a", "data": {"a/b": "b"}}, ".data['a/b']", "expected a name"),
        ({"name": "a", "data": {"a": 5}}, ".data.a", "expected a text, got a number; put it in quotes"),
        ({"name": "a", "data": {"a": None}}, ".data.a", "secrets' texts are in nothing that kube9 shows"),
        ({"name": "a", "secret": "yes"}, ".secret", "expected true or false, got a text"),
        ({"name": "a", "stringData": {"a": "b"}}, ".stringData", "unknown field"),
    ],
)
def test_faults_of_a_config(problems_of, pod, config, path, part):
    found = problems_of(pod({"configs": [config]}))
    assert list(found) == [f"spec.configs[0]{path}"]
    assert part in found[f"spec.configs[0]{path}"]


def test_no_two_configs_have_one_name(problems_of, pod):
    assert problems_of(pod({"configs": [{"name": "a"}, {"name": "a"}]})) == {
        "spec.configs[1].name": "there is another config 'a'"
    }


@pytest.mark.parametrize(
    "spec",
    [
        {"configs": CANARY},
        {"configs": [CANARY]},
        {"configs": [{"name": "a", "data": CANARY}]},
        {"configs": [{"name": "a", "data": {"a": [CANARY]}}]},
        {"configs": [{"name": "a", "data": {"a": CANARY + "\0"}}]},
        {"configs": [{"name": "a", "data": {"a": CANARY + "\ud800"}}]},
        {"configs": [{"name": CANARY + "!", "data": {"a": "b"}}]},
        {"configs": [{"name": "a", "secret": CANARY}]},
        {"configs": {"password": CANARY}},
        {"containers": [{"name": "c", "env": [{"name": "A", "value": CANARY + "\0"}]}]},
        {"containers": [{"name": "c", "env": [{"name": "A", "value": {"a": CANARY}}]}]},
    ],
)
def test_no_problem_quotes_what_may_be_secret(problems_of, pod, spec):
    found = problems_of(pod(spec))
    assert found
    assert CANARY not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata: {{a: '{CANARY}'}}",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {CANARY}",
        f"password: '{CANARY}\nkind: Secret",
        f"password: {CANARY}\n  kind: {CANARY}: {CANARY}",
        f"password: [{CANARY}\n]]",
        f'{{"password": "{CANARY}",}}',
        f"password: ! {CANARY}\n\t- {CANARY}",
    ],
)
def test_no_text_that_cannot_be_read_is_quoted(text):
    with pytest.raises(ManifestError) as caught:
        read_manifests(text, "x.yaml")
    assert CANARY not in str(caught.value)


def read(document, **reader):
    reading = Reader(own=False, **reader)
    found = read_config_document(reading, {"apiVersion": "v1", "metadata": {"name": "a"}, **document})
    return found, dict(reading.problems)


def test_config_maps_and_secrets_of_kubernetes():
    assert read({"kind": "ConfigMap", "data": {"a": "b"}, "immutable": True}) == (
        ("default", Config(name="a", data={"a": "b"})),
        {},
    )
    coded = base64.encodebytes("größe".encode()).decode()
    secret = {"kind": "Secret", "type": "Opaque", "data": {"a": coded, "b": coded}, "stringData": {"b": "plain"}}
    assert read(secret, asked_namespace="shop") == (
        ("shop", Config(name="a", data={"a": "größe", "b": "plain"}, secret=True)),
        {},
    )


@pytest.mark.parametrize(
    "document, path",
    [
        ({"kind": "Secret", "data": {"a": "not base64!"}}, "data.a"),
        ({"kind": "Secret", "data": {"a": "/w=="}}, "data.a"),
        ({"kind": "Secret", "data": {"a": 5}}, "data.a"),
        ({"kind": "ConfigMap", "binaryData": {"a": "/w=="}}, "binaryData"),
        ({"kind": "ConfigMap", "data": {"a": 5}}, "data.a"),
        ({"kind": "ConfigMap", "metadata": {}}, "metadata.name"),
    ],
)
def test_faults_of_config_maps_and_secrets(document, path):
    found, problems = read(document)
    assert found is None
    assert list(problems) == [path]
