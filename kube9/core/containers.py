"""What a pod runs: containers, what they read and write, and how they are looked after.

The core decides by none of this but the requests; it is carried to whoever runs the pod.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from attrs.validators import optional

from kube9.core.errors import InvalidInput
from kube9.core.frozen import Amounts, FrozenMap, frozen_tuple, text_map
from kube9.core.limits import MODE_MAX, PORT_MAX, TIME_MAX_MS, whole
from kube9.core.quantities import QUANTITY_MAX
from kube9.core.texts import (
    DATA_KEY,
    ENV_NAME,
    NAME_LABEL,
    PORT_NAME,
    SUBDOMAIN,
    amounts_by_label,
    check_text,
    check_unique,
    filled_text,
    follows,
    is_mount_path,
    stays_below,
    text,
    texts,
    texts_by_name,
)
from kube9.core.validation import positive

__all__ = [
    "PROTOCOLS",
    "SCHEMES",
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
    "restart_policy",
    "total_requests",
]

if TYPE_CHECKING:
    from attrs import Attribute

PROTOCOLS = ("TCP", "UDP", "SCTP")
SCHEMES = ("HTTP", "HTTPS")


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


def restart_policy(value: RestartPolicy | str) -> RestartPolicy:
    """The policy of that name.

    :raises InvalidInput: there is none.
    """
    if isinstance(value, RestartPolicy):
        return value
    _check_word("restart_policy", value, [each.value for each in RestartPolicy])
    return RestartPolicy(value)


def _pull_policy(value: PullPolicy | str) -> PullPolicy:
    if isinstance(value, PullPolicy):
        return value
    _check_word("pull_policy", value, [each.value for each in PullPolicy])
    return PullPolicy(value)


def _one_of(known: Sequence[str]) -> Callable[[object, Attribute[Any], str], None]:
    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        _check_word(attribute.name, value, known)

    return check


def _check_word(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise InvalidInput(f"{what} must be one of {', '.join(known)}, got {value!r:.70}")


def _data(_: object, attribute: Attribute[Any], value: Mapping[str, str]) -> None:
    """The texts of a config, which may be secret."""
    for key, each in value.items():
        if not DATA_KEY.allows(key):
            raise InvalidInput(f"{attribute.name}: {key!r:.70} must be {DATA_KEY.words}")
        check_text(f"{attribute.name}: {key}", each)


@frozen(kw_only=True)
class Config:
    """Named texts that a pod's containers read as files or variables."""

    name: str = field(validator=follows(SUBDOMAIN))
    data: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=_data, repr=False)
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

    name: str = field(validator=follows(ENV_NAME))
    value: str = field(default="", validator=text, repr=False)
    source: ConfigKey | None = None

    def __attrs_post_init__(self) -> None:
        if self.value and self.source is not None:
            raise InvalidInput(f"value: {self.name} has one of its own and one from a config, expected one")


@frozen(kw_only=True)
class EmptyDir:
    """A folder that begins empty and goes with the pod."""

    #: Kept in memory rather than on disk.
    in_memory: bool = False
    size_limit_bytes: int | None = field(default=None, validator=optional(whole(0, QUANTITY_MAX)))


def _files(_: object, attribute: Attribute[Any], value: Mapping[str, str]) -> None:
    for key, path in value.items():
        check_text(f"{attribute.name}: {key}", path)
        if not path or not stays_below(path):
            raise InvalidInput(
                f"{attribute.name}: {key} must be a path without '/' at its start and without '..', got {path!r:.70}"
            )


@frozen(kw_only=True)
class ConfigVolume:
    """One file for each text of a config."""

    config: str
    #: File path by key; empty for every key under its own name.
    items: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=_files)
    #: Permission bits of the files; 420 is ``0o644``.
    mode: int = field(default=0o644, validator=whole(0, MODE_MAX))


@frozen(kw_only=True)
class NamedVolume:
    """A folder of the node that outlives the pod."""

    volume: str = field(validator=follows(SUBDOMAIN))


VolumeSource = EmptyDir | ConfigVolume | NamedVolume


@frozen(kw_only=True)
class Volume:
    """Something a pod's containers can mount by its name."""

    name: str = field(validator=follows(NAME_LABEL))
    source: VolumeSource = field(factory=EmptyDir)


@frozen(kw_only=True)
class VolumeMount:
    """Where a container sees a volume."""

    #: Name of the volume.
    name: str
    path: str = field(validator=text)
    sub_path: str = field(default="", validator=text)
    read_only: bool = False

    def __attrs_post_init__(self) -> None:
        if not is_mount_path(self.path):
            raise InvalidInput(f"path must start with '/' and be without ':' and '..', got {self.path!r:.70}")
        if not stays_below(self.sub_path):
            raise InvalidInput(f"sub_path must be without '/' at its start and without '..', got {self.sub_path!r:.70}")


