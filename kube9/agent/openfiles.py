"""The files that this process has open."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["close_above"]


def close_above(number: int) -> None:
    """Close all with a higher number, as few or many as there are: in a container there may be room for a billion."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > number:
            with suppress(OSError):  # the listing itself
                os.close(int(name))
