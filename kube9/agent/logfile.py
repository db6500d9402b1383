"""What a container writes, in files of a bounded size: the one that is written to, and a few before it."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["BYTES_MAX", "FILES_MAX", "LogFile", "segments"]

#: Of each file, and how many there are at most.
BYTES_MAX, FILES_MAX = 10 * 2**20, 3


def segments(path: str, files_max: int = FILES_MAX) -> list[str]:
    """Where all of it may be, the oldest first."""
    return [*(f"{path}.{number}" for number in range(files_max - 1, 0, -1)), path]


class LogFile:
    """Written to by one process. What cannot be written is lost, which is said as soon as anything can be.

    :raises OSError: it cannot be made; only while this object is.
    """

    def __init__(self, path: str, bytes_max: int = BYTES_MAX, files_max: int = FILES_MAX) -> None:
        self._path, self._bytes_max, self._files_max = path, bytes_max, files_max
        self._lost = 0
        self._why = ""
        self._file = self._open()

    def write(self, data: bytes) -> None:
        """Add it to the end."""
        if self._lost and data:
            note = f"\n[kube9: {self._lost} bytes are lost: {self._why}]\n".encode()
            if not self._put(note):
                self._lost += len(data)
                return
            self._lost = 0
        left = memoryview(data)
        while left:
            room = self._bytes_max - self._size
            if room <= 0 and not self._rotate():
                self._lost += len(left)
                return
            part = left[: max(1, self._bytes_max - self._size)]
            if not self._put(part):
                self._lost += len(left)
                return
            left = left[len(part) :]

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> int:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._size = os.fstat(file).st_size
        return file

    def _put(self, data: bytes | memoryview) -> bool:
        left = memoryview(data)
        try:
            while left:
                written = os.write(self._file, left)
                self._size += written
                left = left[written:]
        except OSError as exc:
            self._why = exc.strerror or str(exc)
            return False
        return True

    def _rotate(self) -> bool:
        """Begin another file; the oldest goes."""
        places = segments(self._path, self._files_max)
        try:
            for older, newer in zip(places, places[1:]):  # noqa: B905, RUF007  (Python 3.8)
                with suppress(FileNotFoundError):
                    os.replace(newer, older)
            file = self._open()
        except OSError as exc:
            self._why = exc.strerror or str(exc)
            return False
        os.close(self._file)
        self._file = file
        return True
