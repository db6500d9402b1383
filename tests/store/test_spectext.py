from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm, Operator
from kube9.core.containers import Config, ConfigKey, ConfigVolume, Container, EmptyDir, EnvVar, RestartPolicy, Volume
from kube9.core.deployments import DeploymentSpec
from kube9.core.nodes import DeviceGroup, NodeSpec, Taint
from kube9.core.pods import DeviceRequest, PodSpec, Toleration
from kube9.store.spectext import SpecReader, SpecWriter

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
