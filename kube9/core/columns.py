"""Growable arrays, one per name, all with as many rows as there are nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kube9.core.frozen import FrozenMap

Array = npt.NDArray[Any]


class Columns(FrozenMap[str, Array]):
    """Named columns of one type. As a mapping they are read-only views; only the owner writes, through ``data``.

    Only columns that some node needs are in it; any other may be read all the same.

    :param fill: what a new row holds.
    :param wide: whether a row of a column is itself an array; ``ensure`` then says how long.
    """

    __slots__ = ("_dtype", "_fill", "_rows", "_wide", "cells", "data")

    #: Writable arrays with spare rows at the end.
    data: dict[str, Array]
    #: The same memory cell by cell, for the writes of every decision: a third of the cost of an array's own indexing.
    cells: dict[str, memoryview[int]]

    def __init__(self, dtype: npt.DTypeLike, *, fill: int = 0, wide: bool = False) -> None:
        super().__init__()
        self._dtype, self._fill, self._wide = np.dtype(dtype), fill, wide
        self._rows = 0
        self.data, self.cells = {}, {}

    def __missing__(self, name: str) -> Array:
        """What no node has reads as a column of the fill value, and is not kept."""
        return np.full((self._rows, 0) if self._wide else self._rows, self._fill, self._dtype)

    def ensure(self, name: str, width: int = 0) -> None:
        """Make sure there is a column ``name``, of rows at least ``width`` long where columns are wide."""
        old = self.data.get(name)
        if old is not None and (not self._wide or old.shape[1] >= width):
            return
        spare = max(16, 2 * self._rows)
        self.data[name] = np.full((spare, width) if self._wide else spare, self._fill, self._dtype)
        if old is not None:
            self.data[name][: self._rows, : old.shape[1]] = old[: self._rows]
        self._show(name)

    def append(self) -> int:
        """Add a row of the fill value to every column and return its number."""
        row = self._rows
        self._rows += 1
        for name, array in self.data.items():
            if len(array) <= row:
                self.data[name] = np.concatenate([array, np.full_like(array, self._fill)])
            self.data[name][row] = self._fill
            self._show(name)
        return row

    def delete(self, row: int) -> None:
        """Take a row out; those after it move up."""
        last = self._rows - 1
        self._rows = last
        for name, array in self.data.items():
            array[row:last] = array[row + 1 : last + 1]
            self._show(name)

    def twin(self) -> Columns:
        """The same columns once more, which go their own way from here."""
        twin = Columns(self._dtype, fill=self._fill, wide=self._wide)
        twin._rows = self._rows
        for name, array in self.data.items():
            twin.data[name] = array.copy()
            twin._show(name)
        return twin

    def _show(self, name: str) -> None:
        self.cells[name] = cells = memoryview(self.data[name])  # type: ignore[arg-type]  # an ndarray is a buffer
        # Over a buffer that nobody may write to, or whoever is handed the view could make it writable again.
        dict.__setitem__(self, name, np.asarray(cells.toreadonly())[: self._rows])
