"""The web server: granian's worker, in threads of this process, for the control plane is in this process too.

``docs/decisions/web-server.md`` says why it is this one, and why it is reached past granian's own command.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, final

from flask import Flask
from granian import _futures, _granian
from granian.http import HTTP1Settings

from kube9.api.application import services_of
from kube9.api.gateway import Gateway
from kube9.core.errors import InvalidInput

__all__ = ["Server", "open_listener"]

_log = logging.getLogger(__name__)

# Neither is described by types, or by types of another version.
_native: Any = _granian
_new_scheduler: Any = _futures._new_cbscheduler  # noqa: SLF001  (see the decision)

_BACKLOG = 1024
#: Requests that may wait for a thread or for their answer; further connections wait to be accepted. More than the
#: control plane keeps waiting on purpose.
_WAITING_MAX = 16_384
#: A client that has not sent its headers by then is cut off; so is a connection that is not used for so long.
_HEADERS_TIMEOUT_MS = 20_000
#: Threads without work for so long end.
_IDLE_S = 30
_HEADERS_BYTES_MAX = 64 * 1024


@final
class Server:
    """Serves ``app`` from threads of its own. May be started once; also a context manager.

    :param host: the name or address to listen on.
    :param port: 0 for any that is free.
    :param listener: what listens there already, which the server closes; ``None`` to listen when it is started.
    :param tls_cert: a file with a certificate, and those that vouch for it, in PEM; ``None`` for plain HTTP.
    :param tls_key: the file with its key, without a passphrase.
    :param threads: requests that are worked on at a time. Most of that time is waiting for the control plane's next
        commit, so they are many. Event streams have their own threads on top.
    """

    def __init__(
        self,
        app: Flask,
        *,
        host: str = "127.0.0.1",
        port: int = 9009,
        listener: socket.socket | None = None,
        tls_cert: str | None = None,
        tls_key: str | None = None,
        threads: int = 64,
    ) -> None:
        self._app, self._host, self._wanted_port, self._listener = app, host, port, listener
        self._tls_cert, self._tls_key = tls_cert, tls_key
        self._streams = services_of(app).streams
        self._threads = threads + self._streams.most
        self._port: int | None = None
        self._signal = _native.WorkerSignal()
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Where it listens, once it was started."""
        return self._wanted_port if self._port is None else self._port

    @property
    def url(self) -> str:
        """Where to reach it from this machine."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  (looked for, not bound)
        host = everywhere.get(self._host, self._host)
        scheme = "http" if self._tls_cert is None else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def start(self) -> None:
        """Listen, and answer from now on.

        :raises InvalidInput: the port is taken or not for us, the address is not one of this machine, or certificate
            and key cannot be used.
        """
        assert self._thread is None, "a server is started once"
        tls = _tls_options(self._tls_cert, self._tls_key)
        listener = self._listener or open_listener(self._host, self._wanted_port)
        self._port = listener.getsockname()[1]
        worker = self._worker(listener, tls)
        # A daemon: should it ever fail to stop in time, the process can end all the same.
        self._thread = threading.Thread(target=self._serve, args=(worker,), name="kube9-http", daemon=True)
        self._thread.start()
        _log.info("listening url=%s threads=%d", self.url, self._threads)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Take no more connections, end the streams, finish what is being answered; ``False`` if that took too long.

        May be called again.
        """
        self._streams.close()
        if self._thread is None:
            return True
        self._signal.set()
        self._thread.join(timeout_s)
        if stopped := not self._thread.is_alive():
            _forget_threads()
        else:
            _log.warning("requests were still being answered after %.1f s", timeout_s)
        return stopped

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _worker(self, listener: socket.socket, tls: tuple[Any, ...]) -> Any:
        # The worker owns the file descriptor from here on, and closes it.
        holder = _native.SocketHolder(listener.detach(), False, _BACKLOG)
        settings = HTTP1Settings(header_read_timeout=_HEADERS_TIMEOUT_MS, max_buffer_size=_HEADERS_BYTES_MAX)
        return _native.WSGIWorker(
            1,  # its number
            (None, holder),
            None,  # no channel to a process above
            1,  # threads that only move bytes
            512,  # threads for files, which start when needed: never
            self._threads,
            _IDLE_S,
            _WAITING_MAX,
            "1",  # HTTP/1.1
            settings,
            None,
            None,  # no static files
            *tls,
            (None, None),  # no metrics of granian's own
        )

    def _serve(self, worker: Any) -> None:
        over = threading.Event()
        self._signal.add_cb(over.set)
        # The worker asks for an event loop, and a WSGI application never runs on it.
        loop = asyncio.new_event_loop()
        gateway = Gateway(self._app)
        gateway.answerer.start()
        try:
            worker.serve_mtr(_new_scheduler(loop, gateway, impl_asyncio=True), loop, self._signal)
            over.wait()
        finally:
            loop.close()
            gateway.answerer.close()


def open_listener(host: str, port: int) -> socket.socket:
    """A socket that listens; not shared with any other process, unlike those that the worker would open.

    :raises InvalidInput: the port is taken or not for us, or the address is not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as exc:
        raise InvalidInput(f"cannot listen on {host!r}: {exc}; name an address of this machine") from exc
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as exc:
        listener.close()
        raise InvalidInput(f"cannot listen on {host} port {port}: {_hint(exc, port)}") from exc
    return listener


def _hint(exc: OSError, port: int) -> str:
    if exc.errno == errno.EADDRINUSE:
        return "another program listens there; stop it, or name another port with --port"
    if exc.errno == errno.EACCES:
        return f"ports below 1024 are for the administrator; name another with --port, such as {port + 8000}"
    if exc.errno == errno.EADDRNOTAVAIL:
        return "that is no address of this machine; 127.0.0.1 and 0.0.0.0 always are"
    return str(exc)


def _tls_options(cert: str | None, key: str | None) -> tuple[Any, ...]:
    """What the worker is told of TLS.

    :raises InvalidInput: certificate and key cannot be used. Found out here, for the worker would end the process.
    """
    if cert is None and key is None:
        return False, None, None, None, "tls1.2", None, [], False
    if cert is None or key is None:
        raise InvalidInput("TLS needs both a certificate and its key")
    for what, file in (("certificate", cert), ("key", key)):
        try:
            Path(file).read_bytes()
        except OSError as exc:
            raise InvalidInput(f"cannot read the TLS {what} {file}: {exc.strerror}") from exc
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key, password=_no_passphrase)
    except ssl.SSLError as exc:
        raise InvalidInput(
            f"cannot use the TLS certificate {cert} with the key {key}: {exc.reason or exc}; both must be PEM, the key "
            "that of the certificate, and without a passphrase"
        ) from exc
    return True, str(Path(cert).absolute()), str(Path(key).absolute()), None, "tls1.2", None, [], False


def _no_passphrase() -> str:
    """Instead of OpenSSL's question at the terminal."""
    return ""


def _forget_threads() -> None:
    """Drop what Python keeps of the worker's threads, which are over.

    It makes an object for a foreign thread the first time one logs, and up to 3.12 lists it for ever as one that runs.
    """
    for thread in threading.enumerate():
        if isinstance(thread, threading._DummyThread):  # noqa: SLF001  (there is no public name for it)
            threading._active.pop(thread.ident, None)  # type: ignore[attr-defined]  # noqa: SLF001
