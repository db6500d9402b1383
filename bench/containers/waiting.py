"""Waiting for what others do, without asking so often that it slows them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter

__all__ = ["until"]

_LOOK_S = 0.05
_PATIENCE_S = 300.0


def until(come_true: Callable[[], bool], what: str, look_s: float = _LOOK_S) -> float:
    """Seconds until something is so.

    :raises RuntimeError: it takes too long.
    """
    start_s = perf_counter()
    while not come_true():
        if perf_counter() - start_s > _PATIENCE_S:
            raise RuntimeError(f"not within {_PATIENCE_S:.0f} s: {what}")
        threading.Event().wait(look_s)
    return perf_counter() - start_s
