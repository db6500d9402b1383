"""Options of a step, which come as text, read into numbers."""

from __future__ import annotations

import re

from kube9.core.errors import InvalidInput

__all__ = ["milliseconds", "number"]

_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII)


def milliseconds(value: object) -> int:
    """:raises InvalidInput: it is no whole number."""
    if type(value) is int:
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise InvalidInput(f"expected a whole number of milliseconds, got {value!r}")


def number(value: object) -> float:
    """:raises InvalidInput: it is no number, or one that is written otherwise than ``0.5`` or ``12``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    raise InvalidInput(f"expected a number such as 0.5 or 12, got {value!r}")
