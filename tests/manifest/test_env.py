from __future__ import annotations

import pytest

from kube9.core.containers import ConfigKey, EnvVar
from kube9.manifest import parse_document

CONFIGS = [
    {"name": "plain", "data": {"a": "1", "b": "2"}},
    {"name": "db", "data": {"password": "x"}, "secret": True},
]


def plain(name, value):
    return EnvVar(name=name, value=value)


def sourced(name, config, key):
    return EnvVar(name=name, source=ConfigKey(config, key))


@pytest.mark.parametrize(
    "fields, variables",
    [
        ({"env": [{"name": "A", "value": "1"}, {"name": "B"}]}, [plain("A", "1"), plain("B", "")]),
        ({"env": [{"name": "A", "value": None}]}, [plain("A", "")]),
        (
            {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "plain", "key": "a"}}}]},
            [sourced("A", "plain", "a")],
        ),
        (
            {"env": [{"name": "A", "value": "", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]},
            [sourced("A", "db", "password")],
        ),
        ({"envFrom": [{"configMapRef": {"name": "plain"}}]}, [sourced("a", "plain", "a"), sourced("b", "plain", "b")]),
        ({"envFrom": [{"prefix": "P_", "secretRef": {"name": "db"}}]}, [sourced("P_password", "db", "password")]),
        (
            {"envFrom": [{"configMapRef": {"name": "plain"}}], "env": [{"name": "a", "value": "mine"}]},
            [sourced("b", "plain", "b"), plain("a", "mine")],
        ),
    ],
)
def test_variables(running, fields, variables):
    (container,) = parse_document(running(spec={"configs": CONFIGS}, **fields)).spec.containers
    assert list(container.env) == variables


def test_of_two_variables_of_one_name_the_last_counts(running):
    manifest = parse_document(running(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]))
    assert manifest.spec.containers[0].env == (plain("A", "2"),)
    assert manifest.warnings == ("spec.containers[0].env: 'A' is there more than once; the last one counts",)


@pytest.mark.parametrize(
    "fields",
    [
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "nowhere", "key": "a", "optional": True}}}]},
        {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "plain", "key": "z", "optional": True}}}]},
        {"envFrom": [{"secretRef": {"name": "nowhere", "optional": True}}]},
    ],
)
def test_what_is_optional_and_not_there_is_left_out_with_a_warning(running, fields):
    manifest = parse_document(running(spec={"configs": CONFIGS}, **fields))
    assert manifest.spec.containers[0].env == ()
    (warning,) = manifest.warnings
    assert "left out, since it is optional" in warning


@pytest.mark.parametrize(
    "fields, path, part",
    [
        ({"env": {"A": "1"}}, "env", "expected a list, got an object"),
        ({"env": [{"value": "1"}]}, "env[0].name", "is required"),
        ({"env": [{"name": "A=B"}]}, "env[0].name", "without '='"),
        ({"env": [{"name": "A", "value": True}]}, "env[0].value", "got a boolean; put it in quotes (without them YAML"),
        ({"env": [{"name": "A", "value": 4711}]}, "env[0].value", "got a number; put it in quotes"),
        (
            {"env": [{"name": "A", "value": "1", "valueFrom": {"configMapKeyRef": {"name": "plain", "key": "a"}}}]},
            "env[0]",
            "expected value or valueFrom, got both",
        ),
        ({"env": [{"name": "A", "valueFrom": {}}]}, "env[0].valueFrom", "got none"),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]},
            "env[0].valueFrom.fieldRef",
            "is not",
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "plain", "key": "z"}}}]},
            "env[0].valueFrom.configMapKeyRef.key",
            "config 'plain' has no key 'z'; it has: a, b",
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "db", "key": "password"}}}]},
            "env[0].valueFrom.configMapKeyRef.name",
            "is a secret",
        ),
        ({"envFrom": [{}]}, "envFrom[0]", "expected exactly one of configMapRef and secretRef, got none"),
        ({"envFrom": [{"secretRef": {"name": "x"}}]}, "envFrom[0].secretRef.name", "there is no config 'x' under"),
        ({"envFrom": [{"prefix": "=", "secretRef": {"name": "db"}}]}, "envFrom[0].prefix", "without '='"),
    ],
)
def test_faults_of_variables(problems_of, running, fields, path, part):
    found = problems_of(running(spec={"configs": CONFIGS}, **fields))
    assert list(found) == [f"spec.containers[0].{path}"]
    assert part in found[f"spec.containers[0].{path}"]


def test_a_pod_of_kubernetes_is_told_where_to_put_its_configs(problems_of, running):
    found = problems_of(running("v1", envFrom=[{"configMapRef": {"name": "settings"}}]))
    assert found == {
        "spec.containers[0].envFrom[0].configMapRef.name": (
            "there is no ConfigMap 'settings': kube9 keeps no ConfigMaps by themselves. Put a v1 ConfigMap of that "
            "name into the same set of documents, or its texts under spec.configs of the pod with apiVersion: kube9/v1"
        )
    }


def test_prefix_and_key_together_are_no_longer_than_a_name_may_be(problems_of, running):
    configs = [{"name": "plain", "data": {"k" * 253: "1"}}]
    found = problems_of(
        running(spec={"configs": configs}, envFrom=[{"prefix": "p" * 990, "configMapRef": {"name": "plain"}}])
    )
    assert list(found) == ["spec.containers[0].envFrom[0].prefix"]
