"""The fields in which kube9's own pod and node files give amounts and devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from kube9.core.errors import InvalidInput
from kube9.core.frozen import FrozenMap
from kube9.core.limits import DEVICES_MAX
from kube9.files.fields import amount_of, shown, text, whole
from kube9.files.records import Record

__all__ = ["PREFIX", "amounts", "check_resource", "devices"]

#: Before the name of a resource that has no column of its own.
PREFIX = "resource."

_OWN_COLUMN = ("cpu", "memory", "pods", "gpu")

D = TypeVar("D")


def check_resource(name: str) -> str:
    """:raises InvalidInput: ``name`` is one that kube9 has a field for."""
    if name in _OWN_COLUMN:
        raise InvalidInput(f"{name} has a field of its own; write {name} instead of {PREFIX}{name}")
    return name


def amounts(record: Record, resources: tuple[str, ...], *, needed: tuple[str, ...] = ()) -> FrozenMap[str, int]:
    """The amounts in the fields called like ``resources``, and in every ``resource.<name>``.

    :raises FileError: an amount cannot be read, or one of ``needed`` is not there.
    """
    found = {name: record.need(name, amount_of(name)) for name in resources if name in record.values or name in needed}
    for name in record.values:
        if name.startswith(PREFIX):
            resource = name[len(PREFIX) :]
            found[resource] = record.need(name, partial(_extended, resource))
    return FrozenMap(found)


def _extended(resource: str, value: object) -> int:
    return amount_of(check_resource(resource))(value)


def devices(record: Record, make: Callable[..., D], more: Mapping[str, Callable[[object], Any]]) -> tuple[D, ...]:
    """The devices of a record: those of ``gpu``, ``gpu_milli`` and so on, and those listed in ``devices``.

    :param make: makes one group from ``kind``, ``count``, ``milli`` and the keys of ``more``.
    :param more: how the fields are read that differ between pods and nodes, such as ``model``.
    """
    gpus = _gpus(record, make, more)
    return gpus + record.read("devices", lambda value: _listed(value, make, more), ())


def _gpus(record: Record, make: Callable[..., D], more: Mapping[str, Callable[[object], Any]]) -> tuple[D, ...]:
    count = record.read("gpu", partial(whole, most=DEVICES_MAX), 0)
    given = {name: parse for name, parse in (("milli", _at_least_one), *more.items()) if f"gpu_{name}" in record.values}
    if not count:
        for name in given if "gpu" not in record.values else ():
            raise record.fault("expected a count in gpu as well, such as 1 for a share of one", f"gpu_{name}")
        return ()
    rest = {name: record.need(f"gpu_{name}", parse) for name, parse in given.items()}
    return (make(kind="gpu", count=count, **rest),)


def _listed(value: object, make: Callable[..., D], more: Mapping[str, Callable[[object], Any]]) -> tuple[D, ...]:
    known: dict[str, Callable[[object], Any]] = {"kind": text, "count": _at_least_one, "milli": _at_least_one, **more}
    if not isinstance(value, list):
        raise InvalidInput(f"expected a list of objects with {', '.join(known)}, got {shown(value)}")
    return tuple(make(**_fields(one, known)) for one in value)


def _fields(one: object, known: Mapping[str, Callable[[object], Any]]) -> dict[str, Any]:
    if not isinstance(one, dict) or not {"kind", "count"} <= one.keys() <= known.keys():
        raise InvalidInput(
            f"expected an object with kind, count and perhaps {', '.join(list(known)[2:])}, got {shown(one)}"
        )
    return {name: known[name](value) for name, value in one.items()}


def _at_least_one(value: object) -> int:
    return whole(value, least=1)
