"""Amounts as manifests have them, read into whole numbers; whoever sent them has checked them."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["read_quantity"]

_FACTORS = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)},
}


def read_quantity(text: str, resource: str) -> int:
    """``cpu`` in thousandths of a core, anything else in whole units, such as bytes of memory.

    :raises ValueError: that is no quantity.
    """
    text = text.strip()
    # E is exa at the end of a text, and an exponent before digits.
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    suffix = text[len(number) :]
    try:
        amount = Decimal(number) * (_FACTORS[suffix] if suffix else 1)
    except (ArithmeticError, KeyError):
        raise ValueError(f"expected a quantity of {resource} such as 500m, 2 or 8Gi, got {text!r:.70}") from None
    return int(amount * 1000 if resource == "cpu" else amount)
