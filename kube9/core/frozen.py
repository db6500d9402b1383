"""An immutable mapping that is as fast to read as a dict, hashable, and survives pickling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class FrozenMap(dict[K, V]):
    """A dict that refuses every change. ``types.MappingProxyType`` can be neither hashed nor pickled."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]  # dict says None; being hashable is the point here
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (dict(self),)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class Amounts(FrozenMap[str, int]):
    """Amounts of resources by name. What is not in it is an amount of zero, as it is for whoever asks."""

    __slots__ = ()

    def __missing__(self, resource: str) -> int:
        return 0


def frozen_tuple(value: Iterable[Any]) -> tuple[Any, ...]:
    """``tuple`` as a converter of fields; mypy can follow neither the class itself nor a generic function there."""
    return tuple(value)


def text_map(value: Mapping[str, str]) -> FrozenMap[str, str]:
    """``value`` itself where it is frozen already, else a frozen copy."""
    return value if isinstance(value, FrozenMap) else FrozenMap(value)
