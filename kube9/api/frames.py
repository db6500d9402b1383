"""The frames in which a command's output travels: what kind it is in one byte, its length in four, and then its bytes.

The length is a whole number without a sign, its highest byte first. The kinds:

====  ==========================================================================================
0     nothing: the server is still there; empty
1     what the command wrote to stdout
2     what it wrote to stderr
3     the command has ended, and this is its exit code, in decimal digits; the last frame
4     it cannot be told how the command ended, and this is why, in UTF-8; the last frame instead
====  ==========================================================================================
"""

from __future__ import annotations

import struct

__all__ = ["ENDED", "FAILED", "NOTHING", "frame"]

NOTHING, ENDED, FAILED = 0, 3, 4

_HEAD = struct.Struct(">BI")


def frame(kind: int, data: bytes = b"") -> bytes:
    """One frame; stdout and stderr are of the kinds that a session calls them by."""
    return _HEAD.pack(kind, len(data)) + data
