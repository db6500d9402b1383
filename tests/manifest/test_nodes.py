from __future__ import annotations

import pytest

from kube9.core.nodes import DeviceGroup, NodeSpec, Taint, TaintEffect
from kube9.manifest import parse_document


def node(metadata=None, **spec):
    return {"apiVersion": "kube9/v1", "kind": "Node", "metadata": {"name": "n", **(metadata or {})}, "spec": spec}


def test_a_node():
    document = node(
        {"labels": {"zone": "a"}},
        backend="docker",
        capacity={"cpu": 4, "memory": "8Gi", "pods": "110"},
        devices=[{"kind": "gpu", "count": 2, "model": "T4"}],
        taints=[{"key": "a", "value": "b", "effect": "NoExecute"}],
        options={"image": "debian"},
        unschedulable=False,
    )
    assert parse_document(document).spec == NodeSpec(
        name="n",
        backend="docker",
        capacity={"cpu": 4000, "memory": 8 * 2**30, "pods": 110},
        devices=(DeviceGroup(kind="gpu", count=2, model="T4"),),
        labels={"zone": "a"},
        taints=(Taint("a", "b", TaintEffect.NO_EXECUTE),),
        options={"image": "debian"},
    )


@pytest.mark.parametrize(
    "spec, path, part",
    [
        ({"capacity": {"cpu": "4x"}}, "spec.capacity.cpu", "expected a quantity of cpu"),
        ({"capacity": {"cpu": -1}}, "spec.capacity.cpu", "must not be negative"),
        ({"capacity": ["cpu"]}, "spec.capacity", "expected an object of quantities"),
        ({"capacity": {"a b": 1}}, "spec.capacity['a b']", "expected a name"),
        ({"backend": ""}, "spec.backend", "must not be empty"),
        ({"taints": [{"key": "a"}]}, "spec.taints[0].effect", "is required"),
        ({"options": {"delay": 5}}, "spec.options.delay", "put it in quotes"),
        ({"unschedulable": "yes"}, "spec.unschedulable", "expected true or false, got the text 'yes'"),
        ({"devices": [{"kind": "gpu", "count": 1}] * 2}, "spec.devices[1].kind", "another entry for 'gpu'"),
        ({"podCIDR": "10.0.0.0/8"}, "spec.podCIDR", "unknown field"),
    ],
)
def test_faults_of_a_node(problems_of, spec, path, part):
    found = problems_of(node(**spec))
    assert list(found) == [path]
    assert part in found[path]


def test_a_node_is_in_no_namespace(problems_of):
    assert list(problems_of(node({"namespace": "a"}))) == ["metadata.namespace"]


@pytest.mark.parametrize(
    "said,warnings",
    [
        (None, ()),
        (False, ()),
        (
            True,
            ("spec.unschedulable: is not honoured here: a node is cordoned once it is there; use kube9 node cordon",),
        ),
    ],
)
def test_whether_a_node_is_cordoned_is_no_matter_of_its_manifest(said, warnings):
    manifest = parse_document(node(backend="docker", unschedulable=said))
    assert manifest.spec == NodeSpec(name="n", backend="docker")
    assert manifest.warnings == warnings


def test_annotations_of_a_node_are_warned_about():
    (warning,) = parse_document(node({"annotations": {"a": "b"}})).warnings
    assert warning == "metadata.annotations: a node keeps labels only"
