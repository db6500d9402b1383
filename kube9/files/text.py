"""Text files, plain or gzip-compressed, opened so that whatever is wrong with them is told as one error."""

from __future__ import annotations

import gzip
import io
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from kube9.core.errors import FileError

__all__ = ["exists", "open_text", "read_head", "stem"]

HEAD_CHARS = 4096
_GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def open_text(path: str) -> Iterator[TextIO]:
    """Open ``path`` as UTF-8; line ends are left as they are, a byte order mark is dropped.

    A gzip-compressed file is known by its first bytes, whatever its name. What goes wrong inside the ``with`` while
    reading is translated too.

    :raises FileError: no such file, no file at all, not readable, not UTF-8, or damaged gzip.
    """
    try:
        with _open_bytes(path) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as stream:
            yield stream
    except UnicodeDecodeError as exc:
        raise _not_utf8(path) from exc
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        raise FileError(path, f"the gzip data is damaged or cut short: {exc}") from exc
    except OSError as exc:
        raise _not_readable(path, exc) from exc


def read_head(path: str) -> str:
    """The first 4,096 characters, by which a reader recognises its files.

    :raises FileError: as :func:`open_text`, and where the file is empty.
    """
    with open_text(path) as stream:
        head = stream.read(HEAD_CHARS)
    if not head.strip():
        raise FileError(path, "the file is empty")
    return head


def exists(path: str) -> bool:
    """Whether there is anything at ``path``; any text may be asked about."""
    try:
        return bool(path) and Path(path).exists()
    except (OSError, ValueError):  # too long for a name, or with a NUL in it
        return False


def stem(path: str) -> str:
    """The file's name without directory, ``.gz`` and extension: ``lists/pods.csv.gz`` is ``pods``."""
    name = Path(path).name
    return Path(name.removesuffix(".gz")).stem


@contextmanager
def _open_bytes(path: str) -> Iterator[BinaryIO]:
    if not stat.S_ISREG(Path(path).stat().st_mode):
        # A pipe can be read only once, and recognising a file takes a look before the reading.
        what = "a directory" if Path(path).is_dir() else "a pipe or a device"
        raise FileError(path, f"expected a file, got {what}")
    with Path(path).open("rb") as plain:
        compressed = plain.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        plain.seek(0)
        if not compressed:
            yield plain
            return
        with gzip.GzipFile(fileobj=plain) as unpacked:
            yield cast("BinaryIO", unpacked)


def _not_utf8(path: str) -> FileError:
    # The decoder works in blocks and does not know the line, so the file is read once more, line by line.
    with _open_bytes(path) as raw:
        for number, line in enumerate(raw, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as exc:
                return FileError(path, f"expected UTF-8 text, got the byte 0x{line[exc.start]:02x}", line=number)
    return FileError(path, "expected UTF-8 text")


def _not_readable(path: str, exc: OSError) -> FileError:
    if isinstance(exc, FileNotFoundError):
        return FileError(path, "there is no such file")
    return FileError(path, f"cannot be read: {exc.strerror or exc}")
