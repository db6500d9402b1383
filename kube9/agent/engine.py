"""The API of Docker's engine, as far as a node needs it, with nothing but the standard library.

Written for API 1.41 (Docker 20.10); a later one that a newer engine asks for does as well.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlencode, urlsplit

from kube9.agent.link import Link

if TYPE_CHECKING:
    import ssl

__all__ = ["API_MIN", "Engine", "EngineAway", "EngineError", "Stream"]

#: The least that an engine must know.
API_MIN = (1, 41)
#: With it comes a way to mount a part of a volume, which is used where there is one.
_API_WANTED = (1, 45)
#: Connections that are kept open for the next request.
_KEPT = 16
#: Asked of at once where there are many of a kind.
_AT_ONCE = 32
_PORT, _TLS_PORT = 2375, 2376


class EngineError(Exception):
    """The engine refused.

    :param status: of HTTP.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class EngineAway(OSError):
    """The engine cannot be reached, does not answer in time, or went away in the middle."""


class Stream:
    """An answer that comes part by part. Any thread may close it, which ends the waiting of the one that reads."""

    def __init__(self, address: str, link: Link) -> None:
        self._address, self._link = address, link
        self._closed = False

    def limit(self, left_s: float | None) -> None:
        """How long to wait for the next part; ``None`` for ever."""
        self._link.sock.settimeout(left_s)

    def parts(self) -> Iterator[bytes]:
        """As they come.

        :raises TimeoutError, EngineAway:
        """
        try:
            yield from self._link.parts()
        except socket.timeout:  # noqa: UP041  (two different things before Python 3.10)
            raise TimeoutError from None
        except OSError as exc:
            if not self._closed:
                raise EngineAway(f"the engine at {self._address} went away: {_said(exc)}") from exc

    def lines(self) -> Iterator[Any]:
        """The parts as JSON, one value a line."""
        text = b""
        for part in self.parts():
            *lines, text = (text + part).split(b"\n")
            for line in lines:
                if line.strip():
                    yield json.loads(line)

    def send(self, data: bytes) -> None:
        """To whatever reads at the other end.

        :raises OSError:
        """
        self._link.sock.sendall(data)

    def end_input(self) -> None:
        """Nothing more is sent."""
        self._link.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):  # the other side may have closed it already
            self._link.sock.shutdown(socket.SHUT_RDWR)
        self._link.close()


class _Request(NamedTuple):
    method: str
    target: str
    body: bytes = b""
    kind: str = ""

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Content-Type": self.kind} if self.kind else {}


