"""Pods."""

from __future__ import annotations

from typing import Any

from kube9.core.containers import RestartPolicy
from kube9.core.limits import PRIORITY_MAX, PRIORITY_MIN
from kube9.core.pods import DEFAULT_SCHEDULER, PodSpec
from kube9.manifest.configs import read_configs
from kube9.manifest.containers import read_container, read_init_container
from kube9.manifest.metadata import read_metadata
from kube9.manifest.placement import (
    read_affinity,
    read_device_requests,
    read_toleration,
    refused_unless_preferred,
)
from kube9.manifest.reader import NOTHING, Reader, shown
from kube9.manifest.scalars import amounts, boolean, labels, list_of, one_of, seconds, text, whole
from kube9.manifest.shape import Field, Shape, Treatment, honoured, refused, warned
from kube9.manifest.volumes import read_volumes

__all__ = ["POD", "POD_SPEC", "read_pod_spec"]


def _scheduler_name(reader: Reader, value: Any) -> Any:
    return "" if value == DEFAULT_SCHEDULER else text(reader, value)


def _requests(reader: Reader, value: Any) -> Any:
    found = amounts(reader, value)
    if found is not NOTHING and "pods" in found:
        reader.problem("pods is a limit of nodes; a pod always takes one", "pods")
    return found


def _host_network(reader: Reader, value: Any) -> Any:
    found = boolean(reader, value)
    reader.host_network = found is True
    return found


def _read_containers(reader: Reader, value: Any) -> Any:
    return list_of(read_container)(reader, value)


_NO_ACCOUNTS = "kube9 has no service accounts; the pod runs without one"
_NETWORK = "a pod has the network and names that its node gives it"
_NODE_LOGIN = "images are pulled with the node's own login"
_SCHEDULING = "which node it gets, the scheduler says"
_ONE_POD = "containers of a pod share no processes with each other or the node"

POD_SPEC = Shape(
    "spec of a Pod",
    honoured("containers", _read_containers, "list of containers"),
    honoured("initContainers", list_of(read_init_container), "list of containers", to="init_containers"),
    honoured("nodeSelector", labels, "labels", to="node_selector"),
    honoured("tolerations", list_of(read_toleration), "list of tolerations"),
    honoured("affinity", read_affinity, "affinity", to="node_affinity"),
    honoured("priority", whole(PRIORITY_MIN, PRIORITY_MAX), "whole number", says="Higher goes first."),
    honoured(
        "schedulerName", _scheduler_name, "text", to="scheduler_name", says="`default-scheduler` is the cluster's."
    ),
    honoured("restartPolicy", one_of(RestartPolicy), "`Always`, `OnFailure` or `Never`", to="restart_policy"),
    honoured("terminationGracePeriodSeconds", seconds(), "seconds", to="grace_ms", says="30 where it is unsaid."),
    honoured("hostNetwork", _host_network, "boolean", to="host_network"),
    honoured("volumes", read_volumes, "list of volumes"),
    honoured(
        "requests",
        _requests,
        "quantities by resource",
        own=True,
        says="What the pod needs in all; the sum of its containers where it is unsaid.",
    ),
    honoured("devices", read_device_requests, "list of devices", own=True),
    honoured("configs", read_configs, "list of configs", own=True, says="What env, envFrom and volumes may name."),
    Field(
        name="topologySpreadConstraints",
        treatment=Treatment.REFUSED,
        read=refused_unless_preferred,
        says="kube9 spreads pods as the scheduler sees fit; only warned about with whenUnsatisfiable: ScheduleAnyway",
    ),
    warned("serviceAccountName", _NO_ACCOUNTS),
    warned("serviceAccount", _NO_ACCOUNTS),
    warned("automountServiceAccountToken", _NO_ACCOUNTS),
    warned("enableServiceLinks", "kube9 has no services to tell of"),
    warned("imagePullSecrets", _NODE_LOGIN),
    warned("preemptionPolicy", "no pod has to go for another", quiet=("Never",)),
    refused("activeDeadlineSeconds", "a pod runs as long as it runs"),
    refused("dnsConfig", _NETWORK),
    refused("dnsPolicy", _NETWORK, quiet=("ClusterFirst",)),
    refused("ephemeralContainers", "a pod keeps the containers it began with"),
    refused("hostAliases", _NETWORK),
    refused("hostIPC", _ONE_POD),
    refused("hostPID", _ONE_POD),
    refused("hostUsers", "user ids are those of the node's engine", quiet=(True,)),
    refused("hostname", _NETWORK),
    refused("hostnameOverride", _NETWORK),
    refused("nodeName", f"{_SCHEDULING}; use nodeSelector or nodeAffinity"),
    refused("os", "nodes run Linux", quiet=({"name": "linux"},)),
    refused("overhead", "what a pod needs is the sum of its containers"),
    Field(
        name="priorityClassName",
        treatment=Treatment.REFUSED,
        read=lambda *_: NOTHING,  # judged beside priority
        says="kube9 has no priority classes; say priority. Only warned about beside priority.",
    ),
    refused("readinessGates", "only probes say whether a pod is ready"),
    refused("resourceClaims", "devices are asked for under spec.devices, in apiVersion kube9/v1"),
    refused("resources", "say what the pod needs in all under spec.requests, in apiVersion kube9/v1"),
    refused("runtimeClassName", "containers run in the node's own engine"),
    refused("schedulingGates", "a pod is scheduled when it comes"),
    refused("securityContext", "kube9 runs a pod with the users and rights that its images and engine give it"),
    refused("setHostnameAsFQDN", _NETWORK),
    refused("shareProcessNamespace", _ONE_POD),
    refused("subdomain", _NETWORK),
    first=("configs", "volumes", "hostNetwork"),
)


def read_pod_spec(reader: Reader, value: Any) -> Any:
    """The :class:`PodSpec` of a pod, or of the pods of a deployment, whose metadata has been read."""
    before = reader.faults
    found = POD_SPEC.read(reader, value)
    if found is None:
        return NOTHING
    if not reader.own and value.get("containers") is None:
        reader.problem("is required", "containers")
    elif not reader.own and value.get("containers") == []:
        reader.problem("expected at least one container", "containers")
    _check_names(reader, value)
    _check_priority_class(reader, value)
    found["configs"] = tuple(reader.configs.values())
    return reader.named(PodSpec, found, before)


def _check_priority_class(reader: Reader, spec: dict[str, Any]) -> None:
    if spec.get("priorityClassName"):
        if spec.get("priority") is None:
            reader.problem("is not supported: kube9 has no priority classes; say priority", "priorityClassName")
        else:
            reader.warn("kube9 goes by priority alone", "priorityClassName")


def _check_names(reader: Reader, spec: dict[str, Any]) -> None:
    """No two containers of one name, init containers included."""
    seen: set[str] = set()
    for field in ("containers", "initContainers"):
        items = spec.get(field)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            name = item.get("name") if isinstance(item, dict) else None
            if not isinstance(name, str):
                continue
            if name in seen:
                reader.problem(f"there is another container {shown(name)}", field, index, "name")
            seen.add(name)


POD = Shape(
    "Pod",
    honoured("apiVersion", text, "`kube9/v1` or `v1`"),
    honoured("kind", text, "`Pod`"),
    honoured("metadata", read_metadata, "metadata", required=True),
    honoured("spec", read_pod_spec, "spec of a Pod", required=True),
    warned("status", "kube9 keeps this itself"),
    first=("metadata",),
)
