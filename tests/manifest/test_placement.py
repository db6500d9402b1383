from __future__ import annotations

import pytest

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm, Operator
from kube9.core.limits import DEVICES_MAX
from kube9.core.nodes import TaintEffect
from kube9.core.pods import DeviceRequest, Toleration
from kube9.manifest import parse_document

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def required(*terms):
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}}


@pytest.mark.parametrize(
    "written, toleration",
    [
        ({"operator": "Exists"}, Toleration(exists=True)),
        (
            {"key": "a", "operator": "Exists", "effect": "NoSchedule"},
            Toleration("a", "", True, TaintEffect.NO_SCHEDULE),
        ),
        ({"key": "a", "value": "b"}, Toleration("a", "b")),
        ({"key": "a", "operator": "Equal", "value": "b", "effect": ""}, Toleration("a", "b")),
    ],
)
def test_tolerations(running, written, toleration):
    assert parse_document(running("v1", {"tolerations": [written]})).spec.tolerations == (toleration,)


def test_how_long_a_taint_is_tolerated_is_warned_about(running):
    tolerations = [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]
    (warning,) = parse_document(running("v1", {"tolerations": tolerations})).warnings
    assert warning == "spec.tolerations[0].tolerationSeconds: a taint moves no pod that runs already"


def test_required_affinity_to_nodes(running):
    spec = required(
        {
            "matchExpressions": [
                {"key": "zone", "operator": "In", "values": ["a", "b"]},
                {"key": "x", "operator": "Exists"},
            ]
        },
        {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}]},
    )
    assert parse_document(running("v1", spec)).spec.node_affinity == (
        NodeSelectorTerm(
            expressions=(
                NodeRequirement(key="zone", operator=Operator.IN, values=("a", "b")),
                NodeRequirement(key="x", operator=Operator.EXISTS),
            )
        ),
        NodeSelectorTerm(fields=(NodeRequirement(key="metadata.name", operator=Operator.NOT_IN, values=("n1",)),)),
    )


@pytest.mark.parametrize("kind", ["nodeAffinity", "podAffinity", "podAntiAffinity"])
def test_wishes_are_warned_about(running, kind):
    manifest = parse_document(running("v1", {"affinity": {kind: {PREFERRED: [{"weight": 1}]}}}))
    assert manifest.spec.node_affinity == ()
    assert [warning.partition(": ")[0] for warning in manifest.warnings] == [f"spec.affinity.{kind}.{PREFERRED}"]


@pytest.mark.parametrize(
    "spec, path, part",
    [
        ({"tolerations": [{}]}, "tolerations[0].operator", "must be Exists where there is no key"),
        ({"tolerations": [{"key": "a", "operator": "Gt"}]}, "tolerations[0].operator", "Equal, Exists"),
        ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, "tolerations[0].value", "must be empty"),
        ({"tolerations": [{"key": "a", "effect": "Never"}]}, "tolerations[0].effect", "expected one of NoSchedule"),
        (
            {"affinity": {"podAntiAffinity": {REQUIRED: [{}]}}},
            f"affinity.podAntiAffinity.{REQUIRED}",
            "is not supported",
        ),
        (required(), f"affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms", "expected at least one term"),
        (
            required({"matchExpressions": [{"key": "a", "operator": "In"}]}),
            f"affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0]",
            "values: In needs at least one",
        ),
        (
            required({"matchFields": [{"key": "spec.x", "operator": "In", "values": ["a"]}]}),
            f"affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchFields[0].key",
            "expected metadata.name",
        ),
    ],
)
def test_faults_of_placement(problems_of, running, spec, path, part):
    found = problems_of(running("v1", spec))
    assert list(found) == [f"spec.{path}"]
    assert part in found[f"spec.{path}"]


def test_devices(pod):
    devices = [{"kind": "gpu", "count": 2, "milli": 500, "models": ["T4"]}, {"kind": "fpga", "count": 1}]
    assert parse_document(pod({"devices": devices})).spec.devices == (
        DeviceRequest(kind="gpu", count=2, milli=500, models=("T4",)),
        DeviceRequest(kind="fpga", count=1),
    )


@pytest.mark.parametrize(
    "device, path, part",
    [
        ({"count": 1}, "[0].kind", "is required"),
        ({"kind": "cpu", "count": 1}, "[0].kind", "a kind of device"),
        ({"kind": "gpu", "count": 0}, "[0].count", "from 1"),
        ({"kind": "gpu", "count": DEVICES_MAX + 1}, "[0].count", f"to {DEVICES_MAX}"),
        ({"kind": "gpu", "count": 1, "models": "T4"}, "[0].models", "expected a list"),
        ({"kind": "gpu", "count": 1, "models": [""]}, "[0].models[0]", "must not be empty"),
    ],
)
def test_faults_of_devices(problems_of, pod, device, path, part):
    found = problems_of(pod({"devices": [device]}))
    assert list(found) == [f"spec.devices{path}"]
    assert part in found[f"spec.devices{path}"]


def test_a_kind_of_device_is_asked_for_once(problems_of, pod):
    found = problems_of(pod({"devices": [{"kind": "gpu", "count": 1}, {"kind": "gpu", "count": 2}]}))
    assert found == {"spec.devices[1].kind": "there is another entry for 'gpu'"}
