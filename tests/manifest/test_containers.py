from __future__ import annotations

import pytest

from kube9.core.containers import ContainerPort, PullPolicy, Volume, VolumeMount
from kube9.manifest import parse_document
from kube9.manifest.containers import default_pull_policy

NAMED = {"volumes": [{"name": "v"}]}


def container_of(document):
    (container,) = parse_document(document).spec.containers
    return container


@pytest.mark.parametrize(
    "field, written, attribute, value",
    [
        ("image", "a.b/c:1", "image", "a.b/c:1"),
        ("command", ["sh", "-c"], "command", ("sh", "-c")),
        ("args", ["-v"], "args", ("-v",)),
        ("args", [], "args", ()),
        ("workingDir", "/srv", "working_dir", "/srv"),
        ("imagePullPolicy", "Never", "pull_policy", PullPolicy.NEVER),
        ("ports", [{"containerPort": 80}], "ports", (ContainerPort(port=80),)),
        (
            "ports",
            [{"containerPort": 53, "name": "dns", "protocol": "UDP"}],
            "ports",
            (ContainerPort(port=53, name="dns", protocol="UDP"),),
        ),
    ],
)
def test_fields_of_a_container(running, field, written, attribute, value):
    assert getattr(container_of(running("v1", **{field: written})), attribute) == value


@pytest.mark.parametrize(
    "image, policy",
    [
        ("nginx", PullPolicy.ALWAYS),
        ("nginx:latest", PullPolicy.ALWAYS),
        ("host:5000/nginx", PullPolicy.ALWAYS),
        ("nginx:1.25", PullPolicy.IF_NOT_PRESENT),
        ("host:5000/nginx:1", PullPolicy.IF_NOT_PRESENT),
        ("nginx@sha256:aa", PullPolicy.IF_NOT_PRESENT),
        ("nginx:latest@sha256:aa", PullPolicy.ALWAYS),
        ("", PullPolicy.IF_NOT_PRESENT),
    ],
)
def test_the_pull_policy_of_those_who_say_none(image, policy):
    assert default_pull_policy(image) is policy


@pytest.mark.parametrize(
    "resources, requests, limits",
    [
        ({"limits": {"cpu": "2"}}, {"cpu": 2000}, {"cpu": 2000}),
        ({"requests": {"cpu": 0.5}, "limits": {"cpu": 2, "memory": "1Gi"}}, {"cpu": 500, "memory": 2**30}, None),
        ({"requests": {"cpu": 0}, "limits": {"cpu": 2}}, {}, {"cpu": 2000}),
        ({"requests": {"ephemeral-storage": "1Gi"}}, {"ephemeral-storage": 2**30}, {}),
        ({"requests": {"nvidia.com/gpu": 1}}, {"nvidia.com/gpu": 1}, {}),
    ],
)
def test_requests_default_to_limits(running, resources, requests, limits):
    container = container_of(running("v1", resources=resources))
    assert container.requests == requests
    assert limits is None or container.limits == limits


def test_mounts(running):
    mounts = [{"name": "v", "mountPath": "/a", "subPath": "b/c", "readOnly": True, "mountPropagation": "None"}]
    container = container_of(running("v1", NAMED, volumeMounts=mounts))
    assert container.mounts == (VolumeMount(name="v", path="/a", sub_path="b/c", read_only=True),)
    assert parse_document(running("v1", NAMED, volumeMounts=mounts)).spec.volumes == (Volume(name="v"),)


