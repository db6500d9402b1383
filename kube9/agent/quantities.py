"""Amounts as manifests have them, read into whole numbers; whoever sent them has checked them."""

from __future__ import annotations

import re

__all__ = ["read_quantity"]

#: Powers of ten, and of two.
_TENS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_TWOS = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_QUANTITY = re.compile(
    r"(?P<whole>\d*)(?:\.(?P<part>\d*))?(?:[eE](?P<tens>[+-]?\d{1,2}))?(?P<suffix>[a-zA-Z]*)", re.ASCII
)


def read_quantity(text: str, resource: str) -> int:
    """``cpu`` in thousandths of a core, anything else in whole units, such as bytes of memory; rounded down.

    :raises ValueError: that is no quantity.
    """
    match = _QUANTITY.fullmatch(text.strip().lstrip("+"))
    digits = "" if match is None else match["whole"] + (match["part"] or "")
    suffix = "" if match is None else match["suffix"]
    if match is None or not digits or (suffix not in _TENS and suffix not in _TWOS):
        raise ValueError(f"expected a quantity of {resource} such as 500m, 2 or 8Gi, got {text!r:.70}")
    tens = int(match["tens"] or 0) + _TENS.get(suffix, 0) - len(match["part"] or "")
    tens += 3 if resource == "cpu" else 0
    amount = int(digits) << _TWOS.get(suffix, 0)
    return amount * int(10**tens) if tens >= 0 else amount // int(10**-tens)
