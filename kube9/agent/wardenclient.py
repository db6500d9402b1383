"""Whoever asks a warden: the socket that they come to, and the lines and files that come from each."""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

__all__ = ["Client", "accept", "listen"]

_LINE_BYTES_MAX = 16 * 2**20
_UNREAD_BYTES_MAX = 4 * 2**20
_PIECE_BYTES = 65_536
_FILES_MAX = 3
_CREDENTIALS = struct.Struct("3i")


class Client:
    """One connection, which never waits."""

    def __init__(self, link: socket.socket) -> None:
        link.setblocking(False)
        self._link = link
        #: For a poll. Another's once this is gone.
        self.number = link.fileno()
        self._received = b""
        self._unsent = b""
        #: Those that came with the line that is taken in just now.
        self.files: list[int] = []
        #: Whether it was let go of.
        self.gone = False
        #: Whether it wants to hear of all runs.
        self.watches = False
        self.commands = 0

    @property
    def is_behind(self) -> bool:
        """Whether it has not read all that it was sent."""
        return bool(self._unsent)

    def receive(self) -> list[bytes] | None:
        """The lines that are there in whole by now; ``None`` where it has gone, or makes no sense."""
        try:
            space = socket.CMSG_LEN(_FILES_MAX * array.array("i").itemsize)
            data, extra, _, _ = self._link.recvmsg(_PIECE_BYTES, space, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return []
        except OSError:
            return None
        self.files += _files(extra)
        *lines, self._received = (self._received + data).split(b"\n")
        return lines if data and len(self._received) <= _LINE_BYTES_MAX else None

    def send(self, document: Mapping[str, Any]) -> bool:
        """Send it a line, after what it has not read; ``False`` where it has gone, or does not read."""
        self._unsent += json.dumps(document).encode("ascii") + b"\n"
        return self.flush()

    def flush(self) -> bool:
        """As :meth:`send`, of what it was to be sent before."""
        try:
            while self._unsent:
                self._unsent = self._unsent[self._link.send(self._unsent) :]
        except BlockingIOError:
            return len(self._unsent) <= _UNREAD_BYTES_MAX
        except OSError:
            return False
        return True

    def drop_files(self) -> None:
        for file in self.files:
            os.close(file)
        self.files = []

    def close(self) -> None:
        """Let go of it, and of what it sent."""
        self.gone = True
        self._link.close()
        self.drop_files()


def listen(path: str) -> socket.socket:
    """At a socket of this path, which is for its owner alone."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with suppress(FileNotFoundError):
            os.unlink(path)
        _bind(listener, path)
    finally:
        os.umask(before)
    listener.listen(64)
    listener.setblocking(False)
    return listener


def _bind(listener: socket.socket, path: str) -> None:
    """By the folder's number: the whole path of a socket may have but a hundred letters."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        listener.bind(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)


def accept(listener: socket.socket) -> Client | None:
    """Who has come; ``None`` for another user, or nobody any more."""
    try:
        link, _ = listener.accept()
    except OSError:
        return None
    if not _is_ours(link):
        link.close()
        return None
    return Client(link)


def _is_ours(link: socket.socket) -> bool:
    data = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(data)[1] in (os.getuid(), 0)


def _files(extra: list[tuple[int, int, bytes]]) -> list[int]:
    found = array.array("i")
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return list(found)
