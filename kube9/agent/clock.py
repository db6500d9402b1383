"""The clock of a node."""

from __future__ import annotations

import time

__all__ = ["now_ms"]

#: It goes on while the machine sleeps, as a lease does. Where there is none, the one that all systems have must do.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now_ms() -> int:
    """Milliseconds since some moment; never runs backwards, and is the same in all processes of the machine."""
    return time.clock_gettime_ns(_CLOCK) // 1_000_000
