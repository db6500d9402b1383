"""A kept connection to the server, over which one request goes at a time.

It speaks no more of HTTP/1.1 than that takes: the standard library's own client brings TLS and a parser of e-mail
along, which would be half of an agent's memory.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from kube9.agent.configuration import ServerConfiguration

__all__ = ["BODY_BYTES_MAX", "HEAD_BYTES_MAX", "Connection", "Reply", "Stale", "UnusableReply"]

#: Of an answer: its headers, and what follows them.
HEAD_BYTES_MAX = 65_536
BODY_BYTES_MAX = 64 * 2**20
_PIECE_BYTES = 65_536


class Stale(ConnectionError):
    """The server had closed a connection that was kept, before it saw anything of the request."""


class UnusableReply(OSError):
    """What came is no answer in HTTP/1.1, or not from the server that is meant."""


class Reply(NamedTuple):
    status: int
    #: By their names in lower case.
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """It is made with the first request, and again whenever it was closed."""

    def __init__(self, server: ServerConfiguration) -> None:
        self.server = server
        parts = urlsplit(server.url)
        self._secure = parts.scheme == "https"
        self._host, self._path = parts.hostname or "", parts.path
        self._port = parts.port or (443 if self._secure else 80)
        self._netloc = parts.netloc.rpartition("@")[2]
        self._context: Any = None
        self._link: Any = None
        self._received = b""

    def post(self, path: str, body: bytes, timeout_s: float) -> Reply:
        """Send ``body``, and wait for the answer, whatever it says.

        :raises Stale: try again, on a new connection.
        :raises OSError: there was none in time.
        """
        end_s = time.monotonic() + timeout_s
        kept = self._link is not None and not self._closed_by_server()
        try:
            if not kept:
                self.close()
                self._connect(end_s)
            self._send(path, body, end_s)
            reply = self._reply(end_s)
        except ConnectionError as exc:
            untouched = not self._received
            self.close()
            if kept and untouched:
                raise Stale(str(exc)) from exc
            raise
        except BaseException:
            self.close()
            raise
        if reply.headers.get("connection", "").lower() == "close":
            self.close()
        return reply

    def close(self) -> None:
        """Give the connection up."""
        link, self._link, self._received = self._link, None, b""
        if link is not None:
            link.close()

    def _closed_by_server(self) -> bool:
        """Whoever has nothing to answer and is heard all the same says good-bye."""
        return bool(select.select([self._link], [], [], 0)[0])

    def _connect(self, end_s: float) -> None:
        raw = socket.create_connection((self._host, self._port), timeout=_left_s(end_s))
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._link = self._secured(raw) if self._secure else raw
        except BaseException:
            raw.close()
            raise

    def _secured(self, raw: socket.socket) -> Any:
        import ssl  # it weighs much, and most have no use for it

        pinned = self.server.certificate
        if self._context is None:
            self._context = _pinning_context() if pinned else ssl.create_default_context()
        link = self._context.wrap_socket(raw, server_hostname=self._host)
        if pinned and link.getpeercert(binary_form=True) != ssl.PEM_cert_to_DER_cert(_first_certificate(pinned)):
            link.close()
            raise UnusableReply(f"{self.server.url} showed another certificate than the one in server.json")
        return link

    def _send(self, path: str, body: bytes, end_s: float) -> None:
        head = (
            f"POST {self._path}{path} HTTP/1.1\r\nHost: {self._netloc}\r\nAuthorization: Bearer {self.server.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nUser-Agent: kube9-agent\r\n\r\n"
        )
        self._link.settimeout(_left_s(end_s))
        self._link.sendall(head.encode("ascii") + body)

    def _reply(self, end_s: float) -> Reply:
        while True:
            status, headers = _read_head(self._until(b"\r\n\r\n", HEAD_BYTES_MAX, end_s))
            if status >= 200:
                break
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return Reply(status, headers, self._chunks(end_s))
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            raise UnusableReply(f"an answer of {length:.40} bytes; expected at most {BODY_BYTES_MAX}")
        return Reply(status, headers, self._exactly(int(length), end_s))

    def _chunks(self, end_s: float) -> bytes:
        body = b""
        while True:
            size_text = self._until(b"\r\n", 1_024, end_s).partition(b";")[0]
            try:
                size = int(size_text, 16)
            except ValueError:
                raise UnusableReply(f"the answer has a chunk of {size_text!r:.40} bytes") from None
            if size < 0 or len(body) + size > BODY_BYTES_MAX:
                raise UnusableReply(f"the answer is longer than {BODY_BYTES_MAX} bytes")
            if not size:
                while self._until(b"\r\n", HEAD_BYTES_MAX, end_s):
                    pass  # trailers say nothing of interest
                return body
            body += self._exactly(size, end_s)
            self._exactly(2, end_s)

    def _until(self, end: bytes, most: int, end_s: float) -> bytes:
        while True:
            found, mark, rest = self._received.partition(end)
            if mark:
                self._received = rest
                return found
            if len(self._received) > most:
                raise UnusableReply(f"the answer has a head of more than {most} bytes")
            self._received += self._more(end_s)

    def _exactly(self, count: int, end_s: float) -> bytes:
        pieces = [self._received]
        missing = count - len(self._received)
        while missing > 0:
            pieces.append(self._more(end_s))
            missing -= len(pieces[-1])
        whole = b"".join(pieces)
        self._received = whole[count:]
        return whole[:count]

    def _more(self, end_s: float) -> bytes:
        self._link.settimeout(_left_s(end_s))
        piece: bytes = self._link.recv(_PIECE_BYTES)
        if not piece:
            raise ConnectionResetError("the server closed the connection before it had answered")
        return piece


def _pinning_context() -> Any:
    """The certificate itself is compared later, and whoever shows it must have its key."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _first_certificate(pem: str) -> str:
    """Of a chain, the server's own."""
    end = "-----END CERTIFICATE-----"
    return pem[pem.index("-----BEGIN CERTIFICATE-----") :].partition(end)[0] + end


def _read_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise UnusableReply(f"the answer is not HTTP/1.1, it begins with {first!r:.80}")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(rest[:3]), headers


def _left_s(end_s: float) -> float:
    left_s = end_s - time.monotonic()
    if left_s <= 0:
        raise socket.timeout("no answer in time")  # noqa: UP041  (another thing before Python 3.10)
    return left_s
