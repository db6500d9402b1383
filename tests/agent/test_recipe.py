from __future__ import annotations

import json

import pytest

from kube9.agent import labels
from kube9.agent.brain import StartOrder
from kube9.agent.recipe import SANDBOX, pod_recipe
from kube9.agent.site import Site

SITE = Site("c-1", "n1", "u-n1", "c-1-net", "container:node-n1", "pause:1", 1500, 512 << 20)


def container(name="main", **words):
    return {"name": name, "image": "web:1", **words}


def made(*containers, site=SITE, cpus=4, namespace="default", owner="", name="web-1", **spec):
    order = StartOrder("p", 2, namespace, name, owner, {"containers": list(containers), **spec}, {})
    return pod_recipe(order, site, cpus, (1, 41))


def body(*containers, **words):
    return made(*containers, **words).containers["main"].body


def test_one_container_holds_the_network_itself():
    recipe = made(container())
    assert recipe.sandbox is None
    main = recipe.containers["main"].body
    assert main["HostConfig"]["NetworkMode"] == "c-1-net"
    assert main["NetworkingConfig"] == {"EndpointsConfig": {"c-1-net": {"Aliases": ["web-1", "web-1.default"]}}}
    assert main["Hostname"] == "web-1"


@pytest.mark.parametrize(
    "namespace, owner, aliases",
    [
        ("default", "web", ["web-1", "web", "web-1.default", "web.default"]),
        ("shop", "web", ["web-1.shop", "web.shop"]),
        ("", "", ["web-1", "web-1.default"]),
    ],
)
def test_names_on_the_network(namespace, owner, aliases):
    config = body(container(), namespace=namespace, owner=owner)["NetworkingConfig"]
    assert config["EndpointsConfig"]["c-1-net"]["Aliases"] == aliases


def test_more_containers_share_the_sandboxs_network():
    recipe = made(container(), initContainers=[container("first")])
    assert list(recipe.containers) == ["first", "main"]
    assert recipe.sandbox.body["Entrypoint"] == ["sleep", "infinity"]
    assert recipe.sandbox.body["HostConfig"]["NetworkMode"] == "c-1-net"
    for each in recipe.containers.values():
        assert each.body["HostConfig"]["NetworkMode"] == f"container:{recipe.sandbox.name}"
        assert not {"Hostname", "NetworkingConfig"} & set(each.body)


def test_on_the_nodes_network_there_is_no_sandbox():
    recipe = made(container(), container("more"), hostNetwork=True)
    assert (recipe.sandbox, recipe.on_host) == (None, True)
    assert {each.body["HostConfig"]["NetworkMode"] for each in recipe.containers.values()} == {"container:node-n1"}


def test_a_volume_in_memory_needs_a_container_that_lasts():
    volumes = [{"name": "v", "emptyDir": {"medium": "Memory"}}]
    recipe = made(container(volumeMounts=[{"name": "v", "mountPath": "/v"}]), volumes=volumes)
    assert [each["Target"] for each in recipe.sandbox.body["HostConfig"]["Mounts"]] == ["/kube9/v"]
    on_host = made(container(), volumes=volumes, hostNetwork=True)
    assert on_host.sandbox.body["HostConfig"]["NetworkMode"] == "container:node-n1"
    assert on_host.containers["main"].body["HostConfig"]["NetworkMode"] == "container:node-n1"


def test_without_a_network_of_the_clusters():
    main = body(container(), site=SITE._replace(network=None))
    assert "NetworkingConfig" not in main
    assert "NetworkMode" not in main["HostConfig"]


def test_a_pod_without_containers_is_a_sandbox():
    recipe = made()
    assert list(recipe.containers) == [SANDBOX]
    assert recipe.containers[SANDBOX].body["Labels"][labels.ROLE] == "sandbox"


@pytest.mark.parametrize(
    "words, said",
    [
        ({}, {}),
        ({"command": ["a", "b"]}, {"Entrypoint": ["a", "b"], "Cmd": []}),
        ({"args": ["-v"]}, {"Cmd": ["-v"]}),
        (
            {"command": ["a"], "args": ["-v"], "workingDir": "/w"},
            {"Entrypoint": ["a"], "Cmd": ["-v"], "WorkingDir": "/w"},
        ),
    ],
)
def test_what_it_runs(words, said):
    main = body(container(**words))
    assert {key: main[key] for key in ("Entrypoint", "Cmd", "WorkingDir") if key in main} == said


