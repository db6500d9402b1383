"""What the engine is told of the containers of a pod. Nothing here asks or changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kube9.agent import labels
from kube9.agent.archive import File
from kube9.agent.brain import StartOrder
from kube9.agent.environment import variables
from kube9.agent.mounts import files, holding_mounts, mounts
from kube9.agent.quantities import read_quantity
from kube9.agent.site import Site

__all__ = ["QUICK_CPU_MILLI", "SANDBOX", "PodRecipe", "Recipe", "pod_recipe"]

#: Of the container that holds the pod's network, or is all there is of it. No container of a pod can be called so.
SANDBOX = ""
#: The start of a container is itself throttled by less cpu than this.
QUICK_CPU_MILLI = 200
#: The least that the engine takes.
_CPU_MILLI_MIN, _MEMORY_BYTES_MIN = 10, 6 * 1024 * 1024
_NAME_LENGTH = 100
#: With what no container's name has in it.
_SANDBOX_NAME = "pod_sandbox"
_HOST_NAME_LENGTH = 63
_LOGS = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


class Recipe(NamedTuple):
    """One container."""

    #: In the pod; :data:`SANDBOX` for the one that is not the pod's own.
    container: str
    #: On the engine: the same for the same copy, so that what was made already is found.
    name: str
    #: As ``/containers/create`` takes it.
    body: Mapping[str, Any]
    image: str
    #: Always, IfNotPresent or Never.
    pull_policy: str
    #: Put in before it starts.
    files: tuple[File, ...] = ()
    #: Its cpu limit if it gets that only once it runs; 0 if it was made with it.
    late_cpu_milli: int = 0


class PodRecipe(NamedTuple):
    #: ``None`` where no container of its own holds the pod's network.
    sandbox: Recipe | None
    #: By name, init containers first.
    containers: Mapping[str, Recipe]
    #: Whether it is on its node's own network.
    on_host: bool


def pod_recipe(order: StartOrder, site: Site, cpus: int, api: tuple[int, int]) -> PodRecipe:
    """How a copy of a pod is made.

    :param cpus: of the engine's machine, which takes no higher limit.
    :raises ValueError: that cannot be made of it.
    """
    try:
        return _Kitchen(order, site, cpus, api).pod()
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"the pod is not written as this node knows it: {type(exc).__name__}: {exc}") from exc


class _Kitchen:
    def __init__(self, order: StartOrder, site: Site, cpus: int, api: tuple[int, int]) -> None:
        self._order, self._site, self._cpus, self._api = order, site, cpus, api
        self._spec = order.spec
        self._on_host = bool(order.spec.get("hostNetwork"))
        self._labels = {
            labels.CLUSTER: site.cluster,
            labels.NODE: site.node,
            labels.NODE_UID: site.node_uid,
            labels.NAMESPACE: order.namespace or "default",
            labels.POD: order.name,
            labels.POD_UID: order.uid,
            labels.EPOCH: str(order.epoch),
        }

    def pod(self) -> PodRecipe:
        init, main = self._spec.get("initContainers", ()), self._spec.get("containers", ())
        if not init and not main:
            return PodRecipe(None, {SANDBOX: self._sandbox([])}, self._on_host)
        # A container that is all there is holds the network itself: making a second one takes as long as the first.
        held = holding_mounts(self._spec, self._labels)
        shared = held or (not self._on_host and len(init) + len(main) > 1)
        sandbox = self._sandbox(held) if shared else None
        network = f"container:{sandbox.name}" if sandbox is not None and not self._on_host else ""
        found = [self._container(each, "init", network) for each in init]
        found += [self._container(each, "container", network) for each in main]
        return PodRecipe(sandbox, {each.container: each for each in found}, self._on_host)

    def _sandbox(self, held: list[dict[str, Any]]) -> Recipe:
        body = {
            "Image": self._site.sandbox_image,
            "Entrypoint": ["sleep", "infinity"],
            "Cmd": [],
            "Labels": {**self._labels, labels.ROLE: "sandbox"},
            "Healthcheck": {"Test": ["NONE"]},
        }
        return Recipe(
            SANDBOX,
            self._name(_SANDBOX_NAME),
            {**body, **self._network_words(self._host_config({"Mounts": held}), "")},
            self._site.sandbox_image,
            "IfNotPresent",
        )

    def _container(self, container: Mapping[str, Any], role: str, network: str) -> Recipe:
        name, image = container["name"], container.get("image", "")
        if not image:
            raise ValueError(f"container {name} names no image, and this node runs nothing else")
        cpu_milli = self._cpu_milli(container)
        late = cpu_milli if cpu_milli < QUICK_CPU_MILLI else 0
        host_config = self._host_config({} if late else {"NanoCpus": cpu_milli * 1_000_000})
        host_config.update(self._memory(container), **_shares(container))
        host_config["Mounts"] = mounts(container, self._spec, self._labels, self._api)
        body = {
            "Image": image,
            "Env": variables(container, self._spec, self._order.devices),
            "Labels": {**self._labels, labels.ROLE: role, labels.CONTAINER: name},
            # What looks after containers here is the pod's own probes.
            "Healthcheck": {"Test": ["NONE"]},
            **_command(container),
        }
        return Recipe(
            name,
            self._name(name),
            {**body, **self._network_words(host_config, network)},
            image,
            container.get("imagePullPolicy") or _pull_policy(image),
            tuple(files(container, self._spec)),
            late,
        )

    def _host_config(self, more: Mapping[str, Any]) -> dict[str, Any]:
        return {"LogConfig": _LOGS, "RestartPolicy": {"Name": "no"}, **more}

    def _network_words(self, host_config: dict[str, Any], network: str) -> dict[str, Any]:
        """:param network: of another container; empty for one that holds the pod's itself."""
        if self._on_host or network:
            return {"HostConfig": {**host_config, "NetworkMode": network or self._site.host_network}}
        words: dict[str, Any] = {"Hostname": self._order.name[:_HOST_NAME_LENGTH].rstrip("-.")}
        if self._site.network is None:
            return {**words, "HostConfig": host_config}
        words["HostConfig"] = {**host_config, "NetworkMode": self._site.network}
        words["NetworkingConfig"] = {"EndpointsConfig": {self._site.network: {"Aliases": self._aliases()}}}
        return words

    def _aliases(self) -> list[str]:
        """The names by which other pods find it; those of its owner lead to all of the owner's pods."""
        namespace = self._labels[labels.NAMESPACE]
        names = [name for name in (self._order.name, self._order.owner) if name]
        found = [f"{name}.{namespace}" for name in names]
        return [*names, *found] if namespace == "default" else found

    def _name(self, container: str) -> str:
        order, cluster = self._order, self._site.cluster
        readable = f"{self._labels[labels.NAMESPACE]}_{order.name}"[:_NAME_LENGTH]
        return f"kube9_{cluster}_{readable}_{container}_{order.uid}_{order.epoch}"

    def _cpu_milli(self, container: Mapping[str, Any]) -> int:
        wanted = _limit(container, "cpu") or self._site.cpu_milli or self._cpus * 1000
        return max(_CPU_MILLI_MIN, min(wanted, self._cpus * 1000))

    def _memory(self, container: Mapping[str, Any]) -> dict[str, int]:
        limit = _limit(container, "memory") or self._site.memory_bytes
        if not limit:
            return {}
        size = max(_MEMORY_BYTES_MIN, limit)
        # With swap on top of it, too much would only be slow.
        return {"Memory": size, "MemorySwap": size}


