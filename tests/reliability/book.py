"""What one client knows: what it asked for, what was acknowledged, and so what may be seen of it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from attrs import Factory, define, field

__all__ = ["Book", "Entry", "Life", "Violation"]

#: Acknowledgements that the story of a violation tells of each client.
_TOLD = 12


class Violation(Exception):
    """The server broke its word."""


class Life(Enum):
    """How far something got."""

    #: It may be there or not.
    ASKED = "asked for"
    #: It must be there.
    THERE = "acknowledged"
    #: It may be there, be on its way out, or be gone.
    ENDING = "asked to be deleted"
    #: It may be on its way out, or be gone.
    ENDED = "acknowledged as deleted"
    #: It must never be seen again.
    GONE = "gone"


@define(eq=False, kw_only=True)
class Entry:
    """A node, a pod or a deployment of one client's own."""

    kind: str
    name: str
    #: As it was sent.
    document: Mapping[str, Any]
    #: The Idempotency-Key it was sent with.
    key: str
    life: Life = Life.ASKED
    #: As it was told or seen first; the same for ever.
    uid: str | None = None
    #: The highest that was seen.
    epoch: int = 0
    #: What each of its settings was last acknowledged or seen as.
    is_now: dict[str, object] = Factory(dict)
    #: What a setting may become at any moment, while the answer is open.
    may_become: dict[str, object] = Factory(dict)
    #: It was answered for, or seen by an audit, at least once.
    certain: bool = False

    @property
    def label(self) -> str:
        return f"{self.kind} {self.name}"

    def ask(self, setting: str, value: object) -> None:
        """It may become ``value`` from now on, until that is acknowledged."""
        self.may_become[setting] = value

    def set(self, setting: str, value: object) -> None:
        """It was acknowledged as ``value``."""
        self.is_now[setting] = value
        self.may_become.pop(setting, None)

    def see(self, setting: str, value: object) -> str:
        """It was seen as ``value``; returns what is wrong with that, empty if nothing is.

        What is still asked for may come true later, even if it was seen as something else.
        """
        asked = self.may_become.get(setting, self.is_now[setting])
        if value not in (self.is_now[setting], asked):
            expected = f"acknowledged was {self.is_now[setting]}, asked for {asked}"
            return f"{self.label} has {setting} {value}; {expected}"
        self.is_now[setting] = value
        return ""

    def named(self, uid: str) -> None:
        """Its uid was told.

        :raises Violation: it was another before.
        """
        if self.uid is not None and self.uid != uid:
            raise Violation(f"{self.label} has uid {uid}, and had {self.uid} before")
        self.uid = uid


@define(eq=False)
class Book:
    """Of one client, written by its thread alone; read by others while that stands at the gate."""

    client: int
    entries: dict[tuple[str, str], Entry] = field(factory=dict, init=False)
    acknowledged: Counter[str] = field(factory=Counter, init=False)
    #: What else came back, by status, and how often nothing did.
    turned_away: Counter[str] = field(factory=Counter, init=False)
    _told: deque[str] = field(factory=lambda: deque(maxlen=_TOLD), init=False)

    def add(self, entry: Entry) -> Entry:
        self.entries[entry.kind, entry.name] = entry
        return entry

    def of(self, kind: str, *lives: Life) -> list[Entry]:
        """Those of a kind; of every life where none is named."""
        return [entry for entry in self.entries.values() if entry.kind == kind and (not lives or entry.life in lives)]

    def note(self, what: str, entry: Entry, more: str = "") -> None:
        """Something was acknowledged."""
        self.acknowledged[what] += 1
        told = f"{time.monotonic():.3f}  client {self.client}: {what} {entry.label}{more} (uid {entry.uid})"
        self._told.append(told)

    def forget_gone(self) -> None:
        """Drop what is gone, so that a long run stays small; a later audit takes it for a stranger."""
        self.entries = {at: entry for at, entry in self.entries.items() if entry.life is not Life.GONE}

    def story(self) -> Iterator[str]:
        """The last acknowledgements, oldest first."""
        return iter(self._told)
