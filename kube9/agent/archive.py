"""Files that are put into a container before it starts, as the archive that the engine takes.

Written out here, for ``tarfile`` brings three ways to pack with it, which take memory and of which none is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["File", "archive_of"]

_FOLDER_MODE = 0o755
_BLOCK_BYTES = 512
_FILE, _FOLDER, _LONG_NAME = b"0", b"5", b"L"
_NAME_BYTES = 100


class File(NamedTuple):
    #: Absolute, in the container.
    path: str
    data: bytes
    mode: int
    #: The folder it is below that is there, or made, whatever else is: none above it is touched.
    root: str

    def __repr__(self) -> str:
        """Without what is in it, which may be secret."""
        return f"File({self.path!r}, {len(self.data)} bytes)"


def archive_of(files: Iterable[File], at_s: int = 0) -> bytes:
    """To be unpacked at ``/``. Only folders below the files' roots are written, so that none of an image's changes.

    :param at_s: since when the files are as they are, in seconds of the world's time.
    """
    pieces: list[bytes] = []
    made: set[str] = set()
    for file in files:
        for folder in _folders(file):
            if folder not in made:
                made.add(folder)
                pieces += _entry(_FOLDER, f"{folder}/", b"", _FOLDER_MODE, at_s)
        pieces += _entry(_FILE, file.path, file.data, file.mode, at_s)
    return b"".join([*pieces, bytes(2 * _BLOCK_BYTES)])


def _folders(file: File) -> list[str]:
    """Those between a file's root and itself, the highest first."""
    steps = file.path[len(file.root) :].strip("/").split("/")[:-1]
    root = file.root.rstrip("/")
    return ["/".join([root, *steps[: count + 1]]) for count in range(len(steps))]


def _entry(kind: bytes, path: str, data: bytes, mode: int, at_s: int) -> Iterator[bytes]:
    name = path.lstrip("/").encode("utf-8")
    if len(name) > _NAME_BYTES:
        yield from _entry_of(_LONG_NAME, b"././@LongLink", name + b"\0", 0, 0)
        name = name[:_NAME_BYTES]
    yield from _entry_of(kind, name, data, mode, at_s)


def _entry_of(kind: bytes, name: bytes, data: bytes, mode: int, at_s: int) -> Iterator[bytes]:
    yield _head(kind, name, len(data), mode, at_s)
    yield data
    yield bytes(-len(data) % _BLOCK_BYTES)


def _head(kind: bytes, name: bytes, size: int, mode: int, at_s: int) -> bytes:
    """Owned by root, in the format of GNU, whose long names any engine reads."""
    before = (
        name.ljust(_NAME_BYTES, b"\0")
        + b"%07o\0" % mode
        + b"%07o\0" % 0
        + b"%07o\0" % 0
        + b"%011o\0" % size
        + b"%011o\0" % at_s
    )
    after = (kind + bytes(_NAME_BYTES) + b"ustar  \0").ljust(_BLOCK_BYTES - len(before) - 8, b"\0")
    # The sum counts itself as blanks.
    total = sum(before) + 8 * ord(" ") + sum(after)
    return before + b"%06o\0 " % total + after