def _command(container: Mapping[str, Any]) -> dict[str, Any]:
    """As Kubernetes has it, the image's arguments do not follow a command that is not the image's."""
    words: dict[str, Any] = {}
    if container.get("command"):
        words.update(Entrypoint=list(container["command"]), Cmd=[])
    if container.get("args"):
        words["Cmd"] = list(container["args"])
    if container.get("workingDir"):
        words["WorkingDir"] = container["workingDir"]
    return words


def _limit(container: Mapping[str, Any], resource: str) -> int:
    """0 for none, as which a limit of nothing counts in Kubernetes, too."""
    return read_quantity(container.get("resources", {}).get("limits", {}).get(resource, "0"), resource)


def _shares(container: Mapping[str, Any]) -> dict[str, int]:
    """Who asked for more gets more where there is not enough for all."""
    resources = container.get("resources", {})
    wanted = resources.get("requests", {}).get("cpu", resources.get("limits", {}).get("cpu"))
    return {} if wanted is None else {"CpuShares": max(2, read_quantity(wanted, "cpu") * 1024 // 1000)}


def _pull_policy(image: str) -> str:
    """As in Kubernetes: the tag ``latest``, which is also that of no tag, is always asked for anew."""
    rest, _, digest = image.partition("@")
    tag = rest.rpartition("/")[2].partition(":")[2]
    return "Always" if tag == "latest" or not (tag or digest) else "IfNotPresent"
