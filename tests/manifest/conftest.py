"""Short ways to ask what is wrong with a manifest, and specs of every kind to write and read again."""

from __future__ import annotations

import string

import pytest
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
    PullPolicy,
    RestartPolicy,
    TcpSocketAction,
    Volume,
    VolumeMount,
)
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import ManifestError
from kube9.core.nodes import DeviceGroup, NodeSpec, Taint, TaintEffect
from kube9.core.pods import DeviceRequest, PodSpec, Toleration
from kube9.manifest import parse_document

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
SUBDOMAINS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)
QUALIFIED = st.from_regex(r"([a-z]{1,3}\.[a-z]{1,3}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?", fullmatch=True)
LABEL_VALUES = st.from_regex(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?)?", fullmatch=True)
KEYS = st.from_regex(r"[A-Za-z0-9_-][-._A-Za-z0-9]{0,8}", fullmatch=True)
#: All that can be stored: no NUL, no half of a surrogate pair.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
FILLED = TEXTS.filter(bool)
WORDS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
TIMES_MS = st.one_of(st.integers(0, 300).map(lambda time_s: time_s * 1000), st.integers(0, 10**12))
SOME_TIME_MS = TIMES_MS.map(lambda time_ms: time_ms or 1)
AMOUNTS = st.one_of(st.integers(1, 64_000), st.integers(1, 2**40))

LABELS = st.dictionaries(QUALIFIED, LABEL_VALUES, max_size=3)
ANNOTATIONS = st.dictionaries(QUALIFIED, TEXTS, max_size=2)
RESOURCES = st.one_of(
    st.sampled_from(("cpu", "memory", "ephemeral-storage")), QUALIFIED.filter(lambda name: name != "pods")
)
PATHS = st.lists(WORDS, max_size=3).map("/".join)


def unique_lists(items, key, most=3):
    return st.lists(items, max_size=most, unique_by=key)


def probes(successes):
    actions = st.one_of(
        st.builds(ExecAction, command=st.lists(TEXTS, min_size=1, max_size=3)),
        st.builds(TcpSocketAction, port=st.integers(1, 65535), host=TEXTS),
        st.builds(
            HttpGetAction,
            port=st.integers(1, 65535),
            path=FILLED,
            host=TEXTS,
            scheme=st.sampled_from(("HTTP", "HTTPS")),
            headers=st.dictionaries(FILLED, TEXTS, max_size=2),
        ),
    )
    return st.builds(
        Probe,
        action=actions,
        initial_delay_ms=TIMES_MS,
        period_ms=SOME_TIME_MS,
        timeout_ms=SOME_TIME_MS,
        success_threshold=successes,
        failure_threshold=st.integers(1, 10),
    )


@st.composite
def containers(draw, name, configs, volumes, *, probed):
    limits = draw(st.dictionaries(RESOURCES, st.integers(0, 2**40), max_size=2))
    requests = draw(st.dictionaries(RESOURCES, AMOUNTS, max_size=2))
    requests = {name: min(amount, limits.get(name, amount)) for name, amount in requests.items()}
    keys = [ConfigKey(config.name, key) for config in configs for key in config.data]
    plain = st.builds(EnvVar, name=WORDS, value=TEXTS)
    sourced = st.builds(EnvVar, name=WORDS, source=st.sampled_from(keys)) if keys else plain
    mounts = (
        st.builds(
            VolumeMount,
            name=st.sampled_from([volume.name for volume in volumes]),
            path=PATHS.map(lambda path: f"/{path}"),
            sub_path=PATHS,
            read_only=st.booleans(),
        )
        if volumes
        else st.nothing()
    )
    once, often = st.none() | probes(st.just(1)), st.none() | probes(st.integers(1, 3))
    ports = st.builds(
        ContainerPort, port=st.integers(1, 65535), name=st.just(""), protocol=st.sampled_from(("TCP", "UDP", "SCTP"))
    )
    return Container(
        name=name,
        image=draw(st.sampled_from(("", "nginx", "nginx:latest", "nginx:1", "a.b:5000/c", "d@sha256:00"))),
        command=draw(st.lists(TEXTS, max_size=2)),
        args=draw(st.lists(TEXTS, max_size=2)),
        working_dir=draw(TEXTS),
        env=draw(unique_lists(plain | sourced, lambda variable: variable.name)),
        requests={name: amount for name, amount in requests.items() if amount},
        limits=limits,
        ports=draw(st.lists(ports, max_size=2)),
        mounts=draw(unique_lists(mounts, lambda mount: mount.path, 2)) if volumes else (),
        pull_policy=draw(st.sampled_from(PullPolicy)),
        liveness=draw(once) if probed else None,
        readiness=draw(often) if probed else None,
        startup=draw(once) if probed else None,
    )


@st.composite
def volume_sources(draw, configs):
    empty = st.builds(EmptyDir, in_memory=st.booleans(), size_limit_bytes=st.none() | st.integers(0, 2**40))
    kinds = [empty, st.builds(NamedVolume, volume=SUBDOMAINS)]
    for config in configs:
        items = (
            st.dictionaries(st.sampled_from(sorted(config.data)), PATHS.filter(bool)) if config.data else st.just({})
        )
        kinds.append(st.builds(ConfigVolume, config=st.just(config.name), items=items, mode=st.integers(0, 0o777)))
    return draw(st.one_of(kinds))


