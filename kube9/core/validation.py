"""Rules shared by the values: names, amounts, and what devices add up to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from kube9.core.errors import InvalidInput
from kube9.core.frozen import Amounts
from kube9.core.quantities import QUANTITY_MAX

if TYPE_CHECKING:
    from attrs import Attribute

_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._/-]{0,251}[a-zA-Z0-9])?", re.ASCII)


class _DeviceLike(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def milli(self) -> int: ...


def valid_name(_: object, attribute: Attribute[Any], value: str) -> None:
    """Letters, digits, ``.``, ``_``, ``/`` and ``-``, at most 253, starting and ending with a letter or digit."""
    if type(value) is not str or _NAME.fullmatch(value) is None:
        raise InvalidInput(
            f"{attribute.name} must be letters, digits, '.', '_', '/' and '-', start and end with a letter or digit "
            f"and have at most 253 characters, got {value!r}"
        )


def device_kind(_: object, attribute: Attribute[Any], value: str) -> None:
    """A name that is not that of something every node has."""
    valid_name(_, attribute, value)
    if value in ("cpu", "memory", "pods"):
        raise InvalidInput(f"{attribute.name} must be that of a device, such as gpu, got {value!r}")


def positive(_: object, attribute: Attribute[Any], value: int) -> None:
    if type(value) is not int or not 0 < value <= QUANTITY_MAX:
        raise InvalidInput(f"{attribute.name} must be a whole number from 1 to {QUANTITY_MAX}, got {value!r}")


def not_negative(_: object, attribute: Attribute[Any], value: int) -> None:
    if type(value) is not int or not 0 <= value <= QUANTITY_MAX:
        raise InvalidInput(f"{attribute.name} must be a whole number from 0 to {QUANTITY_MAX}, got {value!r}")


def amounts(_: object, attribute: Attribute[Any], value: Mapping[str, int]) -> None:
    """Whole, not negative, and small enough that sums stay within an int64."""
    for resource, amount in value.items():
        if type(amount) is not int or not 0 <= amount <= QUANTITY_MAX:
            raise InvalidInput(
                f"{attribute.name}: {resource} must be a whole number from 0 to {QUANTITY_MAX}, got {amount!r}"
            )


def unique_kinds(_: object, attribute: Attribute[Any], value: Sequence[_DeviceLike]) -> None:
    kinds = [device.kind for device in value]
    for kind in kinds:
        if kinds.count(kind) > 1:
            raise InvalidInput(f"{attribute.name}: {kind!r} is listed {kinds.count(kind)} times, expected once")


def device_totals(what: str, given: Mapping[str, int], devices: Sequence[_DeviceLike]) -> Amounts:
    """``given`` with the sum of each kind of device under its name, so that policies see devices as a resource too."""
    merged = dict(given)
    for device in devices:
        total = device.count * device.milli
        if merged.get(device.kind, total) != total:
            raise InvalidInput(
                f"{what}: {device.kind} is given as {merged[device.kind]} and also as devices, which make {total}"
            )
        if total > QUANTITY_MAX:
            raise InvalidInput(f"{what}: {device.kind} must be at most {QUANTITY_MAX} in all, got {total}")
        merged[device.kind] = total
    return Amounts(merged)