@pytest.mark.parametrize(
    "fields, path, part",
    [
        ({"imge": "x"}, "imge", "did you mean 'image'?"),
        ({"name": "Upper"}, "name", "lower-case"),
        ({"name": "a" * 64}, "name", "at most 63 characters"),
        ({"name": None}, "name", "is required"),
        ({"args": "-v"}, "args", "expected a list, got the text '-v'"),
        ({"args": ["-n", 5]}, "args[1]", "expected a text, got the number 5; put it in quotes"),
        ({"command": [None]}, "command[0]", "expected a text, got null"),
        ({"image": ""}, "image", "must not be empty"),
        ({"image": 5}, "image", "put it in quotes"),
        ({"workingDir": "/\0"}, "workingDir", "NUL"),
        ({"workingDir": "\ud800"}, "workingDir", "surrogate"),
        ({"imagePullPolicy": "always"}, "imagePullPolicy", "expected one of Always, IfNotPresent, Never"),
        ({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}, "resources.requests.cpu", "its limit of 1"),
        ({"resources": {"requests": {"pods": 1}}}, "resources.requests", "a limit of nodes"),
        ({"resources": {"limits": {"memory": "1.5"}}}, "resources.limits.memory", "no part finer than a byte"),
        ({"resources": {"limits": {"memory": float("nan")}}}, "resources.limits.memory", "got 'nan'"),
        ({"resources": {"limits": {"memory": True}}}, "resources.limits.memory", "expected a quantity"),
        ({"resources": {"claims": [{"name": "x"}]}}, "resources.claims", "is not supported"),
        ({"ports": [{"containerPort": 0}]}, "ports[0].containerPort", "from 1 to 65535"),
        ({"ports": [{"containerPort": "80"}]}, "ports[0].containerPort", "got the text '80'"),
        ({"ports": [{"name": "web"}]}, "ports[0].containerPort", "is required"),
        ({"ports": [{"containerPort": 80, "protocol": "tcp"}]}, "ports[0].protocol", "TCP, UDP, SCTP"),
        ({"ports": [{"containerPort": 80, "hostPort": 80}]}, "ports[0].hostPort", "forwards no ports"),
        (
            {"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]},
            "ports[1].name",
            "another port 'a'",
        ),
        ({"volumeMounts": [{"name": "x", "mountPath": "/x"}]}, "volumeMounts[0].name", "one of the pod's volumes (v)"),
        ({"volumeMounts": [{"name": "v", "mountPath": "x"}]}, "volumeMounts[0].mountPath", "starts with '/'"),
        ({"volumeMounts": [{"name": "v", "mountPath": "/../x"}]}, "volumeMounts[0].mountPath", "without ':' and '..'"),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/x", "subPath": "../x"}]},
            "volumeMounts[0].subPath",
            "without '..'",
        ),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/x"}, {"name": "v", "mountPath": "/x"}]},
            "volumeMounts[1].mountPath",
            "another mount at '/x'",
        ),
        ({"securityContext": {"privileged": True}}, "securityContext", "is not supported"),
        ({"lifecycle": {"preStop": {}}}, "lifecycle", "is not supported"),
        ({"stdin": True}, "stdin", "is not supported"),
        ({"restartPolicy": "Always"}, "restartPolicy", "is not supported"),
    ],
)
def test_faults_of_a_container(problems_of, running, fields, path, part):
    found = problems_of(running("kube9/v1", NAMED, **fields))
    assert list(found) == [f"spec.containers[0].{path}"]
    assert part in found[f"spec.containers[0].{path}"]


def test_an_image_may_be_left_out_only_where_machines_without_containers_are_known(problems_of, pod):
    document = {"containers": [{"name": "c", "command": ["true"]}]}
    assert container_of(pod(document)).image == ""
    assert problems_of(pod(document, "v1")) == {"spec.containers[0].image": "is required"}


def test_a_port_of_the_node_is_the_container_s_own_on_the_node_s_network(running):
    ports = [{"containerPort": 80, "hostPort": 80}]
    assert container_of(running("v1", {"hostNetwork": True}, ports=ports)).ports == (ContainerPort(port=80),)


def test_a_message_of_the_end_is_warned_about_unless_it_is_where_it_always_is(running):
    assert parse_document(running("v1", terminationMessagePath="/dev/termination-log")).warnings == ()
    (warning,) = parse_document(running("v1", terminationMessagePath="/tmp/end")).warnings
    assert warning.startswith("spec.containers[0].terminationMessagePath: ")


def test_an_init_container_has_no_probes(problems_of, pod):
    container = {"name": "i", "image": "x:1", "livenessProbe": {"tcpSocket": {"port": 1}}}
    assert problems_of(pod({"initContainers": [container]})) == {
        "spec.initContainers[0].livenessProbe": "an init container has no probes"
    }