def terms():
    values = st.lists(TEXTS, min_size=1, max_size=2)
    kinds = {
        Operator.IN: values,
        Operator.NOT_IN: values,
        Operator.EXISTS: st.just([]),
        Operator.DOES_NOT_EXIST: st.just([]),
        Operator.GT: st.integers(-9, 9).map(lambda number: [str(number)]),
        Operator.LT: st.integers(-9, 9).map(lambda number: [str(number)]),
    }

    def requirements(keys):
        each = (st.builds(NodeRequirement, key=keys, operator=st.just(op), values=of) for op, of in kinds.items())
        return st.lists(st.one_of(*each), max_size=2)

    return st.builds(
        NodeSelectorTerm, expressions=requirements(QUALIFIED), fields=requirements(st.just("metadata.name"))
    )


RESTART_POLICIES = st.sampled_from(RestartPolicy)
TOLERATIONS = st.one_of(
    st.builds(Toleration, st.just(""), st.just(""), st.just(True), st.sampled_from((None, *TaintEffect))),
    st.builds(Toleration, QUALIFIED, LABEL_VALUES, st.booleans(), st.sampled_from((None, *TaintEffect))),
)
DEVICE_KINDS = st.sampled_from(("gpu", "fpga", "nvidia.com/gpu"))
MILLIS = st.one_of(st.just(1000), st.integers(1, 1000))


@st.composite
def pod_specs(draw, name=SUBDOMAINS, namespace=NAMES, restart_policy=RESTART_POLICIES):
    configs = draw(
        unique_lists(
            st.builds(Config, name=SUBDOMAINS, data=st.dictionaries(KEYS, TEXTS, max_size=3), secret=st.booleans()),
            lambda config: config.name,
        )
    )
    volumes = draw(
        unique_lists(st.builds(Volume, name=NAMES, source=volume_sources(configs)), lambda volume: volume.name)
    )
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    initial = draw(st.integers(0, len(names)))
    devices = draw(
        unique_lists(
            st.builds(
                DeviceRequest,
                kind=DEVICE_KINDS,
                count=st.integers(1, 8),
                milli=MILLIS,
                models=st.lists(WORDS, max_size=2),
            ),
            lambda device: device.kind,
            2,
        )
    )
    kinds = {device.kind for device in devices}
    requests = draw(st.just({}) | st.dictionaries(RESOURCES, st.just(0) | AMOUNTS, max_size=3))
    made = [draw(containers(each, configs, volumes, probed=index >= initial)) for index, each in enumerate(names)]
    if kinds & {resource for each in made for resource in each.requests}:
        devices = []  # the core refuses a device that is also asked for otherwise
    return PodSpec(
        name=draw(name),
        namespace=draw(namespace),
        requests={resource: amount for resource, amount in requests.items() if resource not in kinds},
        devices=devices,
        labels=draw(LABELS),
        node_selector=draw(LABELS),
        node_affinity=draw(st.lists(terms(), max_size=2)),
        tolerations=draw(st.lists(TOLERATIONS, max_size=2)),
        priority=draw(st.integers(-(2**31), 2**31 - 1)),
        scheduler_name=draw(st.just("") | FILLED.filter(lambda name: name != "default-scheduler")),
        containers=made[initial:],
        init_containers=made[:initial],
        volumes=volumes,
        configs=configs,
        restart_policy=draw(restart_policy),
        grace_ms=draw(TIMES_MS),
        host_network=draw(st.booleans()),
        annotations=draw(ANNOTATIONS),
    )


@st.composite
def deployment_specs(draw):
    name, namespace = draw(SUBDOMAINS), draw(NAMES)
    return DeploymentSpec(
        name=name,
        namespace=namespace,
        replicas=draw(st.integers(0, 100)),
        template=draw(pod_specs(st.just(name), st.just(namespace), st.just(RestartPolicy.ALWAYS))),
        max_unavailable=draw(st.integers(1, 100)),
        labels=draw(LABELS),
        annotations=draw(ANNOTATIONS),
    )


@st.composite
def node_specs(draw):
    groups = st.builds(DeviceGroup, kind=DEVICE_KINDS, count=st.integers(1, 8), milli=MILLIS, model=TEXTS)
    devices = draw(unique_lists(groups, lambda device: device.kind, 2))
    kinds = {device.kind for device in devices}
    capacity = draw(st.dictionaries(RESOURCES | st.just("pods"), st.just(0) | AMOUNTS, max_size=3))
    return NodeSpec(
        name=draw(SUBDOMAINS),
        backend=draw(FILLED),
        capacity={resource: amount for resource, amount in capacity.items() if resource not in kinds},
        devices=devices,
        labels=draw(LABELS),
        taints=draw(st.lists(st.builds(Taint, QUALIFIED, LABEL_VALUES, st.sampled_from(TaintEffect)), max_size=2)),
        options=draw(st.dictionaries(FILLED, TEXTS, max_size=2)),
    )


@pytest.fixture(scope="session")
def specs():
    """Strategies for what may come through a manifest, by kind."""
    return {"Pod": pod_specs(), "Deployment": deployment_specs(), "Node": node_specs()}


@pytest.fixture(scope="session")
def problems_of():
    """What is wrong with a document: messages by path."""

    def problems(document, **how):
        with pytest.raises(ManifestError) as caught:
            parse_document(document, **how)
        return dict(caught.value.problems)

    return problems


@pytest.fixture(scope="session")
def pod():
    """A document of a pod, ``kube9/v1`` where nothing else is said."""

    def document(spec=None, version="kube9/v1", **metadata):
        return {"apiVersion": version, "kind": "Pod", "metadata": {"name": "p", **metadata}, "spec": spec or {}}

    return document


@pytest.fixture(scope="session")
def running(pod):
    """A document of a pod with one container, whose fields are given."""

    def document(version="kube9/v1", spec=None, **container):
        one = {"name": "c", "image": "nginx:1", **container}
        return pod({"containers": [one], **(spec or {})}, version)

    return document
