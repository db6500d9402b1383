"""How large the numbers in specs may be: what a manifest can say, and a store gives back as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kube9.core.errors import InvalidInput

if TYPE_CHECKING:
    from attrs import Attribute

__all__ = [
    "DEVICES_MAX",
    "MODE_MAX",
    "PORT_MAX",
    "PRIORITY_MAX",
    "PRIORITY_MIN",
    "REPLICAS_MAX",
    "TIME_MAX_MS",
    "whole",
]

#: The node table has a column for each device of the node that has the most.
DEVICES_MAX = 1024
#: Permission bits of a file.
MODE_MAX = 0o777
PORT_MAX = 65535
PRIORITY_MIN, PRIORITY_MAX = -(2**31), 2**31 - 1
#: All are launched in one turn, so that one digit too many must not be the end of the control plane.
REPLICAS_MAX = 100_000
#: Some thirty years; milliseconds of it are exact in a float of seconds.
TIME_MAX_MS = 10**12


def whole(least: int, most: int) -> Callable[[object, Attribute[Any], int], None]:
    """A validator: a whole number from ``least`` to ``most``."""

    def check(_: object, attribute: Attribute[Any], value: int) -> None:
        if type(value) is not int or not least <= value <= most:
            raise InvalidInput(f"{attribute.name} must be a whole number from {least} to {most}, got {value!r}")

    return check
