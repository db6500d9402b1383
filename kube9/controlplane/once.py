"""What is said once, however often it happens."""

from __future__ import annotations

from collections.abc import Hashable

__all__ = ["Once"]

#: Things remembered; beyond that all are forgotten, and may be said again.
_REMEMBERED_MAX = 1_000


class Once:
    """Remembers what was said."""

    def __init__(self) -> None:
        self._said: set[Hashable] = set()

    def first(self, what: Hashable) -> bool:
        """Whether it is the first time; it is not the next."""
        if what in self._said:
            return False
        if len(self._said) >= _REMEMBERED_MAX:
            self._said.clear()
        self._said.add(what)
        return True
