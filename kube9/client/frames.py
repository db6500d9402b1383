"""The frames in which a command's output comes, as ``GET /v1/exec/{id}/output`` of the API reference tells."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

__all__ = ["ENDED", "FAILED", "NOTHING", "frames_in"]

NOTHING, ENDED, FAILED = 0, 3, 4

_HEAD = struct.Struct(">BI")


def frames_in(parts: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each frame in ``parts``, which may begin and end anywhere: its kind, and what is in it."""
    rest = bytearray()
    for part in parts:
        rest += part
        while len(rest) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(rest)
            end = _HEAD.size + length
            if len(rest) < end:
                break
            yield kind, bytes(rest[_HEAD.size : end])
            del rest[:end]
