from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import partial

import attrs
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm, Operator
from kube9.core.containers import (
    Config,
    ConfigKey,
    ConfigVolume,
    Container,
    ContainerPort,
    EmptyDir,
    EnvVar,
    ExecAction,
    HttpGetAction,
    NamedVolume,
    Probe,
    RestartPolicy,
    TcpSocketAction,
    Volume,
    VolumeMount,
)
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import InvalidInput
from kube9.core.nodes import DeviceGroup, NodeSpec, Taint
from kube9.core.pods import DeviceRequest, PodSpec, Toleration
from kube9.store.spectext import SpecReader, SpecWriter
from kube9.testing import strategies

CONFIGS = (Config(name="settings", data={"a.txt": "é\n"}), Config(name="keys", data={"k": "hunter2"}, secret=True))
VARIABLE = EnvVar(name="KEY", source=ConfigKey("keys", "k"))
CONTAINERS = (
    Container(
        name="web", image="nginx:1", command=("run", ""), args=("-v",), env=(EnvVar(name="A", value="1"), VARIABLE)
    ),
    Container(name="side", image="side", requests={"cpu": 50}, limits={"cpu": 100}),
)
VOLUMES = (Volume(name="tmp", source=EmptyDir()), Volume(name="etc", source=ConfigVolume(config="settings")))
AFFINITY = NodeSelectorTerm(expressions=(NodeRequirement(key="zone", operator=Operator.IN, values=("a", "b")),))


def some(*values):
    """Mostly the first."""
    return st.sampled_from(values)


# Few values of each field, so that specs that differ in one thing alone come up all the time. Its containers are made
# anew each time: equal ones are not the same object.
pod_specs = st.builds(
    PodSpec,
    name=some("p1", "p2", "UPPER_case/name"),
    namespace=some("default", "team"),
    requests=some({"cpu": 100}, {}, {"cpu": 100, "memory": 2**30}),
    devices=some((), (DeviceRequest(kind="gpu", count=2, milli=500, models=("T4",)),)),
    labels=some({}, {"app": "web"}, {"app": "db"}),
    node_selector=some({}, {"zone": "a"}),
    node_affinity=some((), (AFFINITY,)),
    tolerations=some((), (Toleration(exists=True),)),
    priority=some(0, 5),
    scheduler_name=some("", "best-fit"),
    containers=some((), CONTAINERS[:1], CONTAINERS).map(lambda all_of: tuple(evolve(each) for each in all_of)),
    init_containers=some((), (Container(name="first", image="first"),)),
    volumes=some((), VOLUMES),
    configs=st.just(CONFIGS),
    restart_policy=some(*RestartPolicy),
    grace_ms=some(30_000, 0, 1_500),
    host_network=st.booleans(),
    annotations=some({}, {"note": "x"}, {"note": "é"}),
)


def read_back(spec):
    """``spec`` as it is after a restart."""
    writer, reader = SpecWriter(), SpecReader()
    if isinstance(spec, PodSpec):
        return reader.pod(writer.pod(spec), spec.namespace, spec.name)
    if isinstance(spec, NodeSpec):
        return reader.node(writer.node(spec), spec.name)
    return reader.deployment(writer.deployment(spec), spec.namespace, spec.name)


def without_names(spec):
    return evolve(spec, name="x", namespace="x")


@given(st.lists(pod_specs, max_size=8))
def test_pods_are_read_as_they_were_written_whatever_came_before(specs):
    writer, reader = SpecWriter(), SpecReader()
    for spec in specs:
        assert reader.pod(writer.pod(spec), spec.namespace, spec.name) == spec


@given(st.lists(pod_specs, max_size=8))
def test_pods_share_a_text_where_they_differ_in_names_alone(specs):
    writer = SpecWriter()
    texts = [writer.pod(spec) for spec in specs]
    for one, its_text in zip(specs, texts, strict=True):
        for other, other_text in zip(specs, texts, strict=True):
            assert (its_text == other_text) == (without_names(one) == without_names(other))


