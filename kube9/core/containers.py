"""What a pod runs: containers, what they read and write, and how they are looked after.

The core decides by none of this but the requests; it is carried to whoever runs the pod.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import field, frozen

from kube9.core.errors import InvalidInput
from kube9.core.frozen import Amounts, FrozenMap, frozen_tuple, text_map
from kube9.core.validation import amounts, not_negative, positive, valid_name

__all__ = [
    "Config",
    "ConfigKey",
    "ConfigVolume",
    "Container",
    "ContainerPort",
    "EmptyDir",
    "EnvVar",
    "ExecAction",
    "HttpGetAction",
    "NamedVolume",
    "Probe",
    "ProbeAction",
    "PullPolicy",
    "RestartPolicy",
    "TcpSocketAction",
    "Volume",
    "VolumeMount",
    "VolumeSource",
    "total_requests",
]


class RestartPolicy(str, Enum):
    """When the node starts a container again that ended."""

    ALWAYS = "Always"
    ON_FAILURE = "OnFailure"
    NEVER = "Never"


class PullPolicy(str, Enum):
    """When the node asks the registry for an image."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


@frozen(kw_only=True)
class Config:
    """Named texts that a pod's containers read as files or variables."""

    name: str = field(validator=valid_name)
    data: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, repr=False)
    #: Its texts are shown to nobody: no list, no event, no log.
    secret: bool = False


@frozen
class ConfigKey:
    """One text of one of the pod's configs."""

    config: str
    key: str


@frozen(kw_only=True)
class EnvVar:
    """A variable: ``value`` as it stands, or the text that ``source`` points to."""

    name: str
    value: str = field(default="", repr=False)
    source: ConfigKey | None = None


@frozen(kw_only=True)
class EmptyDir:
    """A folder that begins empty and goes with the pod."""

    #: Kept in memory rather than on disk.
    in_memory: bool = False
    size_limit_bytes: int | None = None


@frozen(kw_only=True)
class ConfigVolume:
    """One file for each text of a config."""

    config: str
    #: File path by key; empty for every key under its own name.
    items: Mapping[str, str] = field(factory=FrozenMap, converter=text_map)
    #: Permission bits of the files.
    mode: int = 0o644


@frozen(kw_only=True)
class NamedVolume:
    """A folder of the node that outlives the pod."""

    volume: str = field(validator=valid_name)


VolumeSource = EmptyDir | ConfigVolume | NamedVolume


@frozen(kw_only=True)
class Volume:
    """Something a pod's containers can mount by its name."""

    name: str = field(validator=valid_name)
    source: VolumeSource = field(factory=EmptyDir)


@frozen(kw_only=True)
class VolumeMount:
    """Where a container sees a volume."""

    #: Name of the volume.
    name: str
    path: str
    sub_path: str = ""
    read_only: bool = False


@frozen(kw_only=True)
class ContainerPort:
    """A port the container listens on; told to people, it opens nothing."""

    port: int = field(validator=positive)
    name: str = ""
    protocol: str = "TCP"


@frozen(kw_only=True)
class ExecAction:
    """Healthy while the command exits with 0."""

    command: tuple[str, ...] = field(converter=frozen_tuple)


@frozen(kw_only=True)
class HttpGetAction:
    """Healthy while the answer's status is from 200 to 399."""

    port: int = field(validator=positive)
    path: str = "/"
    #: Empty for the pod itself.
    host: str = ""
    scheme: str = "HTTP"
    headers: Mapping[str, str] = field(factory=FrozenMap, converter=text_map)


@frozen(kw_only=True)
class TcpSocketAction:
    """Healthy while the port takes connections."""

    port: int = field(validator=positive)
    #: Empty for the pod itself.
    host: str = ""


ProbeAction = ExecAction | HttpGetAction | TcpSocketAction


@frozen(kw_only=True)
class Probe:
    """A question asked of a container again and again. The defaults are those of Kubernetes."""

    action: ProbeAction
    initial_delay_ms: int = field(default=0, validator=not_negative)
    period_ms: int = field(default=10_000, validator=positive)
    timeout_ms: int = field(default=1_000, validator=positive)
    success_threshold: int = field(default=1, validator=positive)
    failure_threshold: int = field(default=3, validator=positive)


@frozen(kw_only=True)
class Container:
    """One container of a pod."""

    name: str = field(validator=valid_name)
    image: str = ""
    #: Empty for what the image says.
    command: tuple[str, ...] = field(default=(), converter=frozen_tuple)
    args: tuple[str, ...] = field(default=(), converter=frozen_tuple)
    working_dir: str = ""
    env: tuple[EnvVar, ...] = field(default=(), converter=frozen_tuple)
    #: What the node sets aside for it, in the units of :class:`~kube9.core.nodes.NodeSpec`.
    requests: Mapping[str, int] = field(factory=Amounts, validator=amounts)
    #: What it gets at most.
    limits: Mapping[str, int] = field(factory=Amounts, validator=amounts)
    ports: tuple[ContainerPort, ...] = field(default=(), converter=frozen_tuple)
    mounts: tuple[VolumeMount, ...] = field(default=(), converter=frozen_tuple)
    pull_policy: PullPolicy = PullPolicy.IF_NOT_PRESENT
    liveness: Probe | None = None
    readiness: Probe | None = None
    startup: Probe | None = None

    def __attrs_post_init__(self) -> None:
        for resource, most in self.limits.items():
            if self.requests.get(resource, 0) > most:
                raise InvalidInput(f"requests: {resource} is {self.requests[resource]}, more than its limit of {most}")


def total_requests(containers: tuple[Container, ...], init_containers: tuple[Container, ...]) -> Amounts:
    """What a pod of these needs: the sum of its containers, or the most that one init container needs if that is more.

    Init containers run one after the other, before the rest.
    Source: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
    """
    total: dict[str, int] = {}
    for container in containers:
        for resource, amount in container.requests.items():
            total[resource] = total.get(resource, 0) + amount
    for container in init_containers:
        for resource, amount in container.requests.items():
            total[resource] = max(total.get(resource, 0), amount)
    return Amounts(total)
