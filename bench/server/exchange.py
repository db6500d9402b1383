"""One connection to a server, kept open: a request, then its answer, then the next."""

from __future__ import annotations

import re
import socket

__all__ = ["Exchange"]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_READ_BYTES = 1 << 20


class Exchange:
    """Sends whole requests, and looks at no more of an answer than its status and its length."""

    __slots__ = ("_expected", "_head_bytes", "_received", "socket", "status")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.status = ""

    def send(self, request: bytes) -> None:
        """Send a request; the answer to the one before is complete."""
        self._received, self._head_bytes, self._expected = bytearray(), 0, -1
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what came; ``True`` if the answer is complete.

        :raises ConnectionError: the server closed the connection, or does not say how long its answer is.
        """
        part = self.socket.recv(_READ_BYTES)
        if not part:
            raise ConnectionError("the server closed a connection")
        self._received += part
        if self._expected < 0:
            head = self._received.find(b"\r\n\r\n")
            if head < 0:
                return False
            length = _LENGTH.search(self._received, 0, head)
            if length is None:
                raise ConnectionError(f"an answer without a length: {bytes(self._received[:head])!r}")
            self._head_bytes = head + 4
            self._expected = self._head_bytes + int(length[1])
            self.status = self._received[9:12].decode()
        return len(self._received) >= self._expected

    @property
    def body(self) -> bytes:
        """Of the answer that is complete."""
        return bytes(self._received[self._head_bytes :])