def test_pods_of_one_text_share_what_is_not_a_name():
    reader = SpecReader()
    text = SpecWriter().pod(PodSpec(name="p", labels={"app": "web"}))
    one, other = (reader.pod(text, "default", name) for name in ("one", "other"))
    assert (one.name, other.name) == ("one", "other")
    assert one.shape is other.shape


def test_a_text_holds_no_name():
    text = SpecWriter().pod(PodSpec(name="findme", namespace="andme", requests={"cpu": 1}))
    assert "findme" not in text
    assert "andme" not in text


def test_nodes_are_read_as_they_were_written():
    specs = [
        NodeSpec(name="n1", capacity={"cpu": 4000, "memory": 2**33, "pods": 10}),
        NodeSpec(name="UPPER_case/n2", capacity={"cpu": 4000, "memory": 2**33, "pods": 10}),
        NodeSpec(name="n3", backend="docker", devices=(DeviceGroup(kind="gpu", count=8, model="A100"),)),
        NodeSpec(name="n4", labels={"zone": "a"}, taints=(Taint("gpu", "x"),), options={"image": "a b\n"}),
    ]
    writer, reader = SpecWriter(), SpecReader()
    assert [reader.node(writer.node(spec), spec.name) for spec in specs] == specs


@given(st.lists(pod_specs, min_size=1, max_size=3), st.integers(0, 9))
def test_deployments_are_read_as_they_were_written(templates, replicas):
    writer, reader = SpecWriter(), SpecReader()
    for pod in templates:
        template = evolve(pod, name="web", namespace="team", restart_policy=RestartPolicy.ALWAYS)
        spec = DeploymentSpec(
            name="web", namespace="team", replicas=replicas, template=template, max_unavailable=2, labels={"a": "b"}
        )
        assert reader.deployment(writer.deployment(spec), "team", "web") == spec


@given(strategies.pod_specs() | strategies.node_specs() | strategies.deployment_specs())
def test_whatever_plugins_are_tested_with_is_read_as_it_was_written(spec):
    assert read_back(spec) == spec


# What a spec can hold at all. Each thing in a spec that has something everywhere is replaced by whatever might go
# wrong there: the core refuses it, or it comes back as it was.

PROBE = Probe(action=HttpGetAction(port=80, path="/x", host="h", headers={"A": "b"}), initial_delay_ms=1)
FULL = {
    "name": "p",
    "namespace": "team",
    "requests": {"cpu": 100, "example.com/disk": 3},
    "devices": (DeviceRequest(kind="gpu", count=2, milli=500, models=("T4", "A100")),),
    "labels": {"app": "web"},
    "node_selector": {"zone": "a"},
    "node_affinity": (
        evolve(AFFINITY, fields=(NodeRequirement(key="metadata.name", operator=Operator.NOT_IN, values=("n",)),)),
    ),
    "tolerations": (Toleration("gpu", "x"), Toleration("spot", exists=True, effect="NoExecute")),
    "priority": 5,
    "scheduler_name": "best-fit",
    "containers": (
        Container(
            name="web",
            image="nginx:1",
            command=("run", "it"),
            args=("-v",),
            working_dir="/srv",
            env=(EnvVar(name="A", value="1"), VARIABLE),
            requests={"cpu": 5, "memory": 6},
            limits={"cpu": 7},
            ports=(ContainerPort(port=80, name="http"), ContainerPort(port=81, protocol="UDP")),
            mounts=(VolumeMount(name="etc", path="/etc/x", sub_path="a"), VolumeMount(name="tmp", path="/tmp")),
            liveness=PROBE,
            readiness=evolve(PROBE, action=ExecAction(command=("true",)), success_threshold=2),
            startup=evolve(PROBE, action=TcpSocketAction(port=80, host="h")),
        ),
        Container(name="side"),
    ),
    "init_containers": (Container(name="first", env=(VARIABLE,)),),
    "volumes": (
        Volume(name="tmp", source=EmptyDir(in_memory=True, size_limit_bytes=9)),
        Volume(name="etc", source=ConfigVolume(config="settings", items={"a.txt": "b.txt"})),
        Volume(name="data", source=NamedVolume(volume="data")),
    ),
    "configs": CONFIGS,
    "restart_policy": RestartPolicy.NEVER,
    "grace_ms": 1_500,
    "host_network": True,
    "annotations": {"example.com/note": "\u00e9"},
}
PLAIN = {
    "name": "p",
    "containers": tuple(Container(name=name, requests={"cpu": 5}) for name in ("web", "side")),
}
NODE = {
    "name": "n",
    "backend": "docker",
    "capacity": {"cpu": 4000, "pods": 10},
    "devices": (DeviceGroup(kind="gpu", count=8, milli=900, model="A100"),),
    "labels": {"zone": "a"},
    "taints": (Taint("gpu", "x", "NoExecute"),),
    "options": {"image": "debian"},
}
DEPLOYMENT = {
    "name": "web",
    "namespace": "team",
    "replicas": 3,
    "template": PodSpec(name="web", namespace="team", labels={"app": "web"}),
    "max_unavailable": 2,
    "labels": {"a": "b"},
    "annotations": {"a": "b c"},
}

