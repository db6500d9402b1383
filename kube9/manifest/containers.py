"""Containers."""

from __future__ import annotations

from typing import Any

from kube9.core.containers import PROTOCOLS, Container, ContainerPort, PullPolicy, VolumeMount
from kube9.core.frozen import Amounts
from kube9.core.limits import PORT_MAX
from kube9.core.quantities import format_quantity
from kube9.core.texts import is_mount_path
from kube9.manifest.env import merged, read_env, read_env_from
from kube9.manifest.names import name_label, port_name
from kube9.manifest.probes import read_probe, read_single_probe
from kube9.manifest.reader import NOTHING, Reader
from kube9.manifest.scalars import amounts, boolean, choice, filled_text, list_of, one_of, text, texts, unique, whole
from kube9.manifest.shape import Shape, honoured, refused, warned
from kube9.manifest.volumes import relative_path

__all__ = ["CONTAINER", "MOUNT", "PORT", "RESOURCES", "default_pull_policy", "read_container", "read_init_container"]

PORT = Shape(
    "port of a container",
    honoured("containerPort", whole(1, PORT_MAX), "whole number", to="port", required=True),
    honoured("name", port_name, "name", says="What probes may call it."),
    honoured("protocol", choice({name: name for name in PROTOCOLS}), "`TCP`, `UDP` or `SCTP`"),
    honoured(
        "hostPort",
        whole(0, PORT_MAX),
        "whole number",
        says="Only on hostNetwork, where it is containerPort; kube9 forwards no ports.",
    ),
    refused("hostIP", "kube9 forwards no ports"),
)


