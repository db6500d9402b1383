"""In which order the pods of a trace come."""

from __future__ import annotations

import random

from kube9.core.ports import Trace

__all__ = ["arranged"]


def arranged(trace: Trace, *, timed: bool, seed: int | None) -> list[int]:
    """Positions in ``trace.arrivals``, in the order in which the pods come.

    A seed shuffles; with ``timed`` it does so only among pods that come at one moment. Without a seed the file's
    order stays, among those too.
    """
    order = list(range(len(trace.arrivals)))
    if seed is not None:
        random.Random(seed).shuffle(order)
    if timed:
        order.sort(key=lambda position: trace.arrivals[position].at_ms)
    return order
