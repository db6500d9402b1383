"""Resource quantities as Kubernetes writes them, read into whole numbers at the edge and nowhere else.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from decimal import Decimal

from kube9.core.errors import QuantityError

#: The largest amount of anything; sums over a million nodes still fit in an int64.
QUANTITY_MAX = 2**53

_SUFFIXES: dict[str, Decimal] = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)},
}
_NUMBER = r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?P<exponent>[eE][+-]?\d{1,2})?)"
_QUANTITY = re.compile(_NUMBER + r"(?P<suffix>[a-zA-Z]*)", re.ASCII)
_BINARY = tuple((f"{suffix}i", 1024**power) for power, suffix in reversed(list(enumerate("KMGTPE", start=1))))


def parse_quantity(text: str, resource: str) -> int:
    """Read the amount of ``resource`` in ``text`` as a whole number of the resource's own unit.

    ``cpu`` is kept in thousandths of a core (``500m`` is 500, ``2`` is 2000), ``memory`` in bytes, everything else
    in units of one.

    :raises QuantityError: the text is no quantity, is negative or too large, or has a part finer than the unit.
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or match["suffix"] not in _SUFFIXES or (match["exponent"] and match["suffix"]):
        raise QuantityError(f"expected a quantity of {resource} such as {_EXAMPLES.get(resource, '4')}, got {text!r}")
    amount = Decimal(match["number"]) * _SUFFIXES[match["suffix"]] * (1000 if resource == "cpu" else 1)
    if amount < 0:
        raise QuantityError(f"{resource} must not be negative, got {text!r}")
    if amount > QUANTITY_MAX:
        raise QuantityError(f"{resource} must be at most {format_quantity(QUANTITY_MAX, resource)}, got {text!r}")
    if amount != int(amount):
        raise QuantityError(f"{resource} has no part finer than {_UNITS.get(resource, 'one')}, got {text!r}")
    return int(amount)


def format_quantity(amount: int, resource: str) -> str:
    """Write ``amount`` the way a person would: ``1500`` of cpu is ``1500m``, ``2000`` is ``2``, bytes as ``8Gi``."""
    if resource == "cpu":
        return str(amount // 1000) if amount % 1000 == 0 else f"{amount}m"
    if resource == "memory":
        for suffix, size in _BINARY:
            if amount and amount % size == 0:
                return f"{amount // size}{suffix}"
    return str(amount)


_EXAMPLES = {"cpu": "500m or 2", "memory": "256Mi or 8Gi"}
_UNITS = {"cpu": "a thousandth of a core (1m)", "memory": "a byte"}
