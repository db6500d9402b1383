"""Texts, numbers, times and the lists and maps of them, each read strictly: nothing is made into another type."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from kube9.core.errors import QuantityError
from kube9.core.frozen import Amounts, FrozenMap
from kube9.core.limits import TIME_MAX_MS
from kube9.core.quantities import QUANTITY_MAX, parse_quantity
from kube9.manifest.names import label_key, label_value
from kube9.manifest.reader import NOTHING, Read, Reader, quotes_hint, shown

__all__ = [
    "SECONDS_MAX",
    "amounts",
    "annotation_texts",
    "boolean",
    "choice",
    "filled_text",
    "labels",
    "list_of",
    "one_of",
    "quantity",
    "seconds",
    "text",
    "text_map",
    "texts",
    "unique",
    "whole",
]

SECONDS_MAX = TIME_MAX_MS // 1000

_QUANTITY_CHARS_MAX = 40


def text(reader: Reader, value: Any) -> Any:
    """Any text that can be stored and handed to a process."""
    if not isinstance(value, str):
        return reader.expected("a text", value, quotes_hint(value))
    if "\0" in value:
        reader.problem("a text cannot have a NUL character in it")
        return NOTHING
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            reader.problem("expected a text of Unicode characters, got half of a surrogate pair")
            return NOTHING
    return value


def filled_text(reader: Reader, value: Any) -> Any:
    """A text with something in it."""
    if value == "":
        reader.problem("must not be empty")
        return NOTHING
    return text(reader, value)


def boolean(reader: Reader, value: Any) -> Any:
    return value if isinstance(value, bool) else reader.expected("true or false", value)


def whole(least: int = 0, most: int = QUANTITY_MAX) -> Read:
    """A whole number from ``least`` to ``most``."""

    def read(reader: Reader, value: Any) -> Any:
        if type(value) is int and least <= value <= most:
            return value
        return reader.expected(f"a whole number from {least} to {most}", value)

    return read


def seconds(least: int = 0) -> Read:
    """A time in seconds, as milliseconds: whole, or in ``kube9/v1`` with up to three decimals.

    :param least: 0, or 1 for a time that must not be nothing.
    """

    def read(reader: Reader, value: Any) -> Any:
        time_ms = value * 1000 if type(value) is int else None
        if type(value) is float and reader.own and abs(value) <= SECONDS_MAX:
            exact = Decimal(repr(value)) * 1000
            time_ms = int(exact) if exact == int(exact) else None
        if time_ms is not None and least <= time_ms <= TIME_MAX_MS:
            return time_ms
        return reader.expected(
            f"a {'' if reader.own else 'whole '}number of seconds from {least} to {SECONDS_MAX}", value
        )

    return read


def one_of(kind: type[Enum]) -> Read:
    """A member of an enum by its value."""
    return choice({member.value: member for member in kind})


def choice(results: dict[str, Any]) -> Read:
    """One of a few texts, and what each becomes."""

    def read(reader: Reader, value: Any) -> Any:
        if isinstance(value, str) and value in results:
            return results[value]
        return reader.expected(f"one of {', '.join(name or repr(name) for name in results)}", value)

    return read


def list_of(read_item: Read) -> Read:
    """A list, as a tuple of what each item became."""

    def read(reader: Reader, value: Any) -> Any:
        if not isinstance(value, list):
            return reader.expected("a list", value)
        found, path = [], reader.path
        for index, item in enumerate(value):
            path.append(index)
            result = read_item(reader, item)
            path.pop()
            if result is not NOTHING:
                found.append(result)
        return tuple(found)

    return read


texts = list_of(text)


def text_map(reader: Reader, value: Any) -> Any:
    """An object of texts under any names but the empty one."""
    return _map(reader, value, _any_key, text)


def labels(reader: Reader, value: Any) -> Any:
    """Labels, or what they are held against."""
    return _map(reader, value, label_key, label_value)


def annotation_texts(reader: Reader, value: Any) -> Any:
    """Texts under the names that labels may have."""
    return _map(reader, value, label_key, text)


def _any_key(reader: Reader, key: Any) -> Any:
    return filled_text(reader, key)


def _map(reader: Reader, value: Any, read_key: Read, read_value: Read) -> Any:
    if not isinstance(value, dict):
        return reader.expected("an object", value)
    found, path = {}, reader.path
    for key, given in value.items():
        path.append(key)
        if read_key(reader, key) is not NOTHING:
            result = read_value(reader, given)
            if result is not NOTHING:
                found[key] = result
        path.pop()
    return FrozenMap(found)


def quantity(resource: str) -> Read:
    """An amount of a resource, in its whole units."""

    def read(reader: Reader, value: Any) -> Any:
        return _amount(reader, resource, value)

    return read


def _amount(reader: Reader, resource: str, value: Any) -> Any:
    if isinstance(value, str) and len(value) <= _QUANTITY_CHARS_MAX:
        written = value
    elif type(value) is float or (type(value) is int and abs(value) <= QUANTITY_MAX):
        written = repr(value)
    else:
        return reader.expected(f"a quantity of {resource} such as 500m, 2 or 8Gi", value)
    try:
        return _quantity(written, resource)
    except QuantityError as exc:
        reader.problem(str(exc))
        return NOTHING


@lru_cache(maxsize=4096)  # a cluster of a million pods has a few hundred different amounts
def _quantity(written: str, resource: str) -> int:
    return parse_quantity(written, resource)


def amounts(reader: Reader, value: Any) -> Any:
    """Amounts of resources by name."""
    if not isinstance(value, dict):
        return reader.expected("an object of quantities", value)
    found, path = {}, reader.path
    for resource, given in value.items():
        path.append(resource)
        if label_key(reader, resource) is not NOTHING:
            result = _amount(reader, resource, given)
            if result is not NOTHING:
                found[resource] = result
        path.pop()
    return Amounts(found)


def unique(reader: Reader, items: list[Any], what: str, field: str = "name") -> None:
    """Note each of ``items``, those of the present list as they were written, whose ``field`` was there before."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        name = item.get(field) if isinstance(item, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            reader.problem(f"there is another {what} {shown(name)}", index, field)
        seen.add(name)