def _read_port(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = PORT.read(reader, value)
    if found is None:
        return NOTHING
    on_node = found.pop("hostPort", 0)
    if on_node and not (reader.host_network and on_node == found.get("port")):
        reader.problem("is not supported: kube9 forwards no ports; use hostNetwork", "hostPort")
    port = reader.made(ContainerPort, found, before)
    if port is not NOTHING and port.name:
        reader.ports[port.name] = port.port
    return port


def _read_ports(reader: Reader, value: Any) -> Any:
    found = list_of(_read_port)(reader, value)
    if found is not NOTHING:
        unique(reader, value, "port")
    return found


def _mount_path(reader: Reader, value: Any) -> Any:
    found = text(reader, value)
    if found is not NOTHING and not is_mount_path(found):
        return reader.expected("a path that starts with '/', without ':' and '..'", value)
    return found


def _mounted(reader: Reader, value: Any) -> Any:
    if not isinstance(value, str):
        return text(reader, value)
    if value not in reader.volumes:
        known = ", ".join(sorted(reader.volumes)) or "none"
        return reader.expected(f"the name of one of the pod's volumes ({known})", value)
    return value


MOUNT = Shape(
    "volumeMount",
    honoured("name", _mounted, "name of a volume", required=True),
    honoured("mountPath", _mount_path, "absolute path", to="path", required=True),
    honoured("subPath", relative_path, "relative path", to="sub_path", says="Only this part of the volume."),
    honoured("readOnly", boolean, "boolean", to="read_only"),
    refused("mountPropagation", "what is mounted in a container stays in it", quiet=("None",)),
    refused("recursiveReadOnly", "readOnly is all there is", quiet=("Disabled",)),
    refused("subPathExpr", "variables are not put into paths; use subPath"),
)


def _read_mount(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = MOUNT.read(reader, value)
    return NOTHING if found is None else reader.made(VolumeMount, found, before)


def _read_mounts(reader: Reader, value: Any) -> Any:
    found = list_of(_read_mount)(reader, value)
    if found is not NOTHING:
        unique(reader, value, "mount at", "mountPath")
    return found


RESOURCES = Shape(
    "resources",
    honoured(
        "requests",
        amounts,
        "quantities by resource",
        says="What a node sets aside; the limit where that alone is said.",
    ),
    honoured("limits", amounts, "quantities by resource", says="What it gets at most."),
    refused("claims", "devices are asked for under spec.devices, in apiVersion kube9/v1"),
)


def _read_resources(reader: Reader, value: Any) -> Any:
    """Requests and limits. A request of nothing is as good as none, but keeps the limit from standing in for it."""
    before = reader.faults
    found = RESOURCES.read(reader, value)
    if found is None or reader.faults != before:
        return NOTHING
    limits = found.get("limits", Amounts())
    requests = {**limits, **found.get("requests", {})}
    for resource, most in limits.items():
        if requests[resource] > most:
            asked, at_most = format_quantity(requests[resource], resource), format_quantity(most, resource)
            reader.problem(f"is {asked}, more than its limit of {at_most}", "requests", resource)
    if "pods" in requests:
        reader.problem(
            "pods is a limit of nodes; a pod always takes one", "requests" if "requests" in found else "limits"
        )
    return Amounts({resource: amount for resource, amount in requests.items() if amount}), limits


_PROBE = "How often it is asked, and what: see probe."
_NO_TERMINAL = "kube9 gives containers neither input nor a terminal"

CONTAINER = Shape(
    "container",
    honoured("name", name_label, "name", required=True),
    honoured("image", filled_text, "text", says="Required in `v1`; machines without containers run the command."),
    honoured("imagePullPolicy", one_of(PullPolicy), "`Always`, `IfNotPresent` or `Never`", to="pull_policy"),
    honoured("command", texts, "list of texts", says="What the image says where it is unsaid."),
    honoured("args", texts, "list of texts"),
    honoured("workingDir", text, "text", to="working_dir"),
    honoured("env", read_env, "list of variables"),
    honoured("envFrom", read_env_from, "list of sources", to="env_from", says="A variable for each key."),
    honoured("resources", _read_resources, "resources"),
    honoured("ports", _read_ports, "list of ports", says="For people and probes; opens nothing."),
    honoured("volumeMounts", _read_mounts, "list of mounts", to="mounts"),
    honoured("livenessProbe", read_single_probe, "probe", to="liveness", says="Restarts the container."),
    honoured("readinessProbe", read_probe, "probe", to="readiness", says="Whether it is ready."),
    honoured("startupProbe", read_single_probe, "probe", to="startup", says="The other probes wait for it."),
    refused("lifecycle", "kube9 has no hooks after start and before stop"),
    refused("resizePolicy", "containers keep the resources they began with"),
    refused("restartPolicy", "containers have their pod's restartPolicy; kube9 has no sidecars among initContainers"),
    refused("restartPolicyRules", "containers have their pod's restartPolicy"),
    refused("securityContext", "kube9 runs a container with the user and rights that its image and engine give it"),
    refused("stdin", _NO_TERMINAL),
    refused("stdinOnce", _NO_TERMINAL),
    refused("tty", _NO_TERMINAL),
    refused("volumeDevices", "kube9 mounts folders only"),
    warned("terminationMessagePath", "kube9 reads no message of a container's end", quiet=("/dev/termination-log",)),
    warned("terminationMessagePolicy", "kube9 reads no message of a container's end", quiet=("File",)),
    first=("ports",),
)
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def read_container(reader: Reader, value: Any) -> Any:
    before = reader.faults
    reader.ports = {}
    found = CONTAINER.read(reader, value)
    if found is None:
        return NOTHING
    if "resources" in found:
        found["requests"], found["limits"] = found.pop("resources")
    if "env_from" in found or "env" in found:
        found["env"] = merged(reader, found.pop("env_from", ()), found.get("env", ()))
    image = found.get("image", "")
    if "pull_policy" not in found:
        found["pull_policy"] = default_pull_policy(image)
    if not image and not reader.own and value.get("image") is None:
        reader.problem("is required", "image")
    return reader.made(Container, found, before)


def read_init_container(reader: Reader, value: Any) -> Any:
    """A container that runs to its end before the others start, so that nothing asks how it does."""
    if isinstance(value, dict):
        for name in _PROBES:
            if value.get(name):
                reader.problem("an init container has no probes", name)
    return read_container(reader, value)


def default_pull_policy(image: str) -> PullPolicy:
    """What Kubernetes takes where nothing is said: always for the tag ``latest``, which is also that of no tag.

    Source: https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting
    """
    if not image:
        return PullPolicy.IF_NOT_PRESENT
    rest, _, digest = image.partition("@")
    tag = rest.rpartition("/")[2].partition(":")[2]
    return PullPolicy.ALWAYS if tag == "latest" or not (tag or digest) else PullPolicy.IF_NOT_PRESENT
