"""Asks a container how it is, over the network, as kubelet does. Every probe ends in its time, whatever answers.

No more of an answer is read than its head, and that only up to a bound.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Sequence  # noqa: UP035  (an alias below, and Python 3.8)
from urllib.parse import quote, urljoin, urlsplit

__all__ = ["HEAD_BYTES_MAX", "MESSAGE_LENGTH_MAX", "Result", "RunCommand", "carry_out"]

#: Of an answer; a server that says more before the end of its headers has not answered.
HEAD_BYTES_MAX = 65_536
MESSAGE_LENGTH_MAX = 200
_REDIRECTS_MAX = 10
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: |\r|$)")
_MOVED = (301, 302, 303, 307, 308)

#: Runs a command inside the container for at most so many seconds, and returns its exit code; raises ``TimeoutError``
#: where that was too short, and ``OSError`` where it cannot be run.
RunCommand = Callable[[Sequence[str], float], int]


class Result(NamedTuple):
    ok: bool
    #: What was wrong; the same words as long as the same is wrong.
    message: str = ""


class _Failure(Exception):
    """The probe has failed; the text says why."""


class _Url(NamedTuple):
    https: bool
    #: Where to connect to.
    host: str
    port: int
    path: str


def carry_out(action: Mapping[str, Any], timeout_ms: int, address: str, run_command: RunCommand) -> Result:
    """Ask once, and wait for the answer.

    :param action: as :class:`~kube9.agent.parts.Probe` has it.
    :param address: of the pod, for probes that name no host.
    """
    timeout_s = timeout_ms / 1000
    end_s = time.monotonic() + timeout_s
    try:
        if "exec" in action:
            code = run_command(action["exec"]["command"], timeout_s)
            return Result(True) if code == 0 else Result(False, f"the command exited with code {code}")
        if "httpGet" in action:
            return _get(action["httpGet"], address, end_s)
        about = action["tcpSocket"]
        _connect(about.get("host") or address, about["port"], end_s).close()
    except (TimeoutError, socket.timeout):  # noqa: UP041  (two different things before Python 3.10)
        return Result(False, f"no answer within {timeout_s:g} s")
    except ConnectionRefusedError:
        return Result(False, "connection refused")
    except (_Failure, OSError, ValueError) as exc:
        return Result(False, (str(exc) or type(exc).__name__)[:MESSAGE_LENGTH_MAX])
    return Result(True)


def _get(about: Mapping[str, Any], address: str, end_s: float) -> Result:
    headers = {each["name"]: each["value"] for each in about.get("httpHeaders", ())}
    path = about.get("path", "/")
    path = path if path.startswith("/") else f"/{path}"
    url = _Url(about.get("scheme", "HTTP") == "HTTPS", about.get("host") or address, about["port"], path)
    for _ in range(_REDIRECTS_MAX + 1):
        status, location = _ask(url, headers, end_s)
        moved = _moved_to(url, location) if status in _MOVED else None
        if moved is None:
            # A redirect elsewhere is an answer of this server, and how that other host is no concern of the probe.
            return Result(True) if 200 <= status < 400 else Result(False, f"HTTP status {status}")
        url = moved
    raise _Failure(f"more than {_REDIRECTS_MAX} redirects")


def _moved_to(url: _Url, location: str) -> _Url | None:
    """Where a redirect leads to on the same host; ``None`` for any other."""
    if not location:
        return None
    scheme, host = "https" if url.https else "http", f"[{url.host}]" if ":" in url.host else url.host
    to = urlsplit(urljoin(f"{scheme}://{host}:{url.port}{url.path}", location))
    if to.scheme not in ("http", "https") or (to.hostname or "").lower() != url.host.lower():
        return None
    path = f"{to.path or '/'}?{to.query}" if to.query else to.path or "/"
    return _Url(to.scheme == "https", url.host, to.port or (443 if to.scheme == "https" else 80), path)


def _ask(url: _Url, headers: Mapping[str, str], end_s: float) -> tuple[int, str]:
    """The status of the answer, and its ``Location``."""
    raw = _connect(url.host, url.port, end_s)
    try:
        link = _secured(raw, url, headers, end_s) if url.https else raw
        try:
            link.settimeout(_left_s(end_s))
            link.sendall(_request(url, headers))
            return _answer(link, end_s)
        finally:
            link.close()
    finally:
        raw.close()


def _secured(raw: socket.socket, url: _Url, headers: Mapping[str, str], end_s: float) -> socket.socket:
    """Whose certificate it is nobody asks: a container's own is nearly always its own."""
    import ssl  # few probes need it, and it takes memory

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = next((value for key, value in headers.items() if key.lower() == "host"), url.host).partition(":")[0]
    raw.settimeout(_left_s(end_s))
    return context.wrap_socket(raw, server_hostname=None if _is_address(name) or not name else name)


