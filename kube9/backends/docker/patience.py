"""Waits for an engine that is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from kube9.backends.docker.engine import EngineAway

__all__ = ["PAUSES_S", "patiently"]

T = TypeVar("T")

#: Between one try and the next; the last again and again.
PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0)


def patiently(do: Callable[[], T], patience_ms: int, closing: Event) -> T:
    """Do it, again as long as the engine is away and nobody closes.

    :raises EngineAway: it still was after ``patience_ms``.
    """
    end_s = time.monotonic() + patience_ms / 1000
    tries = 0
    while True:
        try:
            return do()
        except EngineAway:
            pause_s = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
            if time.monotonic() + pause_s > end_s or closing.wait(pause_s):
                raise
            tries += 1
