"""EASY backfill: any of the orders, in which those may go ahead who end before the first could start."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kube9.core.ports import RunAwareDiscipline
from kube9_queueing.orders import F1, FirstComeFirstServed, ShortestFirst

__all__ = ["ORDERS", "easy"]

#: What ``easy:order=NAME`` may say.
ORDERS: Mapping[str, Callable[..., RunAwareDiscipline]] = {"fcfs": FirstComeFirstServed, "sjf": ShortestFirst, "f1": F1}


def easy(order: str = "fcfs", **options: str) -> RunAwareDiscipline:
    """The order of this name, with backfill; ``options`` are its own."""
    if order not in ORDERS:
        raise ValueError(f"order: expected one of {', '.join(ORDERS)}, got {order!r}")
    try:
        discipline = ORDERS[order](**options)
    except TypeError as exc:
        raise ValueError(f"order={order}: {exc}") from exc
    discipline.backfills = True
    return discipline
