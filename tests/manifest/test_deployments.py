from __future__ import annotations

import pytest

from kube9.core.containers import Container
from kube9.core.deployments import NAME_CHARS_MAX, DeploymentSpec
from kube9.core.pods import PodSpec
from kube9.manifest import REPLICAS_MAX, parse_document

CONTAINER = {"name": "c", "image": "x:1"}


def deployment(version="apps/v1", template=None, metadata=None, **spec):
    made = {"labels": {"app": "web"}}, {"containers": [CONTAINER]}
    return {
        "apiVersion": version,
        "kind": "Deployment",
        "metadata": {"name": "web", **(metadata or {})},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": made[0], "spec": made[1], **(template or {})},
            **spec,
        },
    }


def test_a_deployment():
    metadata = {"namespace": "shop", "labels": {"a": "b"}, "annotations": {"c": "d"}}
    template = PodSpec(
        name="web", namespace="shop", labels={"app": "web"}, containers=(Container(name="c", image="x:1"),)
    )
    assert parse_document(deployment(metadata=metadata, replicas=3)).spec == DeploymentSpec(
        name="web", namespace="shop", labels={"a": "b"}, annotations={"c": "d"}, replicas=3, template=template
    )


def test_one_replica_where_nothing_is_said_and_no_selector_in_kube9_s_own():
    assert parse_document(deployment("kube9/v1", selector=None)).spec.replicas == 1


@pytest.mark.parametrize(
    "allowed, replicas, pods",
    [(2, 4, 2), ("25%", 8, 2), ("25%", 7, 1), ("25%", 3, 1), ("100%", 10, 10), ("50%", 0, 1)],
)
def test_how_many_pods_may_be_missing(allowed, replicas, pods):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": allowed}}
    assert parse_document(deployment(replicas=replicas, strategy=strategy)).spec.max_unavailable == pods


@pytest.mark.parametrize(
    "field, value",
    [
        ("strategy", {"rollingUpdate": {"maxSurge": "25%"}}),
        ("minReadySeconds", 5),
        ("progressDeadlineSeconds", 600),
        ("revisionHistoryLimit", 3),
        ("template", {"metadata": {"name": "x", "labels": {"app": "web"}}, "spec": {"containers": [CONTAINER]}}),
    ],
)
def test_what_changes_no_pod_is_warned_about(field, value):
    (warning,) = parse_document(deployment(**{field: value})).warnings
    assert warning.startswith(f"spec.{field}")


@pytest.mark.parametrize(
    "document, path, part",
    [
        (deployment(replicas=-1), "spec.replicas", "from 0"),
        (deployment(replicas=REPLICAS_MAX + 1), "spec.replicas", f"to {REPLICAS_MAX}"),
        (deployment(replicas="3"), "spec.replicas", "got the text '3'"),
        (deployment(selector=None), "spec.selector", "is required"),
        (deployment(selector={}), "spec.selector", "must not be empty"),
        (deployment(selector={"matchLabels": {"app": "x"}}), "spec.selector.matchLabels.app", "a selector must match"),
        (
            deployment(selector={"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}),
            "spec.selector.matchExpressions[0]",
            "do not meet app NotIn web",
        ),
        (deployment(strategy={"type": "Recreate"}), "spec.strategy.type", "Recreate is not supported"),
        (deployment(strategy={"type": "Blue"}), "spec.strategy.type", "expected one of RollingUpdate"),
        (
            deployment(strategy={"rollingUpdate": {"maxUnavailable": 0}}),
            "spec.strategy.rollingUpdate.maxUnavailable",
            "must be at least 1",
        ),
        (
            deployment(strategy={"rollingUpdate": {"maxUnavailable": "0%"}}),
            "spec.strategy.rollingUpdate.maxUnavailable",
            "must be at least 1",
        ),
        (
            deployment(strategy={"rollingUpdate": {"maxUnavailable": "101%"}}),
            "spec.strategy.rollingUpdate.maxUnavailable",
            "a percentage such as 25%",
        ),
        (deployment(paused=True), "spec.paused", "is not supported"),
        (
            deployment(template=None) | {"spec": {"selector": {"matchLabels": {"a": "b"}}}},
            "spec.template",
            "is required",
        ),
        (deployment(template={"spec": {}}), "spec.template.spec.containers", "is required"),
        (
            deployment(template={"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}),
            "spec.template.spec.restartPolicy",
            "must be Always, got Never",
        ),
        (
            deployment(template={"spec": {"containers": [CONTAINER], "hostPID": True}}),
            "spec.template.spec.hostPID",
            "is not supported",
        ),
        (deployment(metadata={"name": "a" * (NAME_CHARS_MAX + 1)}), "metadata.name", "has at most 240"),
    ],
)
def test_faults_of_a_deployment(problems_of, document, path, part):
    found = problems_of(document)
    assert list(found) == [path]
    assert part in found[path]


def test_the_pods_are_in_the_namespace_that_was_asked_for():
    assert parse_document(deployment(), namespace="shop").spec.template.namespace == "shop"
