"""What the pods that fit nowhere ask for, as a matrix, so that one look tells whom a change could help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np

from kube9.core.ports import IntArray

T = TypeVar("T")


class Parked(Generic[T]):
    """A set of things, each with the amounts it asks for."""

    def __init__(self) -> None:
        self._slots: list[T | None] = []
        self._spare: list[int] = []
        self._slot_of: dict[T, int] = {}
        self._resources: list[str] = ["cpu"]
        self._asked: IntArray = np.zeros((16, 1), dtype=np.int64)

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, thing: object) -> bool:
        return thing in self._slot_of

    def add(self, thing: T, requests: Mapping[str, int]) -> None:
        """Park ``thing``, which must not be parked yet."""
        if not self._spare:
            self._spare.append(len(self._slots))
            self._slots.append(None)
        slot = self._spare.pop()
        self._make_room(slot, requests)
        self._slots[slot], self._slot_of[thing] = thing, slot
        self._asked[slot] = [requests.get(resource, 0) for resource in self._resources]

    def discard(self, thing: T) -> None:
        """Unpark ``thing`` if it is parked."""
        slot = self._slot_of.pop(thing, None)
        if slot is not None:
            self._slots[slot] = None
            self._spare.append(slot)

    def within(self, free: Mapping[str, IntArray], row: int) -> Sequence[T]:
        """Everything parked that asks for no more than ``free`` has in ``row``."""
        there = [int(free[resource][row]) if resource in free else 0 for resource in self._resources]
        fitting = np.flatnonzero((self._asked[: len(self._slots)] <= there).all(axis=1))
        return [thing for slot in fitting.tolist() if (thing := self._slots[slot]) is not None]

    def everything(self) -> Sequence[T]:
        return tuple(self._slot_of)

    def _make_room(self, slot: int, requests: Mapping[str, int]) -> None:
        unseen = [resource for resource in requests if resource not in self._resources]
        if unseen:
            self._resources += unseen
            self._asked = np.pad(self._asked, ((0, 0), (0, len(unseen))))
        if slot >= len(self._asked):
            self._asked = np.concatenate([self._asked, np.zeros_like(self._asked)])
