"""One HTTP connection to an engine, as far as an engine needs it.

``http.client`` would do, and would take more memory than all the rest of the agent: it brings the reading of e-mail.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping

__all__ = ["HEAD_BYTES_MAX", "Link", "LinkClosed"]

HEAD_BYTES_MAX = 65_536
_PART_BYTES = 65_536
_END_OF_HEAD, _END_OF_LINE = b"\r\n\r\n", b"\r\n"
#: What has no body, whatever its headers say.
_BARE = (204, 304)


class LinkClosed(ConnectionError):
    """The other side closed the connection before it had said all."""


class Link:
    """Any number of requests, one after the other; each answer is to be read to its end first."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        #: Whether another request may follow.
        self.reusable = False
        #: Whether anything of the answer has come.
        self.answered = False
        self._received = b""
        self._headers: dict[str, str] = {}
        self._status = 0

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        """:raises OSError:"""
        self.reusable = self.answered = False
        lines = [f"{method} {target} HTTP/1.1", "Host: docker"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(body)}")
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def status(self) -> int:
        """Of the answer, once its head has come.

        :raises OSError: it did not come, or is none.
        """
        while True:
            head = self._take(_END_OF_HEAD)
            first, *lines = head.decode("latin-1").split("\r\n")
            words = first.split(" ", 2)
            if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
                raise ConnectionError(f"expected an answer in HTTP, got {first!r:.70}")
            self._status = int(words[1])
            pairs = (line.partition(":") for line in lines)
            self._headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            if self._status >= 200 or self._status == 101:
                return self._status

    def body(self) -> bytes:
        """The rest of the answer.

        :raises OSError:
        """
        return b"".join(self.parts())

    def parts(self) -> Iterator[bytes]:
        """The rest of the answer as it comes.

        :raises OSError:
        """
        closing = self._headers.get("connection", "").lower() == "close"
        if self._status in _BARE:
            pass
        elif "chunked" in self._headers.get("transfer-encoding", "").lower():
            yield from self._chunks()
        elif "content-length" in self._headers:
            yield from self._exactly(self._number(self._headers["content-length"], 10))
        else:
            yield from self._all()
            closing = True
        self.reusable = not closing

    def close(self) -> None:
        self.reusable = False
        self.sock.close()

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = self._number(self._take(_END_OF_LINE).partition(b";")[0].decode("latin-1"), 16)
            if not size:
                break
            yield from self._exactly(size)
            self._take(_END_OF_LINE)
        while self._take(_END_OF_LINE):
            pass  # what follows the last one, and is of no use here

    def _exactly(self, left: int) -> Iterator[bytes]:
        while left:
            if not self._received:
                self._receive()
            part, self._received = self._received[:left], self._received[left:]
            left -= len(part)
            yield part

    def _all(self) -> Iterator[bytes]:
        part, self._received = self._received, b""
        while True:
            if part:
                yield part
            part = self.sock.recv(_PART_BYTES)
            if not part:
                return

    def _take(self, end: bytes) -> bytes:
        """What comes before ``end``, which is dropped."""
        while end not in self._received:
            if len(self._received) > HEAD_BYTES_MAX:
                raise ConnectionError(f"the headers of the answer are longer than {HEAD_BYTES_MAX} bytes")
            self._receive()
        taken, _, self._received = self._received.partition(end)
        return taken

    def _receive(self) -> None:
        part = self.sock.recv(_PART_BYTES)
        if not part:
            raise LinkClosed("closed the connection")
        self.answered = True
        self._received += part

    def _number(self, text: str, base: int) -> int:
        try:
            number = int(text, base)
        except ValueError:
            number = -1
        if number < 0:
            raise ConnectionError(f"expected a length in the answer, got {text!r:.70}")
        return number
