"""Bin packing instances of the OR-Library: each a run of its own, sizes as thousandths of a core.

Source: https://people.brunel.ac.uk/~mastjjb/jeb/orlib/binpackinfo.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import TextIO

from attrs import define, field

from kube9.core.errors import FileError, InvalidInput
from kube9.core.frozen import FrozenMap
from kube9.core.pods import PodSpec
from kube9.core.ports import Arrival, Trace
from kube9.core.quantities import QUANTITY_MAX
from kube9.files.fields import shown, whole
from kube9.files.text import open_text

_NUMBER = re.compile(r"\d{1,16}(?:\.\d{0,16})?", re.ASCII)

_count = partial(whole, least=1, most=10_000_000)


class OrlibReader:
    """Reads bin packing files.

    :param scale: what sizes and capacities are multiplied by, for files whose sizes have decimals.
    """

    describes = "bin packing instances; per instance a name, `capacity items best-known`, and one size a line"

    def __init__(self, scale: str = "1") -> None:
        if not _NUMBER.fullmatch(scale) or not Decimal(scale):
            raise InvalidInput(f"expected scale as a number above 0, such as 10, got {scale!r}")
        self._scale = Decimal(scale)

    def recognises(self, path: str, head: str) -> bool:  # noqa: ARG002  # their names say nothing
        lines = [line.split() for line in head.splitlines() if line.strip()]
        if len(lines) < 3 or len(lines[0]) != 1 or len(lines[2]) != 3:
            return False
        return lines[0][0].isdigit() and all(_NUMBER.fullmatch(word) for word in lines[2])

    def read(self, path: str) -> tuple[Trace, ...]:
        with open_text(path) as stream:
            return tuple(_Instances(path, stream, self._scale).all())


@define
class _Instances:
    """One file, read front to back."""

    path: str
    stream: TextIO
    scale: Decimal
    #: The line last read.
    line: int = field(default=0, init=False)
    #: What the line now due is, for messages.
    due: str = field(default="the number of instances", init=False)

    def all(self) -> Iterator[Trace]:
        number = self._whole(self._next("the number of instances"))
        names: dict[str, int] = {}
        for position in range(1, number + 1):
            name = self._next(f"the name of instance {position} of {number}")
            if names.setdefault(name, self.line) != self.line:
                raise self._fault(f"instance {name!r} is named on line {names[name]} already")
            yield self._instance(name)
        if (rest := self._line()) is not None:
            raise self._fault(f"expected the end of the file after {number} instances, got {shown(rest)}")

    def _instance(self, name: str) -> Trace:
        words = self._next(f"capacity, number of items and best-known bins of {name}").split()
        if len(words) != 3:
            raise self._fault(f"expected {self.due}, three numbers, got {shown(' '.join(words))}{self._too_many(name)}")
        capacity, items, best = self._size(words[0]), self._whole(words[1]), words[2]
        width = max(3, len(str(items - 1)))
        arrivals = tuple(
            Arrival(pod=self._pod(f"item-{item:0{width}d}", self._item(name, item, items, capacity)))
            for item in range(items)
        )
        return Trace(
            instance=name,
            arrivals=arrivals,
            timed=False,
            notes=(f"A bin holds {capacity}; the fewest bins known are {best}.",),
        )

    def _item(self, name: str, item: int, items: int, capacity: int) -> int:
        size = self._size(self._next(f"size {item + 1} of {items} of {name}"))
        if size > capacity:
            raise self._fault(f"expected {self.due} to be at most the capacity, {capacity}, got {size}")
        return size

    def _pod(self, name: str, size: int) -> PodSpec:
        return PodSpec(name=name, requests=FrozenMap({"cpu": size}))

    def _too_many(self, name: str) -> str:
        # A size too many is taken for the next instance's name, and the fault shows one line later.
        return f"; or {name!r} is a size more than its instance announces" if _NUMBER.fullmatch(name) else ""

    def _size(self, word: str) -> int:
        if not _NUMBER.fullmatch(word):
            raise self._fault(f"expected {self.due} to be a number above 0, got {shown(word)}")
        size = Decimal(word) * self.scale
        if size != int(size):
            enough = self.scale * 10 ** -int(size.normalize().as_tuple().exponent)
            raise self._fault(
                f"expected {self.due} to be whole after multiplying by {self.scale}, got {word}; give the reader a "
                f"scale that makes all of them whole, such as --trace-format orlib:scale={enough:f}"
            )
        if not 0 < size <= QUANTITY_MAX:
            raise self._fault(f"expected {self.due} to be from 1 to {QUANTITY_MAX}, got {size:f}")
        return int(size)

    def _whole(self, word: str) -> int:
        try:
            return _count(word)
        except InvalidInput as exc:
            raise self._fault(f"in {self.due}: {exc}") from exc

    def _next(self, due: str) -> str:
        self.due = due
        line = self._line()
        if line is None:
            raise self._fault(f"expected {due}, but the file ends")
        return line

    def _line(self) -> str | None:
        """The next line that is not blank, stripped; ``None`` at the end."""
        for line in self.stream:
            self.line += 1
            if line := line.strip():
                return line
        return None

    def _fault(self, problem: str) -> FileError:
        return FileError(self.path, problem, line=self.line or None)
