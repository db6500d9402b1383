"""A few numbers that the agent and its guard both see: memory that two processes share."""

from __future__ import annotations

import mmap
import struct

__all__ = ["Board"]

_WORD = struct.Struct("@q")
_SIZE = mmap.PAGESIZE


class Board:
    """Made before the guard is, which then has it too. Each number is written and read whole."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)

    @property
    def lease_until_ms(self) -> int:
        """Until when something may run; 0 where nothing does that must end with the lease."""
        return self._read(0)

    @lease_until_ms.setter
    def lease_until_ms(self, value: int) -> None:
        self._write(0, value)

    @property
    def sweeping(self) -> bool:
        """Whether the guard is ending all there is, so that nothing should be started."""
        return bool(self._read(1))

    @sweeping.setter
    def sweeping(self, value: bool) -> None:
        self._write(1, int(value))

    def _read(self, place: int) -> int:
        value: int = _WORD.unpack_from(self._memory, place * _WORD.size)[0]
        return value

    def _write(self, place: int, value: int) -> None:
        _WORD.pack_into(self._memory, place * _WORD.size, value)
