"""What stands in the cells of tables: ages, amounts, labels and the colours of phases."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime

__all__ = ["age", "amounts", "clock_time", "colour_of_phase", "pairs", "short_duration"]

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))
_GOOD, _UNDER_WAY, _BAD, _OVER = "green", "yellow", "red", "bright_black"
_COLOURS = {
    "Ready": _GOOD,
    "Running": _GOOD,
    "Succeeded": _OVER,
    "Deleted": _OVER,
    "CrashLoopBackOff": _BAD,
    "Failed": _BAD,
    "Lost": _BAD,
    "Unhealthy": _BAD,
}


def colour_of_phase(status: str) -> str:
    """The colour of a node's or pod's status, which is its phase and perhaps more after a comma."""
    return _COLOURS.get(status, _UNDER_WAY if status else "")


def age(timestamp: str | None, now_s: float | None = None) -> str:
    """How long ago an RFC 3339 time was: ``5s``, ``12m``, ``3h`` or ``4d``; empty for none."""
    if not timestamp:
        return ""
    at_s = datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()
    return short_duration((time.time() if now_s is None else now_s) - at_s)


def short_duration(seconds: float) -> str:
    """One number and its unit, cut rather than rounded; two units just above the first, as in ``90s`` and ``36h``."""
    whole_s = max(0, int(seconds))
    for unit, size_s in _UNITS:
        if whole_s >= 2 * size_s:
            return f"{whole_s // size_s}{unit}"
    return f"{whole_s}s"


def clock_time(timestamp: str) -> str:
    """The time of day, here, of an RFC 3339 time."""
    return f"{datetime.fromisoformat(timestamp.replace('Z', '+00:00')).astimezone():%H:%M:%S}"


def pairs(values: Mapping[str, object] | None) -> str:
    """``a=1,b=2``"""
    return ",".join(f"{key}={value}" if value != "" else key for key, value in (values or {}).items())


def amounts(values: Mapping[str, str] | None, leave_out: Iterable[str] = ()) -> str:
    """The same for amounts of resources, without those to ``leave_out``."""
    return pairs({key: value for key, value in (values or {}).items() if key not in set(leave_out)})