TEXTS = (
    *("", " ", "a", "A_b", "a.b", "a b", "-a", "a-", "a\n", "\u00e9", "\0", "\ud800", "0", "1.5", "٣"),
    *(
        "/",
        "/abs",
        "a/b",
        "a.b/c",
        "a/b/c",
        ".",
        "..",
        "../up",
        "/a/../b",
        "/a:b",
        "a=b",
        "x" * 64,
        "x" * 254,
        "x" * 1001,
    ),
    *("default", "default-scheduler", "metadata.name", "cpu", "pods", "HTTP", "k", "settings", "keys", "tmp", "etc"),
)
NUMBERS = (
    *(0, 1, -1, 2, 7, 1000, 1024, 1025, 65535, 65536, 0o1000, 100_001, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1),
    *(10**12, 10**12 + 1, 10**12 - 1, 2**53, 2**53 + 1, 2**64, 1.5, 2.0, True),
)


def variants(value):
    """Functions that each make ``value`` with one thing in it replaced."""
    if isinstance(value, Enum):
        yield from (partial(str, other.value) for other in type(value))
    elif isinstance(value, bool):
        yield lambda: not value
    elif isinstance(value, str):
        yield from (partial(str, other) for other in TEXTS)
    elif isinstance(value, int):
        yield from (partial(lambda other: other, other) for other in NUMBERS)
    elif isinstance(value, Mapping):
        yield from changed_mappings(value)
    elif isinstance(value, tuple):
        yield from changed_tuples(value)
    elif attrs.has(type(value)):
        yield from changed_fields(type(value), attrs.asdict(value, recurse=False))


def changed_fields(kind, given):
    given = {field.name: given[field.name] for field in attrs.fields(kind) if field.init and field.name in given}
    for name, value in given.items():
        for make in variants(value):
            yield lambda name=name, make=make: kind(**{**given, name: make()})


def changed_tuples(value):
    yield tuple
    yield lambda: value * 2
    for index, item in enumerate(value):
        for make in variants(item):
            yield lambda index=index, make=make: (*value[:index], make(), *value[index + 1 :])


def changed_mappings(value):
    yield dict
    for key, item in value.items():
        rest = {other: value[other] for other in value if other != key}
        for text in TEXTS:
            yield lambda rest=rest, text=text, item=item: {**rest, text: item}
        for make in variants(item):
            yield lambda rest=rest, key=key, make=make: {**rest, key: make()}


@pytest.mark.parametrize(
    "kind,given",
    [(PodSpec, FULL), (PodSpec, PLAIN), (NodeSpec, NODE), (DeploymentSpec, DEPLOYMENT)],
    ids=["pod", "pod of containers", "node", "deployment"],
)
def test_what_a_spec_can_hold_is_read_as_it_was_written(kind, given):
    assert read_back(kind(**given)) == kind(**given)
    kept = refused = 0
    for make in changed_fields(kind, given):
        try:
            spec = make()
        except InvalidInput:
            refused += 1
            continue
        assert read_back(spec) == spec
        kept += 1
    assert kept
    assert refused
