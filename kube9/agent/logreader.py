"""Reads what a container wrote, from the end of it or on and on, while it is written and its files change places."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import BinaryIO, Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.logfile import segments

__all__ = ["followed", "last_lines", "read_all"]

_PIECE_BYTES = 65_536
_LOOK_S = 0.1


def read_all(path: str) -> Iterator[bytes]:
    """All there is, the oldest first."""
    for place in segments(path):
        try:
            file = open(place, "rb")  # noqa: SIM115  (it may have changed its place, and then there is none)
        except FileNotFoundError:
            continue
        with file:
            yield from iter(lambda: file.read(_PIECE_BYTES), b"")  # noqa: B023  (it is used up within the loop)


def last_lines(path: str, count: int) -> Iterator[bytes]:
    """So many lines from the end; what comes after the last line break counts as one."""
    if count <= 0:
        return
    starts: list[tuple[str, int]] = []
    left = count
    for place in reversed(segments(path)):
        try:
            start, left = _start_of(place, left, newest=not starts)
        except FileNotFoundError:
            continue
        starts.append((place, start))
        if left <= 0:
            break
    for place, start in reversed(starts):
        with open(place, "rb") as file:
            file.seek(start)
            yield from iter(lambda: file.read(_PIECE_BYTES), b"")


def _start_of(place: str, count: int, *, newest: bool) -> tuple[int, int]:
    """Where the last lines begin in a file, and how many are still to be found in those before."""
    with open(place, "rb") as file:
        at = end = file.seek(0, os.SEEK_END)
        while at > 0:
            size = min(_PIECE_BYTES, at)
            at -= size
            file.seek(at)
            piece = file.read(size)
            cut = size
            # The break at the very end ends the last line, and begins none.
            if newest and at + size == end and piece.endswith(b"\n"):
                cut -= 1
            while (cut := piece.rfind(b"\n", 0, cut)) >= 0:
                count -= 1
                if not count:
                    return at + cut + 1, 0
    return 0, count


def followed(path: str, tail: int | None, ended: Callable[[], bool]) -> Iterator[bytes]:
    """What there is, and what comes, until whoever writes has ended; an empty piece whenever nothing has come."""
    file: BinaryIO | None = None
    try:
        if tail is None:
            for place in segments(path)[:-1]:
                if os.path.exists(place):
                    with open(place, "rb") as older:
                        yield from iter(lambda: older.read(_PIECE_BYTES), b"")
            position = 0
        else:
            held = b"".join(last_lines(path, tail))
            position = _size(path)
            yield held
        while True:
            over = ended()
            file = file or _opened(path, position)
            if file is not None:
                yield from _rest(file)
                if _is_other(file.fileno(), path):
                    # It was moved away only after all of it had been written.
                    yield from _rest(file)
                    file.close()
                    file, position = None, 0
                    continue
            if over:
                return
            yield b""
            time.sleep(_LOOK_S)  # noqa: TID251  (nobody tells when a file has grown)
    finally:
        if file is not None:
            file.close()


def _rest(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_PIECE_BYTES), b"")


def _opened(path: str, position: int) -> BinaryIO | None:
    try:
        file = open(path, "rb")  # noqa: SIM115  (it is read as long as somebody follows)
    except FileNotFoundError:
        return None
    file.seek(position)
    return file


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0


def _is_other(number: int, path: str) -> bool:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    here = os.fstat(number)
    return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino)
