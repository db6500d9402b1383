"""The API of Docker's engine, as far as a node needs it, with nothing but the standard library.

Written for API 1.41 (Docker 20.10); a later one that a newer engine asks for does as well.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlencode, urlsplit

if TYPE_CHECKING:
    import ssl

__all__ = ["API_MIN", "Engine", "EngineAway", "EngineError", "Stream"]

#: What is asked for, and the least that an engine must know.
API_MIN = (1, 41)
#: With it comes a way to mount a part of a volume, which is used where there is one.
_API_WANTED = (1, 45)
#: Connections that are kept open for the next request.
_KEPT = 16
_PART_BYTES = 65_536
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


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Stream:
    """An answer that comes part by part. Any thread may close it, which ends the waiting of the one that reads."""

    def __init__(self, address: str, connection: http.client.HTTPConnection, response: Any) -> None:
        self._address, self._connection, self._response = address, connection, response
        # What the connection forgets as soon as the answer says that it will be closed.
        self._sock: socket.socket | None = response.fp.raw._sock if response.fp is not None else None  # noqa: SLF001
        self._closed = False

    def limit(self, left_s: float | None) -> None:
        """How long to wait for the next part; ``None`` for ever."""
        if self._sock is not None:
            self._sock.settimeout(left_s)

    def parts(self) -> Iterator[bytes]:
        """:raises TimeoutError, EngineAway:"""
        while True:
            try:
                part = self._response.read1(_PART_BYTES)
            except socket.timeout:  # noqa: UP041  (two different things before Python 3.10)
                raise TimeoutError from None
            except (OSError, http.client.HTTPException, ValueError, AttributeError) as exc:
                if self._closed:
                    return  # that is how closing it ends the waiting
                raise EngineAway(f"the engine at {self._address} went away: {exc}") from exc
            if not part:
                return
            yield part

    def lines(self) -> Iterator[Any]:
        """The parts as JSON, one value a line."""
        text = b""
        for part in self.parts():
            *lines, text = (text + part).split(b"\n")
            for line in lines:
                if line.strip():
                    yield json.loads(line)

    def close(self) -> None:
        self._closed = True
        if self._sock is not None:
            with contextlib.suppress(OSError):  # the other side may have closed it already
                self._sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class _Request(NamedTuple):
    method: str
    target: str
    body: bytes | None
    headers: Mapping[str, str]


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
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._api: tuple[int, int] | None = None

    def close(self) -> None:
        """Close the connections that are kept; the next request opens another."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @property
    def api(self) -> tuple[int, int]:
        """The version of the API that is spoken: the newest that both sides know.

        :raises EngineAway, EngineError: the latter for an engine that is too old.
        """
        if self._api is None:
            told = self._exchange(_Request("GET", "/version", None, {}), None)
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
            open_ = [self._begin(path, query) for path in paths[start : start + _AT_ONCE]]
            try:
                found.extend(self._finish(connection) for connection in open_)
            finally:
                for connection in open_:
                    connection.close()
        return found

    def _begin(self, path: str, query: Mapping[str, Any] | None) -> http.client.HTTPConnection:
        connection = self._new_connection(self._timeout_s)
        try:
            connection.request("GET", self._request("GET", path, None, query, None).target)
        except (OSError, http.client.HTTPException) as exc:
            connection.close()
            raise EngineAway(f"cannot reach the engine at {self.address}: {_said(exc)}") from exc
        return connection

    def _finish(self, connection: http.client.HTTPConnection) -> Any:
        try:
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as exc:
            raise EngineAway(f"the engine at {self.address} went away: {_said(exc)}") from exc
        return _value(response.status, data) if response.status < 400 else None

    def stream(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Stream:
        """The answer as it comes; it waits for ever between its parts, unless it is told otherwise.

        :raises EngineError, EngineAway:
        """
        request = self._request(method, path, body, query, None)
        connection, response = self._send(request._replace(headers={**request.headers, **(headers or {})}), None)
        stream = Stream(self.address, connection, response)
        stream.limit(None)
        return stream

    def _request(
        self, method: str, path: str, body: object, query: Mapping[str, Any] | None, data: bytes | None
    ) -> _Request:
        text = urlencode({key: _word(value) for key, value in (query or {}).items() if value is not None})
        target = "/v{}.{}{}{}{}".format(*self.api, quote(path, safe="/:@"), "?" if text else "", text)
        if data is not None:
            return _Request(method, target, data, {"Content-Type": "application/x-tar"})
        if body is None:
            return _Request(method, target, None, {})
        return _Request(method, target, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _exchange(self, request: _Request, timeout_s: float | None) -> Any:
        connection, response = self._send(request, timeout_s)
        return _value(response.status, self._read(connection, response))

    def _send(
        self, request: _Request, timeout_s: float | None
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        while True:
            connection, used = self._connection(self._timeout_s if timeout_s is None else timeout_s)
            try:
                connection.request(request.method, request.target, request.body, dict(request.headers))
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as exc:
                connection.close()
                # One that was kept may have been closed meanwhile. Whoever asks can ask twice for anything here.
                if used and isinstance(exc, (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)):
                    continue
                raise EngineAway(f"cannot reach the engine at {self.address}: {_said(exc)}") from exc
            if response.status >= 400:
                raise EngineError(response.status, _message(self._read(connection, response)))
            return connection, response

    def _read(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> bytes:
        try:
            data = response.read()
        except (OSError, http.client.HTTPException) as exc:
            connection.close()
            raise EngineAway(f"the engine at {self.address} went away: {_said(exc)}") from exc
        with self._lock:
            if not response.will_close and len(self._idle) < _KEPT:
                self._idle.append(connection)
                return data
        connection.close()
        return data

    def _connection(self, timeout_s: float) -> tuple[http.client.HTTPConnection, bool]:
        """A connection, and whether it was used before."""
        with self._lock:
            kept = self._idle.pop() if self._idle else None
        if kept is None:
            return self._new_connection(timeout_s), False
        if kept.sock is not None:
            kept.sock.settimeout(timeout_s)
        return kept, True

    def _new_connection(self, timeout_s: float) -> http.client.HTTPConnection:
        where = self._where
        if where.scheme == "unix":
            return _UnixConnection(unquote(where.path), timeout_s)
        host = where.hostname or "localhost"
        if self._tls is not None:
            return http.client.HTTPSConnection(host, where.port or _TLS_PORT, timeout=timeout_s, context=self._tls)
        return http.client.HTTPConnection(host, where.port or _PORT, timeout=timeout_s)


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor or 0)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else json.dumps(value)


def _value(status: int, data: bytes) -> Any:
    if status in (204, 304) or not data.strip():
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