@frozen(kw_only=True)
class ContainerPort:
    """A port the container listens on; told to people, it opens nothing."""

    port: int = field(validator=whole(1, PORT_MAX))
    name: str = field(default="", validator=follows(PORT_NAME, or_empty=True))
    protocol: str = field(default="TCP", validator=_one_of(PROTOCOLS))


@frozen(kw_only=True)
class ExecAction:
    """Healthy while the command exits with 0."""

    command: tuple[str, ...] = field(converter=frozen_tuple, validator=texts)

    def __attrs_post_init__(self) -> None:
        if not self.command:
            raise InvalidInput("command must not be empty")


@frozen(kw_only=True)
class HttpGetAction:
    """Healthy while the answer's status is from 200 to 399."""

    port: int = field(validator=whole(1, PORT_MAX))
    path: str = field(default="/", validator=filled_text)
    #: Empty for the pod itself.
    host: str = field(default="", validator=text)
    scheme: str = field(default="HTTP", validator=_one_of(SCHEMES))
    headers: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=texts_by_name)


@frozen(kw_only=True)
class TcpSocketAction:
    """Healthy while the port takes connections."""

    port: int = field(validator=whole(1, PORT_MAX))
    #: Empty for the pod itself.
    host: str = field(default="", validator=text)


ProbeAction = ExecAction | HttpGetAction | TcpSocketAction


@frozen(kw_only=True)
class Probe:
    """A question asked of a container again and again. The defaults are those of Kubernetes."""

    action: ProbeAction
    initial_delay_ms: int = field(default=0, validator=whole(0, TIME_MAX_MS))
    period_ms: int = field(default=10_000, validator=whole(1, TIME_MAX_MS))
    timeout_ms: int = field(default=1_000, validator=whole(1, TIME_MAX_MS))
    success_threshold: int = field(default=1, validator=positive)
    failure_threshold: int = field(default=3, validator=positive)


def _single(_: object, attribute: Attribute[Any], value: Probe | None) -> None:
    """A probe that one success satisfies, as those that restart a container are."""
    if value is not None and value.success_threshold != 1:
        raise InvalidInput(f"{attribute.name}: success_threshold must be 1, got {value.success_threshold}")


@frozen(kw_only=True)
class Container:
    """One container of a pod.

    A request of nothing is none.
    """

    name: str = field(validator=follows(NAME_LABEL))
    image: str = field(default="", validator=text)
    #: Empty for what the image says.
    command: tuple[str, ...] = field(default=(), converter=frozen_tuple, validator=texts)
    args: tuple[str, ...] = field(default=(), converter=frozen_tuple, validator=texts)
    working_dir: str = field(default="", validator=text)
    env: tuple[EnvVar, ...] = field(default=(), converter=frozen_tuple)
    #: What the node sets aside for it, in the units of :class:`~kube9.core.nodes.NodeSpec`.
    requests: Mapping[str, int] = field(factory=Amounts, validator=amounts_by_label)
    #: What it gets at most.
    limits: Mapping[str, int] = field(factory=Amounts, validator=amounts_by_label)
    ports: tuple[ContainerPort, ...] = field(default=(), converter=frozen_tuple)
    mounts: tuple[VolumeMount, ...] = field(default=(), converter=frozen_tuple)
    pull_policy: PullPolicy = field(default=PullPolicy.IF_NOT_PRESENT, converter=_pull_policy)
    liveness: Probe | None = field(default=None, validator=_single)
    readiness: Probe | None = None
    startup: Probe | None = field(default=None, validator=_single)

    def __attrs_post_init__(self) -> None:
        for resource, most in self.limits.items():
            if self.requests.get(resource, 0) > most:
                raise InvalidInput(f"requests: {resource} is {self.requests[resource]}, more than its limit of {most}")
        for field_name, given in (("requests", self.requests), ("limits", self.limits)):
            if "pods" in given:
                raise InvalidInput(f"{field_name}: pods is a limit of nodes and cannot be asked for")
        check_unique("env", (each.name for each in self.env))
        check_unique("ports", (each.name for each in self.ports if each.name))
        check_unique("mounts", (each.path for each in self.mounts))
        requests = Amounts({resource: amount for resource, amount in self.requests.items() if amount})
        object.__setattr__(self, "requests", requests)
        object.__setattr__(self, "limits", Amounts(self.limits))


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
