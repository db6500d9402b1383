"""A lock on a file that ends with the process that holds it, however that ends."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from kube9.core.errors import StoreLocked

__all__ = ["LockFile"]


class LockFile:
    """Holds the lock from its making until :meth:`release`.

    The file stays where it is: were it removed, two processes could each hold a lock on a file of that name.

    :raises StoreLocked: another process holds it, or another ``LockFile`` in this one.
    :raises OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(path)
        except BaseException:
            os.close(self._file)
            raise

    def _take(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 500, 0).decode("utf-8", "replace").strip() or "another process"
            raise StoreLocked(
                f"{path.with_suffix('')} is in use by {holder}; stop that server first, or give this one another "
                f"database (--db)"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        os.ftruncate(self._file, 0)
        os.close(self._file)
