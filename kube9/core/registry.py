"""Named strategies: who offers which, looked up by name once, never on a hot path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from attrs import define, field, frozen

from kube9.core.errors import DuplicateName, InvalidInput, PluginError, UnknownName

T = TypeVar("T")


@frozen
class Entry(Generic[T]):
    """One name in a registry, and the plugin that offers it."""

    name: str
    factory: Callable[..., T]
    plugin: str


@define
class Registry(Generic[T]):
    """Strategies of one kind by name. Fills at start-up, then freezes."""

    #: What the strategies are called in messages: ``scheduler``.
    kind: str
    _entries: dict[str, Entry[T]] = field(factory=dict, init=False)
    _frozen: bool = field(default=False, init=False)

    def add(self, name: str, factory: Callable[..., T], *, plugin: str) -> None:
        """Offer ``factory`` under ``name``.

        :raises DuplicateName: another plugin, which is named, offers that name already.
        :raises PluginError: start-up is over, or the factory cannot be called.
        """
        if self._frozen:
            raise PluginError(f"{self.kind} {name!r} from plugin {plugin!r} was registered after start-up")
        if not callable(factory):
            raise PluginError(f"{self.kind} {name!r} from plugin {plugin!r}: expected a callable, got {factory!r}")
        if (old := self._entries.get(name)) is not None:
            raise DuplicateName(f"{self.kind} {name!r} is registered by both {old.plugin!r} and {plugin!r}")
        self._entries[name] = Entry(name, factory, plugin)

    def discard(self, *, plugin: str) -> None:
        """Take back everything ``plugin`` offers; used when it fails half-way through start-up."""
        self._entries = {name: entry for name, entry in self._entries.items() if entry.plugin != plugin}

    def freeze(self) -> None:
        """Refuse every further registration."""
        self._frozen = True

    def entry(self, name: str) -> Entry[T]:
        """:raises UnknownName: lists the names there are and suggests the nearest."""
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownName.of(self.kind, name, self._entries) from None

    def make(self, name: str, /, **options: Any) -> T:
        """Make the strategy ``name`` with ``options``.

        :raises UnknownName: there is no such name.
        :raises InvalidInput: it takes no such options, or refuses their values.
        """
        entry = self.entry(name)
        try:
            return entry.factory(**options)
        except (TypeError, ValueError) as exc:
            raise InvalidInput(f"{self.kind} {name!r} from plugin {entry.plugin!r}: {_of(options, exc)}{exc}") from exc

    def __iter__(self) -> Iterator[Entry[T]]:
        """In the order of registration: built-ins first, then plugins by name."""
        return iter(tuple(self._entries.values()))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)


def _of(options: Mapping[str, Any], exc: Exception) -> str:
    """Which option ``exc`` is about, where it tells no more than the value."""
    told = str(exc)
    names = [name for name, value in options.items() if isinstance(value, str) and repr(value) in told]
    if not names or any(re.search(rf"\b{re.escape(name)}\b", told) for name in options):
        return ""
    return f"option {' or '.join(map(repr, names))}: "


def split_step(text: str) -> tuple[str, Mapping[str, str]]:
    """Split ``name:key=value,key=value`` into the name and its options.

    :raises InvalidInput: an option has no ``=`` or is given twice.
    """
    name, _, rest = text.partition(":")
    options: dict[str, str] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals or not key:
            raise InvalidInput(f"{text!r}: expected options as key=value after the colon, got {part!r}")
        if key in options:
            raise InvalidInput(f"{text!r}: option {key!r} is given twice")
        options[key] = value
    return name, options
