"""A whole number that changes over time, and the exact area under it."""

from __future__ import annotations

from attrs import define, field

__all__ = ["Level"]


@define(eq=False)
class Level:
    """Starts at 0. The area is kept as a straight line, so a change costs the same however long ago the last was."""

    value: int = 0
    #: Area at time 0 of the line along which the area grows now.
    _offset: int = field(default=0, init=False)

    def change(self, by: int, at_ms: int) -> None:
        """Become ``by`` more from ``at_ms`` on; times must not run backwards."""
        self.value += by
        self._offset -= by * at_ms

    def area(self, at_ms: int) -> int:
        """The sum of value times duration up to ``at_ms``, which must not lie before the last change."""
        return self.value * at_ms + self._offset
