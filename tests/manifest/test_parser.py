from __future__ import annotations

import copy
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube9.core.errors import ManifestError
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.manifest import (
    Manifest,
    Parser,
    deployment_spec_document,
    node_spec_document,
    parse_document,
    pod_spec_document,
)
from kube9.manifest.parser import MEMO_ENTRIES
from kube9.manifest.reader import PROBLEMS_MAX
from kube9.manifest.tables import SHAPES

WRITERS = {"Pod": pod_spec_document, "Deployment": deployment_spec_document, "Node": node_spec_document}

FIELDS = sorted({field.name for shape in SHAPES for field in shape.fields})

#: Something of nearly everything, to be spoilt.
FULL_POD = {
    "apiVersion": "kube9/v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"a": "b"}},
    "spec": {
        "configs": [{"name": "db", "data": {"password": "x"}, "secret": True}, {"name": "s", "data": {"k": "v"}}],
        "volumes": [
            {"name": "a", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
            {"name": "b", "configMap": {"name": "s", "items": [{"key": "k", "path": "x/y"}], "defaultMode": 420}},
            {"name": "c", "secret": {"secretName": "db"}},
            {"name": "d", "namedVolume": {"name": "v"}},
        ],
        "containers": [
            {
                "name": "c",
                "image": "nginx",
                "command": ["a"],
                "args": ["b"],
                "env": [
                    {"name": "A", "value": "1"},
                    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                ],
                "envFrom": [{"prefix": "P_", "configMapRef": {"name": "s"}}],
                "resources": {"requests": {"cpu": "500m"}, "limits": {"cpu": 1, "memory": "1Gi"}},
                "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}],
                "volumeMounts": [{"name": "a", "mountPath": "/a", "subPath": "b", "readOnly": True}],
                "livenessProbe": {"httpGet": {"port": "http", "httpHeaders": [{"name": "H", "value": "v"}]}},
                "readinessProbe": {"exec": {"command": ["x"]}, "periodSeconds": 3},
                "startupProbe": {"tcpSocket": {"port": 80}, "failureThreshold": 9},
            }
        ],
        "initContainers": [{"name": "i", "image": "busybox"}],
        "devices": [{"kind": "gpu", "count": 1, "milli": 500, "models": ["T4"]}],
        "requests": {"cpu": "2"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "z", "operator": "In", "values": ["a"]}]}]
                }
            }
        },
        "priority": 5,
        "schedulerName": "best-fit",
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 5,
        "hostNetwork": True,
    },
}
FULL_DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": 1}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1"}]},
        },
    },
}
FULL_NODE = {
    "apiVersion": "kube9/v1",
    "kind": "Node",
    "metadata": {"name": "n", "labels": {"zone": "a"}},
    "spec": {
        "backend": "memory",
        "capacity": {"cpu": "4", "pods": 10},
        "devices": [{"kind": "gpu", "count": 4, "model": "T4"}],
        "taints": [{"key": "k", "value": "v", "effect": "NoExecute"}],
        "options": {"a": "b"},
    },
}

JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def places(value, path=()):
    """The path of each value within a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield from places(inner, (*path, step))


def spoilt(document, path, value, key):
    """A copy with ``value`` at ``path``, or under another key beside it."""
    if not path:
        return value
    whole = copy.deepcopy(document)
    around = whole
    for step in path[:-1]:
        around = around[step]
    if key is not None and isinstance(around, dict):
        around[key] = value
    else:
        around[path[-1]] = value
    return whole


def outcome(read):
    """The manifest, or the problems."""
    try:
        return read()
    except ManifestError as exc:
        return exc.problems


SPOILT = st.sampled_from((FULL_POD, FULL_DEPLOYMENT, FULL_NODE)).flatmap(
    lambda document: st.builds(
        spoilt,
        st.just(document),
        st.sampled_from(list(places(document))),
        JSON_LIKE,
        st.none() | st.sampled_from(FIELDS) | st.text(max_size=3),
    )
)


@pytest.mark.parametrize("document", [FULL_POD, FULL_DEPLOYMENT, FULL_NODE], ids=["pod", "deployment", "node"])
def test_the_full_documents_are_sound(document):
    assert parse_document(document).kind == document["kind"]


@settings(max_examples=400)
@given(SPOILT | JSON_LIKE, st.sampled_from((None, "Pod", "Deployment", "Node")), st.sampled_from((None, "shop")))
def test_any_document_has_problems_or_can_be_written_and_read_again(document, kind, namespace):
    found = outcome(lambda: Parser().document(document, kind=kind, namespace=namespace))
    if isinstance(found, Manifest):
        stored = json.loads(json.dumps(WRITERS[found.kind](found.spec)))
        assert parse_document(stored, kind=found.kind).spec == found.spec
    else:
        assert found
        "".join(map(str, found)).encode()


@settings(max_examples=400)
@given(SPOILT)
def test_remembering_changes_nothing(document):
    parser = Parser()
    parser.document(FULL_POD)
    first, again = (outcome(lambda: parser.document(document)) for _ in range(2))
    assert first == again == outcome(lambda: parse_document(document))


def test_a_pod_that_is_remembered_takes_its_own_name_and_source(pod):
    parser = Parser()
    spec = {"requests": {"cpu": "1"}, "serviceAccountName": "x"}
    first = parser.document(pod(spec), source="a")
    second = parser.document(json.loads(json.dumps(pod(spec, name="q"))), source="b")
    assert second == Manifest("Pod", PodSpec(name="q", requests={"cpu": 1000}), "b", first.warnings)
    assert second.spec.shape is first.spec.shape
    assert first.spec.name == "p"


def test_equal_values_of_different_types_are_told_apart(pod):
    parser = Parser()
    assert parser.document(pod({"priority": 1})).spec.priority == 1
    for wrong in (True, 1.0):
        with pytest.raises(ManifestError, match="expected a whole number"):
            parser.document(pod({"priority": wrong}))


def test_a_bad_name_is_found_though_the_rest_is_remembered(pod):
    parser = Parser()
    parser.document(pod())
    with pytest.raises(ManifestError, match=r"metadata\.name: expected a name"):
        parser.document(pod(name="Not_a_name"))


def test_kind_and_namespace_beside_the_document_are_part_of_what_is_remembered(pod):
    parser = Parser()
    assert parser.document(pod()).spec.namespace == "default"
    assert parser.document(pod(), namespace="shop").spec.namespace == "shop"
    with pytest.raises(ManifestError, match="expected Node"):
        parser.document(pod(), kind="Node")


def test_only_so_many_shapes_are_remembered(pod):
    parser = Parser()
    for priority in range(MEMO_ENTRIES + 5):
        assert parser.document(pod({"priority": priority})).spec.priority == priority
    assert len(parser._memo) == MEMO_ENTRIES


def test_threads_may_share_a_parser(pod):
    parser = Parser()
    documents = [pod({"priority": number % (2 * MEMO_ENTRIES)}, name=f"p{number}") for number in range(4096)]
    with ThreadPoolExecutor(4) as pool:
        specs = [manifest.spec for manifest in pool.map(parser.document, documents)]
    assert [spec.name for spec in specs] == [document["metadata"]["name"] for document in documents]
    assert [spec.priority for spec in specs] == [document["spec"]["priority"] for document in documents]


def test_what_the_address_says_need_not_be_said_again():
    assert parse_document({"metadata": {"name": "n"}, "spec": {}}, kind="Node").spec == NodeSpec(name="n", backend="")


@pytest.mark.parametrize(
    "document, problems",
    [
        ({"kind": "Pod"}, {"apiVersion": "is required"}),
        ({}, {"apiVersion": "is required", "kind": "is required"}),
        ({"apiVersion": 1, "kind": ["Pod"]}, {"apiVersion": "got the number 1", "kind": "got a list"}),
        ({"apiVersion": "v1", "kind": "Node"}, {"apiVersion": "expected kube9/v1 for a Node"}),
        ({"apiVersion": "v2", "kind": "Pod"}, {"apiVersion": "expected kube9/v1 or v1 for a Pod"}),
        ({"apiVersion": "v1", "kind": "Prod"}, {"kind": "did you mean Pod?"}),
        ({"apiVersion": "batch/v1", "kind": "Job"}, {"kind": "apply a pod with restartPolicy OnFailure"}),
        ({"apiVersion": "v1", "kind": "Secret"}, {"kind": "put its texts under spec.configs"}),
        ({"apiVersion": "v1", "kind": "Pod"}, {"metadata": "is required", "spec": "is required"}),
        ([], {"": "expected an object, got a list"}),
        (None, {"": "expected an object, got null"}),
    ],
)
def test_documents_of_no_use(problems_of, document, problems):
    found = problems_of(document)
    assert found.keys() == problems.keys()
    for path, part in problems.items():
        assert part in found[path]


def test_another_kind_than_the_address_says(problems_of, pod):
    assert problems_of(pod(), kind="Node") == {"kind": "expected Node, got the text 'Pod'"}


def test_problems_past_a_hundred_are_counted(problems_of, pod):
    found = problems_of(pod({f"field{number}": 1 for number in range(PROBLEMS_MAX + 7)}))
    assert len(found) == PROBLEMS_MAX + 1
    assert found[""] == "and 7 more problems"


def test_the_source_stands_before_each_problem(pod):
    with pytest.raises(ManifestError) as caught:
        parse_document(pod({"a": 1, "b": 1}), source="x.yaml, document 2")
    assert str(caught.value).splitlines() == [
        "x.yaml, document 2: spec.a: unknown field",
        "x.yaml, document 2: spec.b: unknown field",
    ]


@pytest.mark.parametrize("field", ["priority", "requests", "terminationGracePeriodSeconds", "schedulerName", "volumes"])
def test_numbers_that_python_does_not_write_are_told_of(problems_of, pod, field):
    (message,) = problems_of(pod({field: 10**5000})).values()
    assert "the number of about 5000 digits" in message
