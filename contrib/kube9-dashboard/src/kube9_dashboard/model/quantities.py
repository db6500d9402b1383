"""Kubernetes's quantities as numbers, and numbers as people read them."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["amount", "share_text", "shown"]

_FACTORS = {
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{letter: Fraction(1000**power) for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)},
}


def amount(quantity: object) -> float:
    """``500m`` is 0.5, ``2Gi`` is 2147483648.

    :raises ValueError: it is none.
    """
    text = str(quantity).strip()
    digits = text.rstrip("mkKMGTPEi")
    factor = _FACTORS.get(text[len(digits) :])
    if factor is None:
        raise ValueError(f"expected a quantity such as 500m or 2Gi, got {text!r}")
    return float(Fraction(digits) * factor)


def shown(resource: str, value: float) -> str:
    """With as many digits as one reads: memory and storage in powers of 1024, all else plain."""
    if resource in ("memory", "ephemeral-storage", "storage") or resource.startswith("hugepages"):
        return _binary(value)
    return _plain(value)


def share_text(part: float, whole: float) -> str:
    """As a percentage without a fraction; a dash where there is nothing to have a share of."""
    return f"{100 * part / whole:.0f} %" if whole > 0 else "–"


def _binary(value: float) -> str:
    for power, unit in ((4, "Ti"), (3, "Gi"), (2, "Mi"), (1, "Ki")):
        if abs(value) >= 1024**power:
            return f"{_plain(value / 1024**power)} {unit}"
    return f"{_plain(value)} B" if value else "0"


def _plain(value: float) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
