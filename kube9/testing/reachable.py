"""What a strategy holds on to: everything that can be reached from it."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["amount_kept", "reachable"]

#: What everybody shares and no strategy owns.
_SHARED = (ModuleType, type, BuiltinFunctionType, CodeType)

_CONTAINERS = (list, tuple, dict, set, frozenset, deque, str, bytes, bytearray)


def reachable(start: object) -> Iterator[object]:
    """``start`` and all it refers to, each object once: its attributes, containers, and what its functions close over.

    Not followed: modules, classes and functions' globals.
    """
    seen: dict[int, object] = {}
    found = [start]
    while found:
        thing = found.pop()
        if id(thing) in seen or isinstance(thing, _SHARED):
            continue
        seen[id(thing)] = thing  # kept, so that no other object gets the same id meanwhile
        yield thing
        found.extend(_referents(thing))


def amount_kept(start: object) -> int:
    """A number that grows when anything reachable from ``start`` does."""
    return sum(1 + _length(thing) for thing in reachable(start))


def _referents(thing: Any) -> Iterable[object]:
    if isinstance(thing, FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or () if _is_filled(cell)]
        return [*cells, *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values(), thing.__dict__]
    if isinstance(thing, np.ndarray):
        return [] if thing.base is None else [thing.base]
    return gc.get_referents(thing)


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  (asking is the only way to know)
    except ValueError:
        return False
    return True


def _length(thing: object) -> int:
    if isinstance(thing, np.ndarray):
        return int(thing.size)
    return len(thing) if isinstance(thing, _CONTAINERS) else 0
