"""One field of a record at a time: what a person or a program wrote, read into a value of the core.

A field comes as the text of a CSV cell or as the value of a JSON object. Each function raises
:class:`~kube9.core.errors.InvalidInput` that says what was expected and what was there; the caller knows where.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache, partial

from kube9.core.errors import InvalidInput
from kube9.core.frozen import FrozenMap
from kube9.core.nodes import Taint, TaintEffect
from kube9.core.pods import Toleration
from kube9.core.quantities import QUANTITY_MAX, parse_quantity

__all__ = [
    "TIME_MAX_MS",
    "amount_of",
    "duration_ms",
    "labels",
    "models",
    "seconds_ms",
    "shown",
    "taints",
    "text",
    "tolerations",
    "whole",
]

#: The latest moment and the longest time; sums of a few still fit in an int64.
TIME_MAX_MS = 2**53

_WHOLE = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_SECONDS = re.compile(r"(\d{1,12})(?:\.(\d{1,3}))?", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h|d)", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_EFFECTS = {effect.value: effect for effect in TaintEffect}


def shown(value: object) -> str:
    """``value`` as it stands in a message: quoted, and cut where it is long."""
    full = repr(value)
    return full if len(full) <= 60 else f"{full[:50]}...{full[-1]} ({len(full)} characters)"


def text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"expected text, got {shown(value)}")
    return value


def whole(value: object, *, least: int = 0, most: int = QUANTITY_MAX) -> int:
    """A whole number from ``least`` to ``most``."""
    written = _number_text(value)
    number = int(written) if _WHOLE.fullmatch(written) else None
    if number is None or not least <= number <= most:
        raise InvalidInput(f"expected a whole number from {least} to {most}, got {shown(value)}")
    return number


def seconds_ms(value: object) -> int:
    """A time in seconds, perhaps with decimals, as milliseconds; finer parts are rounded."""
    written = _number_text(value)
    if (match := _SECONDS.fullmatch(written)) is not None:  # nearly every cell of nearly every trace
        whole_part, thousandths = match.groups("")
        return int(whole_part + thousandths.ljust(3, "0"))
    if not _NUMBER.fullmatch(written):
        raise InvalidInput(f"expected a time in seconds, such as 90 or 1.5, got {shown(value)}")
    return _milliseconds(written, 1000, value)


def duration_ms(value: object) -> int:
    """A time such as ``90``, ``1.5`` (seconds), ``250ms``, ``90s``, ``5m``, ``2h`` or ``1d``, as milliseconds."""
    written = _number_text(value)
    if written[-1:].isalpha() and (match := _DURATION.fullmatch(written)) is not None:
        return _milliseconds(match[1], _UNIT_MS[match[2]], value)
    try:
        return seconds_ms(value)
    except InvalidInput:
        raise InvalidInput(
            f"expected a time such as 90 or 1.5 (seconds), 250ms, 90s, 5m, 2h or 1d, got {shown(value)}"
        ) from None


def _milliseconds(number: str, unit_ms: int, value: object) -> int:
    amount = Decimal(number) * unit_ms
    if amount > TIME_MAX_MS:
        raise InvalidInput(f"expected a time of at most {TIME_MAX_MS // 1000} seconds, got {shown(value)}")
    return round(amount)


def amount_of(resource: str) -> Callable[[object], int]:
    """A function that reads a quantity of ``resource``, such as ``500m`` of ``cpu``, into its whole units."""
    return partial(_amount, resource)


def _amount(resource: str, value: object) -> int:
    return _quantity(_number_text(value), resource)


@lru_cache(maxsize=4096)  # a trace of a million pods has a few hundred different amounts
def _quantity(written: str, resource: str) -> int:
    return parse_quantity(written, resource)


def _number_text(value: object) -> str:
    """A number as it would be written in a CSV cell."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 40 else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InvalidInput(f"expected a number, got {shown(value)}")


def labels(value: object) -> FrozenMap[str, str]:
    """``zone=a;disk=ssd``, or a JSON object of texts."""
    if isinstance(value, dict):
        for key, one in value.items():
            if not key or not isinstance(one, str):
                raise InvalidInput(f"expected an object of texts such as {{'zone': 'a'}}, got {shown(value)}")
        return FrozenMap(value)
    pairs: dict[str, str] = {}
    for part in _parts(value, "labels such as zone=a;disk=ssd"):
        key, equals, one = part.partition("=")
        if not equals or not key:
            raise InvalidInput(f"expected labels such as zone=a;disk=ssd, got {shown(part)}")
        if key in pairs:
            raise InvalidInput(f"label {key!r} is given twice")
        pairs[key] = one
    return FrozenMap(pairs)


def models(value: object) -> tuple[str, ...]:
    """Device models: ``T4|V100``, or a JSON list of texts."""
    names = value if isinstance(value, list) else text(value).split("|")
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise InvalidInput(f"expected models joined by '|', such as T4|V100, got {shown(value)}")
    return tuple(name.strip() for name in names)


def taints(value: object) -> tuple[Taint, ...]:
    """``dedicated=gpu:NoSchedule;spot:NoExecute``, or a JSON list of such texts."""
    return tuple(map(_taint, _parts(value, "taints such as dedicated=gpu:NoSchedule;spot:NoExecute")))


def _taint(part: str) -> Taint:
    rest, colon, effect = part.rpartition(":")
    key, _, value = rest.partition("=")
    if not colon or not key or effect not in _EFFECTS:
        raise InvalidInput(f"expected a taint as key=value:Effect with {_effects()}, got {shown(part)}")
    return Taint(key, value, _EFFECTS[effect])


def tolerations(value: object) -> tuple[Toleration, ...]:
    """``dedicated=gpu:NoSchedule;spot;*:NoExecute``, or a JSON list of such texts.

    ``key=value`` tolerates that taint, ``key`` any value of it, ``*`` every taint; without an effect, any effect.
    """
    return tuple(map(_toleration, _parts(value, "tolerations such as dedicated=gpu:NoSchedule;spot;*:NoExecute")))


def _toleration(part: str) -> Toleration:
    rest, colon, effect = part.rpartition(":") if ":" in part else (part, "", "")
    key, equals, value = rest.partition("=")
    if not key or (colon and effect not in _EFFECTS) or (key == "*" and equals):
        raise InvalidInput(
            f"expected a toleration as key=value:Effect, key:Effect, key or *, with {_effects()}, got {shown(part)}"
        )
    return Toleration("" if key == "*" else key, value, not equals, _EFFECTS[effect] if colon else None)


def _effects() -> str:
    return f"the effect one of {', '.join(_EFFECTS)}"


def _parts(value: object, expected: str) -> Iterator[str]:
    """The parts of ``a;b;c`` or of a JSON list, stripped."""
    parts = value if isinstance(value, list) else text(value).split(";")
    for part in parts:
        if not isinstance(part, str) or not part.strip():
            raise InvalidInput(f"expected {expected}, got {shown(value)}")
        yield part.strip()
