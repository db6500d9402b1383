from __future__ import annotations

import pytest

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm
from kube9.core.containers import (
    Config,
    ConfigKey,
    ConfigVolume,
    Container,
    EnvVar,
    Probe,
    TcpSocketAction,
    Volume,
    VolumeMount,
)
from kube9.core.errors import InvalidInput
from kube9.core.parts import check_affinity, check_parts, check_total

CONFIGS = (Config(name="settings", data={"a": "", "b": ""}), Config(name="login", data={"password": ""}, secret=True))
VOLUMES = (
    Volume(name="tmp"),
    Volume(name="etc", source=ConfigVolume(config="settings", items={"a": "a.txt"})),
    Volume(name="all", source=ConfigVolume(config="settings")),
)


def container(name="c", **more):
    return Container(name=name, **more)


def reading(config, key):
    return container(env=[EnvVar(name="A", source=ConfigKey(config, key))])


def mounting(*volumes):
    return container(mounts=[VolumeMount(name=name, path=f"/{name}") for name in volumes])


def files(config, **items):
    return Volume(name="files", source=ConfigVolume(config=config, items=items))


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"containers": [container("a"), container("b")], "init_containers": [container("c")]},
        {"containers": [reading("settings", "b")]},
        {"init_containers": [reading("login", "password")]},
        {"containers": [mounting("tmp", "etc", "all")], "init_containers": [container("i")]},
        {"containers": [container("c", readiness=Probe(action=TcpSocketAction(port=1)))]},
    ],
    ids=["nothing", "names", "a variable", "a secret variable", "volumes", "a probe"],
)
def test_parts_that_fit_together(parts):
    check_parts(**{"containers": (), "init_containers": (), "volumes": VOLUMES, "configs": CONFIGS, **parts})


@pytest.mark.parametrize(
    "parts,problem",
    [
        ({"containers": [container(), container()]}, "containers: 'c' is there twice"),
        ({"containers": [container()], "init_containers": [container()]}, "containers: 'c' is there twice"),
        ({"volumes": [Volume(name="v")] * 2}, "volumes: 'v' is there twice"),
        ({"configs": [Config(name="v")] * 2, "volumes": ()}, "configs: 'v' is there twice"),
        (
            {"containers": [mounting("tpm")]},
            "containers: c mounts 'tpm'; the pod's volumes are all, etc, tmp",
        ),
        ({"init_containers": [mounting("v")], "volumes": ()}, "containers: c mounts 'v'; the pod's volumes are none"),
        (
            {"containers": [reading("seting", "a")]},
            "containers: c: A is from the config 'seting'; the pod's configs are login, settings",
        ),
        (
            {"init_containers": [reading("settings", "c")]},
            "containers: c: A is from the key 'c' of the config 'settings', whose keys are a, b",
        ),
        ({"volumes": [files("other")]}, "volumes: files is from the config 'other'; the pod's configs are login, "),
        ({"volumes": [files("settings", c="x")]}, "volumes: files is from the key 'c' of the config 'settings', whose"),
        (
            {"init_containers": [container(liveness=Probe(action=TcpSocketAction(port=1)))]},
            "init_containers: c has a probe, which an init container cannot have",
        ),
    ],
)
def test_parts_that_do_not(parts, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        check_parts(**{"containers": (), "init_containers": (), "volumes": VOLUMES, "configs": CONFIGS, **parts})


def test_what_containers_ask_for_together_is_bounded():
    check_total({"cpu": 2**53, "memory": 0})
    with pytest.raises(
        InvalidInput, match=f"^containers: they ask for {2**54} of cpu in all, expected at most {2**53}$"
    ):
        check_total({"memory": 1, "cpu": 2**54})


def asked(key, operator="Exists", *values):
    return NodeRequirement(key=key, operator=operator, values=values)


@pytest.mark.parametrize(
    "term",
    [
        NodeSelectorTerm(),
        NodeSelectorTerm(expressions=[asked("example.com/zone", "In", "any text ä")]),
        NodeSelectorTerm(fields=[asked("metadata.name", "NotIn", "n1")]),
    ],
    ids=["empty", "labels", "name"],
)
def test_an_affinity_that_can_be_told(term):
    check_affinity([term])


@pytest.mark.parametrize(
    "term,problem",
    [
        (NodeSelectorTerm(expressions=[asked("a b")]), "node_affinity: 'a b' must be a name of letters"),
        (NodeSelectorTerm(fields=[asked("zone")]), "node_affinity: a field must be metadata.name, the only one there"),
        (NodeSelectorTerm(expressions=[asked("a", "In", "\0")]), "node_affinity: a value of a must be a text without"),
        (NodeSelectorTerm(fields=[asked("metadata.name", "In", 5)]), "node_affinity: a value of metadata.name must be"),
    ],
)
def test_an_affinity_that_cannot(term, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        check_affinity([NodeSelectorTerm(), term])
