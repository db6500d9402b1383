"""Pods: what was asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from attrs import field, fields, frozen
from attrs.converters import optional

from kube9.core.affinity import NodeSelectorTerm
from kube9.core.containers import Config, Container, RestartPolicy, Volume, restart_policy, total_requests
from kube9.core.errors import InvalidInput
from kube9.core.frozen import Amounts, FrozenMap, frozen_tuple, text_map
from kube9.core.limits import DEVICES_MAX, PRIORITY_MAX, PRIORITY_MIN, TIME_MAX_MS, whole
from kube9.core.nodes import Taint, TaintEffect, taint_effect
from kube9.core.parts import check_affinity, check_parts, check_total
from kube9.core.texts import (
    LABEL_KEY,
    LABEL_VALUE,
    amounts_by_label,
    check_text,
    follows,
    label_map,
    texts,
    texts_by_label,
)
from kube9.core.validation import device_kind, device_totals, positive, unique_kinds, valid_name

__all__ = [
    "DEFAULT_SCHEDULER",
    "DeviceRequest",
    "Owner",
    "Pod",
    "PodPhase",
    "PodReport",
    "PodSpec",
    "Toleration",
    "renamed",
]

if TYPE_CHECKING:
    from attrs import Attribute

#: Kubernetes's name for the scheduler of those who name none.
DEFAULT_SCHEDULER = "default-scheduler"


@frozen(order=True)
class Toleration:
    """Lets a pod onto nodes with a matching taint.

    An empty ``key`` with ``exists`` matches every taint; an effect of ``None`` matches every effect.
    """

    key: str = field(default="", validator=follows(LABEL_KEY, or_empty=True))
    value: str = field(default="", validator=follows(LABEL_VALUE))
    exists: bool = False
    effect: TaintEffect | None = field(default=None, converter=optional(taint_effect))

    def __attrs_post_init__(self) -> None:
        if not self.key and not self.exists:
            raise InvalidInput("key: a toleration without a key must have the operator Exists")

    def tolerates(self, taint: Taint) -> bool:
        """Whether this toleration lets a pod onto a node with ``taint``."""
        if self.effect is not None and self.effect is not taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        return self.exists or self.value == taint.value


@frozen(kw_only=True)
class DeviceRequest:
    """``count`` devices of a kind, ``milli`` of each, of one of ``models`` (any, where it is empty).

    A share never spans two devices: two devices at 500 milli are two halves, never one whole.
    """

    kind: str = field(validator=[device_kind, follows(LABEL_KEY)])
    count: int = field(validator=whole(1, DEVICES_MAX))
    milli: int = field(default=1000, validator=positive)
    models: tuple[str, ...] = field(default=(), converter=frozen_tuple, validator=texts)

    def __attrs_post_init__(self) -> None:
        if "" in self.models:
            raise InvalidInput("models: a model must not be empty; leave models empty for any")


def _scheduler(_: object, attribute: Attribute[Any], value: str) -> None:
    if value == "":  # nearly always
        return
    check_text(attribute.name, value)
    if value == DEFAULT_SCHEDULER:
        raise InvalidInput(f"{attribute.name} must be empty for the cluster's default, got {value!r}")


@frozen(kw_only=True)
class PodSpec:
    """A pod as it was asked for; this is what policies and filters see.

    ``requests`` maps a resource to a whole number above zero, in the units of :class:`~kube9.core.nodes.NodeSpec`;
    what is not in it reads as 0. Where it is empty, it is what the containers need. The total of each kind of device is
    added under the kind's name. A pod always takes one of a node's ``pods``, which it need not and may not ask for.
    """

    name: str = field(validator=valid_name)
    namespace: str = field(default="default", validator=valid_name)
    requests: Mapping[str, int] = field(factory=Amounts, validator=amounts_by_label)
    devices: tuple[DeviceRequest, ...] = field(default=(), converter=frozen_tuple, validator=unique_kinds)
    labels: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=label_map)
    node_selector: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=label_map)
    #: The node must meet one of these; empty for no condition.
    node_affinity: tuple[NodeSelectorTerm, ...] = field(default=(), converter=frozen_tuple)
    tolerations: tuple[Toleration, ...] = field(default=(), converter=frozen_tuple)
    #: Higher goes first.
    priority: int = field(default=0, validator=whole(PRIORITY_MIN, PRIORITY_MAX))
    #: Empty for the cluster's default.
    scheduler_name: str = field(default="", validator=_scheduler)
    containers: tuple[Container, ...] = field(default=(), converter=frozen_tuple)
    #: Run one after the other, each to its end, before the others start.
    init_containers: tuple[Container, ...] = field(default=(), converter=frozen_tuple)
    volumes: tuple[Volume, ...] = field(default=(), converter=frozen_tuple)
    configs: tuple[Config, ...] = field(default=(), converter=frozen_tuple)
    restart_policy: RestartPolicy = field(default=RestartPolicy.ALWAYS, converter=restart_policy)
    #: How long its processes get to end when they are told to.
    grace_ms: int = field(default=30_000, validator=whole(0, TIME_MAX_MS))
    #: It has the node's own network rather than one of its own.
    host_network: bool = False
    annotations: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=texts_by_label)
    #: All that scheduling goes by: two pods of one shape fit the same nodes and, for a local policy, score alike.
    shape: Hashable = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if "pods" in self.requests:
            raise InvalidInput("requests: pods is a limit of nodes and cannot be asked for")
        if self.node_affinity:
            check_affinity(self.node_affinity)
        if self.containers or self.init_containers or self.volumes or self.configs:
            check_parts(self.containers, self.init_containers, self.volumes, self.configs)
        needed = self.requests
        if not needed and (self.containers or self.init_containers):
            needed = total_requests(self.containers, self.init_containers)
            check_total(needed)
        asked = {resource: amount for resource, amount in needed.items() if amount}
        requests = device_totals("requests", asked, self.devices)
        object.__setattr__(self, "requests", requests)
        # Plain tuples: hashed and compared in C at every decision.
        shape = (
            self.scheduler_name,
            tuple(sorted(requests.items())),
            self.devices,
            tuple(sorted(self.labels.items())),
            tuple(sorted(self.node_selector.items())),
            self.node_affinity,
            self.tolerations,
            self.priority,
        )
        object.__setattr__(self, "shape", shape)


# What makes a twin of a spec in a third of the time that copy.copy() takes.
_PUT_NAMESPACE, _PUT_NAME = (vars(PodSpec)[name].__set__ for name in ("namespace", "name"))
_SHARED = [each.name for each in fields(PodSpec) if each.name not in ("namespace", "name")]
_GET_SHARED = attrgetter(*_SHARED)
_PUT_SHARED = [vars(PodSpec)[name].__set__ for name in _SHARED]


def renamed(spec: PodSpec, namespace: str, name: str) -> PodSpec:
    """``spec`` under other names, which the caller has checked. What was worked out once is shared, as is its shape."""
    twin = PodSpec.__new__(PodSpec)
    for put, value in zip(_PUT_SHARED, _GET_SHARED(spec), strict=True):
        put(twin, value)
    _PUT_NAMESPACE(twin, namespace)
    _PUT_NAME(twin, name)
    return twin


class PodPhase(str, Enum):
    """Where a pod is in its life."""

    PENDING = "Pending"
    STARTING = "Starting"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"

    @property
    def finished(self) -> bool:
        return self is PodPhase.SUCCEEDED or self is PodPhase.FAILED


@frozen
class Owner:
    """The deployment that a pod belongs to."""

    uid: str
    #: The deployment's revision that the pod was made of.
    revision: int = 1


@frozen(kw_only=True)
class Pod:
    """A pod at one moment. A change makes a new value, so one that was handed out stays true for its moment."""

    #: Unique for all time, unlike the name.
    uid: str
    spec: PodSpec
    #: Arrival order: among equals in the queue the lowest goes first.
    ordinal: int
    created_at_ms: int
    phase: PodPhase = PodPhase.PENDING
    #: Uid of the node it is bound to; ``None`` while it waits. A finished pod keeps the node it ran on.
    node_uid: str | None = None
    #: Grows with every bind; tells a stale start, report or survivor of a partition from the present copy.
    epoch: int = 0
    #: Per kind, the indices of the node's devices it holds.
    devices: Mapping[str, tuple[int, ...]] = FrozenMap()
    #: Deletion was asked for; the node has not confirmed the stop yet.
    deleting: bool = False
    #: It is being stopped where it is, to be queued again.
    evicting: bool = False
    #: It runs on only until another pod of its deployment runs in its place, for its node is drained.
    leaving: bool = False
    owner: Owner | None = None
    #: When the present epoch began to run, and when the pod ended by itself.
    started_at_ms: int | None = None
    finished_at_ms: int | None = None
    #: Starts that failed since it last ran.
    start_failures: int = 0
    exit_code: int | None = None
    #: All its containers run and are ready, by its node's word; only a pod that runs is.
    ready: bool = False
    #: How often its node started a container again in the present epoch.
    restarts: int = 0
    #: Why it is in its phase, for people: how it ended, what ails it, or the tally when it was last told why it waits.
    reason: str = ""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def namespace(self) -> str:
        return self.spec.namespace

    @property
    def owner_name(self) -> str | None:
        """The name of the deployment that it belongs to, for which it is named, with a number added."""
        return None if self.owner is None else self.spec.name.rpartition("-")[0]


@frozen(kw_only=True)
class PodReport:
    """What a node says of one copy of a pod."""

    pod_uid: str
    epoch: int
    #: Starting, Running, Succeeded or Failed.
    phase: PodPhase
    exit_code: int | None = None
    #: Why it could not be started; it never ran then.
    error: str = ""
    #: Of one that runs.
    ready: bool = True
    #: How often a container of it was started again.
    restarts: int = 0
    #: What ails it, or how it ended; empty where all is well.
    reason: str = ""