@pytest.mark.parametrize(
    "limits, cpu_nano, late_milli, memory",
    [
        ({}, 1_500_000_000, 0, 512 << 20),
        ({"cpu": "2"}, 2_000_000_000, 0, 512 << 20),
        ({"cpu": "64"}, 4_000_000_000, 0, 512 << 20),
        ({"cpu": "50m", "memory": "1Gi"}, None, 50, 1 << 30),
        ({"cpu": "1m", "memory": "1Mi"}, None, 10, 6 << 20),
        ({"cpu": "200m"}, 200_000_000, 0, 512 << 20),
        ({"cpu": "0", "memory": "0"}, 1_500_000_000, 0, 512 << 20),
    ],
)
def test_limits(limits, cpu_nano, late_milli, memory):
    recipe = made(container(resources={"limits": limits})).containers["main"]
    config = recipe.body["HostConfig"]
    assert (config.get("NanoCpus"), recipe.late_cpu_milli) == (cpu_nano, late_milli)
    assert (config["Memory"], config["MemorySwap"]) == (memory, memory)


def test_a_node_that_says_nothing_of_its_capacity_limits_nothing():
    config = body(container(), site=SITE._replace(cpu_milli=0, memory_bytes=0))["HostConfig"]
    assert config["NanoCpus"] == 4_000_000_000
    assert "Memory" not in config


@pytest.mark.parametrize(
    "resources, shares",
    [
        ({}, None),
        ({"requests": {"cpu": "500m"}}, 512),
        ({"limits": {"cpu": "2"}}, 2048),
        ({"requests": {"cpu": "1m"}}, 2),
    ],
)
def test_who_asked_for_more_gets_more(resources, shares):
    assert body(container(resources=resources))["HostConfig"].get("CpuShares") == shares


def test_labels_and_name_are_those_of_the_copy():
    recipe = made(container(), namespace="shop").containers["main"]
    assert recipe.name == "kube9_c-1_shop_web-1_main_p_2"
    assert recipe.body["Labels"] == {
        labels.CLUSTER: "c-1",
        labels.NODE: "n1",
        labels.NODE_UID: "u-n1",
        labels.NAMESPACE: "shop",
        labels.POD: "web-1",
        labels.POD_UID: "p",
        labels.EPOCH: "2",
        labels.ROLE: "container",
        labels.CONTAINER: "main",
    }
    assert made(container(), container("sandbox")).sandbox.name == "kube9_c-1_default_web-1_pod_sandbox_p_2"


def test_a_secret_is_in_no_label_and_no_name():
    spec = {
        "configs": [{"name": "db", "secret": True, "data": {"p": "correct horse"}}],
        "volumes": [{"name": "v", "secret": {"secretName": "db"}}],
    }
    env = [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}]
    recipe = made(container(env=env, volumeMounts=[{"name": "v", "mountPath": "/v"}]), **spec).containers["main"]
    rest = {key: value for key, value in recipe.body.items() if key != "Env"}
    assert "correct horse" not in json.dumps(rest) + recipe.name + repr(recipe.files)


@pytest.mark.parametrize(
    "image, said, policy",
    [
        ("web:1", None, "IfNotPresent"),
        ("web", None, "Always"),
        ("host:5000/web", None, "Always"),
        ("web:latest", None, "Always"),
        ("web:latest", "Never", "Never"),
        ("web@sha256:ab", None, "IfNotPresent"),
    ],
)
def test_when_an_image_is_fetched(image, said, policy):
    words = {} if said is None else {"imagePullPolicy": said}
    assert made({"name": "main", "image": image, **words}).containers["main"].pull_policy == policy


def test_a_container_without_image():
    with pytest.raises(ValueError, match="container main names no image"):
        made({"name": "main"})


def test_logs_are_bounded_and_nothing_is_restarted_by_the_engine():
    config = body(container())["HostConfig"]
    assert config["RestartPolicy"] == {"Name": "no"}
    assert config["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
