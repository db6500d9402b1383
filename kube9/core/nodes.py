"""Nodes: what was asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import evolve, field, frozen

from kube9.core.drains import Drain
from kube9.core.errors import InvalidInput
from kube9.core.frozen import Amounts, FrozenMap, frozen_tuple, text_map
from kube9.core.limits import DEVICES_MAX, whole
from kube9.core.texts import (
    LABEL_KEY,
    LABEL_VALUE,
    amounts_by_label,
    follows,
    label_map,
    text,
    texts_by_name,
)
from kube9.core.validation import device_kind, device_totals, positive, unique_kinds, valid_name

__all__ = ["DeviceGroup", "Node", "NodePhase", "NodeSpec", "Taint", "TaintEffect"]


class TaintEffect(str, Enum):
    """What a taint does to a pod that does not tolerate it. Only binding is affected, never a running pod."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


def taint_effect(value: TaintEffect | str) -> TaintEffect:
    """The effect of that name.

    :raises InvalidInput: there is none.
    """
    try:
        return TaintEffect(value)
    except ValueError:
        known = ", ".join(effect.value for effect in TaintEffect)
        raise InvalidInput(f"effect must be one of {known}, got {value!r}") from None


@frozen(order=True)
class Taint:
    """Keeps pods away that do not tolerate it."""

    key: str = field(validator=follows(LABEL_KEY))
    value: str = field(default="", validator=follows(LABEL_VALUE))
    effect: TaintEffect = field(default=TaintEffect.NO_SCHEDULE, converter=taint_effect)

    def __str__(self) -> str:
        return f"{self.key}={self.value}" if self.value else self.key


@frozen(kw_only=True)
class DeviceGroup:
    """Equal devices of one kind in a node, such as eight GPUs of 1000 milli each."""

    kind: str = field(validator=[device_kind, follows(LABEL_KEY)])
    count: int = field(validator=whole(1, DEVICES_MAX))
    #: What one device has to give.
    milli: int = field(default=1000, validator=positive)
    model: str = field(default="", validator=text)


@frozen(kw_only=True)
class NodeSpec:
    """A node as it was asked for.

    ``capacity`` maps a resource to a whole number: ``cpu`` in thousandths of a core, ``memory`` in bytes, ``pods``
    the most pods it takes (no limit where it is unsaid), anything else in units of one. The total of each kind of
    device is added under the kind's name.
    """

    name: str = field(validator=valid_name)
    #: Who makes it and runs its pods; empty for whoever makes nodes where none is named.
    backend: str = field(default="memory", validator=text)
    capacity: Mapping[str, int] = field(factory=Amounts, validator=amounts_by_label)
    devices: tuple[DeviceGroup, ...] = field(default=(), converter=frozen_tuple, validator=unique_kinds)
    labels: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=label_map)
    taints: tuple[Taint, ...] = field(default=(), converter=frozen_tuple)
    #: For its backend, which refuses those it does not know.
    options: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=texts_by_name)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "capacity", device_totals("capacity", self.capacity, self.devices))

    def filled_up(self, capacity: Mapping[str, int], labels: Mapping[str, str]) -> NodeSpec:
        """The same with whatever it does not say itself."""
        kinds = {group.kind for group in self.devices}
        amounts = {**capacity, **self.capacity}
        counted = {resource: amount for resource, amount in amounts.items() if resource not in kinds}
        return evolve(self, capacity=counted, labels={**labels, **self.labels})


class NodePhase(str, Enum):
    """Where a node is in its life; ``nodelife`` says what leads where."""

    PROVISIONING = "Provisioning"
    READY = "Ready"
    SUSPECT = "Suspect"
    FAILED = "Failed"
    RECOVERING = "Recovering"
    LOST = "Lost"


@frozen(kw_only=True)
class Node:
    """A node at one moment. A change makes a new value, so one that was handed out stays true for its moment."""

    uid: str
    spec: NodeSpec
    #: Join order: ties between nodes go to the lowest.
    ordinal: int
    phase: NodePhase = NodePhase.PROVISIONING
    cordoned: bool = False
    #: How it is being emptied; ``None`` where it is not, or is empty by now. Whoever is drained is cordoned.
    drain: Drain | None = None
    #: Deletion was asked for; the backend has not confirmed it yet.
    deleting: bool = False
    #: How often it has failed.
    failures: int = 0
    #: Recoveries tried since the node was last Ready.
    recovery_attempts: int = 0
    #: Why it is in its phase, for people.
    reason: str = ""
    created_at_ms: int = 0
    #: While it is down: for how long after its failing its pods may still run there, and so stay bound to it.
    lease_left_ms: int = 0
    #: When it last failed; ``None`` if it never did.
    failed_at_ms: int | None = None
    #: How often it failed with no long good time between.
    streak: int = 0
    #: It fails again and again: it takes a pod only where no other node does.
    tried_last: bool = False
    #: Which boot of it joined last; empty where its backend does not tell them apart.
    incarnation: str = ""
    #: SHA-256 of the token the node proves itself with, in hex; empty where it has none.
    token_digest: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def down(self) -> bool:
        """Whether it is not counted on any more."""
        return self.phase in (NodePhase.FAILED, NodePhase.RECOVERING, NodePhase.LOST)

    @property
    def remade(self) -> bool:
        """Whether it was up before, was found not to be there, and has not joined anew yet."""
        return self.phase is NodePhase.PROVISIONING and self.reason != ""

    @property
    def schedulable(self) -> bool:
        """Whether the node takes new pods."""
        return self.phase is NodePhase.READY and not self.cordoned and not self.deleting