class Engine:
    """One engine; any thread may ask.

    :param address: ``unix:///var/run/docker.sock`` or ``tcp://host:2375``.
    :param tls: for ``tcp``, whom to trust and how to be trusted.
    :param timeout_s: for an answer to begin, and for each part of it.
    """

    def __init__(self, address: str, *, tls: ssl.SSLContext | None = None, timeout_s: float = 60.0) -> None:
        self.address, self._tls, self._timeout_s = address, tls, timeout_s
        self._where = urlsplit(address)
        if self._where.scheme not in ("unix", "tcp", "http", "https"):
            raise ValueError(f"expected an engine's address such as unix:///var/run/docker.sock, got {address!r}")
        self._idle: list[Link] = []
        self._lock = threading.Lock()
        self._api: tuple[int, int] | None = None

    def close(self) -> None:
        """Close the connections that are kept; the next request opens another."""
        with self._lock:
            idle, self._idle = self._idle, []
        for link in idle:
            link.close()

    @property
    def api(self) -> tuple[int, int]:
        """The version of the API that is spoken: the newest that both sides know.

        :raises EngineAway, EngineError: the latter for an engine that is too old.
        """
        if self._api is None:
            told = self._exchange(_Request("GET", "/version"), None)
            newest, oldest = _version(told["ApiVersion"]), _version(told.get("MinAPIVersion", "1.0"))
            if newest < API_MIN:
                raise EngineError(400, f"the engine at {self.address} is too old: Docker 20.10 is the least")
            self._api = max(oldest, min(newest, _API_WANTED))
        return self._api

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        """The answer's JSON; ``None`` where it has none.

        :param body: sent as JSON.
        :param data: a tar archive to be sent instead.
        :raises EngineError, EngineAway:
        """
        return self._exchange(self._request(method, path, body, query, data), timeout_s)

    def ask_each(self, paths: Sequence[str], *, query: Mapping[str, Any] | None = None) -> list[Any]:
        """What is at each path, asked for all at once: the answer's JSON, or ``None`` where it was refused.

        :raises EngineAway:
        """
        found: list[Any] = []
        for start in range(0, len(paths), _AT_ONCE):
            with contextlib.ExitStack() as stack:
                links = []
                for path in paths[start : start + _AT_ONCE]:
                    request = self._request("GET", path, None, query, None)
                    link = stack.enter_context(contextlib.closing(self._connect(self._timeout_s)))
                    self._send(link, request)
                    links.append(link)
                for link in links:
                    status, data = self._status(link), self._body(link)
                    found.append(_value(data) if status < 400 else None)
        return found

    def stream(self, method: str, path: str, body: object = None, *, query: Mapping[str, Any] | None = None) -> Stream:
        """The answer as it comes; it waits for ever between its parts, unless it is told otherwise.

        :raises EngineError, EngineAway:
        """
        link = self._asked(self._request(method, path, body, query, None), None)
        stream = Stream(self.address, link)
        stream.limit(None)
        return stream

    def _request(
        self, method: str, path: str, body: object, query: Mapping[str, Any] | None, data: bytes | None
    ) -> _Request:
        text = urlencode({key: _word(value) for key, value in (query or {}).items() if value is not None})
        target = "/v{}.{}{}{}{}".format(*self.api, quote(path, safe="/:@"), "?" if text else "", text)
        if data is not None:
            return _Request(method, target, data, "application/x-tar")
        return _Request(method, target) if body is None else _Request(method, target, _json(body), "application/json")

    def _exchange(self, request: _Request, timeout_s: float | None) -> Any:
        link = self._asked(request, timeout_s)
        return _value(self._kept(link))

    def _asked(self, request: _Request, timeout_s: float | None) -> Link:
        """A connection whose answer has begun, and is none that refuses."""
        while True:
            link, used = self._link(self._timeout_s if timeout_s is None else timeout_s)
            try:
                self._send(link, request)
                status = self._status(link)
            except EngineAway as exc:
                link.close()
                # One that was kept may have been closed meanwhile. Whoever asks can ask twice for anything here.
                if used and not link.answered and isinstance(exc.__cause__, ConnectionError):
                    continue
                raise
            if status >= 400:
                raise EngineError(status, _message(self._kept(link)))
            return link

    def _send(self, link: Link, request: _Request) -> None:
        try:
            link.request(request.method, request.target, request.headers, request.body)
        except OSError as exc:
            raise EngineAway(f"cannot reach the engine at {self.address}: {_said(exc)}") from exc

    def _status(self, link: Link) -> int:
        try:
            return link.status()
        except OSError as exc:
            raise EngineAway(f"the engine at {self.address} does not answer: {_said(exc)}") from exc

    def _body(self, link: Link) -> bytes:
        try:
            return link.body()
        except OSError as exc:
            link.close()
            raise EngineAway(f"the engine at {self.address} went away: {_said(exc)}") from exc

    def _kept(self, link: Link) -> bytes:
        """The rest of the answer; the connection is kept if it can be."""
        data = self._body(link)
        with self._lock:
            if link.reusable and len(self._idle) < _KEPT:
                self._idle.append(link)
                return data
        link.close()
        return data

    def _link(self, timeout_s: float) -> tuple[Link, bool]:
        """A connection, and whether it was used before."""
        with self._lock:
            kept = self._idle.pop() if self._idle else None
        if kept is None:
            return self._connect(timeout_s), False
        kept.sock.settimeout(timeout_s)
        return kept, True

    def _connect(self, timeout_s: float) -> Link:
        try:
            return Link(self._socket(timeout_s))
        except OSError as exc:
            raise EngineAway(f"cannot reach the engine at {self.address}: {_said(exc)}") from exc

    def _socket(self, timeout_s: float) -> socket.socket:
        where = self._where
        if where.scheme == "unix":
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.settimeout(timeout_s)
                sock.connect(unquote(where.path))
            except OSError:
                sock.close()
                raise
            return sock
        host, port = where.hostname or "localhost", where.port or (_PORT if self._tls is None else _TLS_PORT)
        sock = socket.create_connection((host, port), timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Events may not come for hours; one that is gone is to be noticed all the same.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._tls is None:
            return sock
        try:
            return self._tls.wrap_socket(sock, server_hostname=host)
        except OSError:
            sock.close()
            raise


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor or 0)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else json.dumps(value)


def _value(data: bytes) -> Any:
    if not data.strip():
        return None
    try:
        return json.loads(data)
    except ValueError:
        return None  # an exec's output and the like, which are read as streams where anybody wants them


def _message(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode("utf-8", "replace").strip()[:500] or "the engine gave no reason"


def _said(exc: BaseException) -> str:
    if isinstance(exc, socket.timeout):
        return "no answer in time"
    return str(exc) or type(exc).__name__