def _request(url: _Url, headers: Mapping[str, str]) -> bytes:
    host = f"[{url.host}]" if ":" in url.host else url.host
    said = {"Host": f"{host}:{url.port}", "User-Agent": "kube9-probe", "Accept": "*/*"}
    for name, value in headers.items():
        if "\r" in name + value or "\n" in name + value:
            raise _Failure(f"the header {name!r:.70} has a line break")
        said = {known: text for known, text in said.items() if known.lower() != name.lower()}
        said[name] = value
    lines = [f"GET {quote(url.path, safe=_PATH_SAFE)} HTTP/1.1", *(f"{name}: {text}" for name, text in said.items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8")


#: What stays as it is written in a path; a percent sign begins something that was written so on purpose.
_PATH_SAFE = "/?&=%:@!$'()*+,;~-._[]"


def _answer(link: socket.socket, end_s: float) -> tuple[int, str]:
    received = b""
    while True:
        head, found, rest = received.partition(b"\r\n\r\n")
        if not found:
            received += _more(link, received, end_s)
            continue
        status = int(_status(head))
        if status >= 200 or status == 101:
            return status, _header(head, b"location")
        received = rest  # it was only to say that the answer will come


def _more(link: socket.socket, received: bytes, end_s: float) -> bytes:
    if len(received) > HEAD_BYTES_MAX:
        raise _Failure(f"its headers are longer than {HEAD_BYTES_MAX} bytes")
    if len(received) >= len(b"HTTP/1.1 200") or b"\n" in received:
        _status(received)
    link.settimeout(_left_s(end_s))
    more = link.recv(8_192)
    if not more:
        raise _Failure("closed the connection before it had answered")
    return more


def _status(head: bytes) -> bytes:
    found = _STATUS.match(head)
    if found is None:
        raise _Failure("the answer is not HTTP")
    return found.group(1)


def _header(head: bytes, name: bytes) -> str:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip().decode("latin-1")
    return ""


def _connect(host: str, port: int, end_s: float) -> socket.socket:
    fault: OSError | None = None
    for family, kind, protocol, _, where in _addresses(host, port, end_s):
        link = socket.socket(family, kind, protocol)
        try:
            link.settimeout(_left_s(end_s))
            link.connect(where)
        except OSError as exc:
            link.close()
            fault = exc
        else:
            return link
    raise fault or _Failure(f"{host} has no address")


def _look_up(host: str, port: int, found: list[Any]) -> None:
    try:
        found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):
        found.append(None)


def _addresses(
    host: str, port: int, end_s: float, look_up: Callable[[str, int, list[Any]], None] = _look_up
) -> list[Any]:
    if _is_address(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # Nothing ends a look-up in time; whoever waits for it can stop waiting.
    found: list[Any] = []
    looking = threading.Thread(target=look_up, args=(host, port, found), name="kube9-lookup", daemon=True)
    looking.start()
    looking.join(_left_s(end_s))
    if not found:
        raise TimeoutError
    if not found[0]:
        raise _Failure(f"there is no host {host}")
    addresses: list[Any] = found[0]
    return addresses


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _left_s(end_s: float) -> float:
    left_s = end_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s
