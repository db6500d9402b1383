"""Examples as people read them: Python that can be pasted into a test, less whatever is as it is by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from attrs import NOTHING, fields, has

__all__ = ["shown"]

_WIDTH = 100


def shown(value: object, indent: int = 0) -> str:
    """``value`` as Python, on one line where that is short enough or all numbers, and else one part a line.

    :param indent: of the line that it begins on, which counts towards the width.
    """
    opening, parts, closing = _parts(value)
    flat = f"{opening}{', '.join(f'{name}{shown(part)}' for name, part in parts)}{closing}"
    numbers = bool(parts) and all(type(part) in (int, float) and not name for name, part in parts)
    if not parts or numbers or ("\n" not in flat and indent + len(flat) <= _WIDTH):
        return flat
    lines = [f"{' ' * (indent + 4)}{name}{shown(part, indent + 4)}," for name, part in parts]
    return "\n".join([opening, *lines, f"{' ' * indent}{closing.removeprefix(',')}"])


def _parts(value: Any) -> tuple[str, list[tuple[str, object]], str]:
    """How it begins, what is inside, each with what stands before it, and how it ends."""
    if has(type(value)):
        return f"{type(value).__name__}(", _fields(value), ")"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}", [], ""
    if isinstance(value, Mapping):
        return "{", [(f"{key!r}: ", part) for key, part in value.items()], "}"
    if type(value) is tuple:
        return "(", _unnamed(value), ",)" if len(value) == 1 else ")"
    if isinstance(value, list):
        return "[", _unnamed(value), "]"
    return repr(value), [], ""


def _unnamed(values: Iterable[object]) -> list[tuple[str, object]]:
    return [("", value) for value in values]


def _fields(value: Any) -> list[tuple[str, object]]:
    there = ((field, getattr(value, field.name)) for field in fields(type(value)) if field.init)
    return [(f"{field.alias}=", part) for field, part in there if not _is_default(field, part)]


def _is_default(field: Any, value: object) -> bool:
    default = field.default
    if default is NOTHING:
        return False
    make = getattr(default, "factory", None)
    if make is None:
        return bool(value == default)
    return not default.takes_self and bool(value == make())
