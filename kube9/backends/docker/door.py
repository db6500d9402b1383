"""Where nodes reach the API server."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from kube9.backends.docker.relay import Relay
from kube9.core.errors import BackendError

__all__ = ["Door", "ServerAt", "server_file_of"]

_log = logging.getLogger(__name__)

#: Engines in a virtual machine on a desktop, which know their host by this name, its loopback address included.
_DESKTOPS = ("Docker Desktop", "OrbStack")
_DESKTOP_HOST = "host.docker.internal"


@frozen(kw_only=True)
class ServerAt:
    """The API server, as it is seen from its own machine or from a node."""

    url: str = ""
    #: In PEM; empty where it serves no TLS.
    certificate: str = ""


def server_file_of(server: ServerAt) -> dict[str, str]:
    """What a node is told of it."""
    return {"url": server.url, "certificate": server.certificate}


class Door:
    """Finds the address, and opens a relay where the server listens on this machine's loopback address only.

    :param given: what the user said; empty to find it out.
    """

    def __init__(self, given: str, server: ServerAt) -> None:
        self._given, self._server = given, server
        self._lock = threading.Lock()
        self._relay: Relay | None = None

    @property
    def known(self) -> bool:
        """Whether anything is known of the server."""
        return bool(self._given or self._server.url)

    def learn(self, server: ServerAt) -> None:
        """The server said where it listens."""
        if server.url:
            self._server = server

    def close(self) -> None:
        """Let nobody in any more."""
        with self._lock:
            relay, self._relay = self._relay, None
        if relay is not None:
            relay.close()

    @staticmethod
    def is_desktop(info: Mapping[str, Any]) -> bool:
        """Whether the engine runs in a virtual machine that a desktop application looks after."""
        return info.get("OperatingSystem") in _DESKTOPS

    def open(self, info: Mapping[str, Any], gateway: str) -> ServerAt:
        """The server as nodes see it.

        :param info: what the engine says of itself.
        :param gateway: the engine's address on the nodes' network.
        :raises BackendError: it cannot be found out.
        """
        return ServerAt(url=self._given or self._found(info, gateway), certificate=self._server.certificate)

    def _found(self, info: Mapping[str, Any], gateway: str) -> str:
        if not self._server.url:
            raise BackendError(_ask("it is not known where the API server listens"))
        parts = urlsplit(self._server.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        everywhere, loopback = host in ("0.0.0.0", "::"), _is_loopback(host)  # noqa: S104  (it is looked at)
        if not everywhere and not loopback:
            return self._server.url
        if self.is_desktop(info):
            return _url(parts.scheme, _DESKTOP_HOST, port)
        if loopback:
            return _url(parts.scheme, *self._relayed(gateway, host, port))
        if _is_here(gateway):
            return _url(parts.scheme, gateway, port)
        if _is_rootless(info) and (address := _outward_address()):
            return _url(parts.scheme, address, port)
        raise BackendError(_ask(f"the engine is not on this machine (its network's gateway {gateway} is not)"))

    def _relayed(self, gateway: str, host: str, port: int) -> tuple[str, int]:
        target = ("127.0.0.1" if host == "localhost" else host, port)
        with self._lock:
            relay = self._relay
            if relay is not None and relay.address[0] == gateway and relay.forward_to == target:
                return relay.address
            if relay is not None:
                relay.close()
                self._relay = None
            try:
                self._relay = Relay((gateway, port), target)
            except OSError as exc:
                raise BackendError(
                    _ask(
                        f"the API server listens on {host} only, and the engine is not on this machine: the gateway "
                        f"{gateway} of its network cannot be listened on ({exc.strerror or exc})"
                    )
                ) from exc
            _log.info("nodes reach the API server at %s:%s", *self._relay.address)
            return self._relay.address


def _ask(why: str) -> str:
    return (
        f"{why}; say where nodes reach it by --backend docker:server=http://ADDRESS:PORT, with an address of this "
        "machine that the engine's host can reach, and let the server listen there ('kube9 serve --host')"
    )


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_here(address: str) -> bool:
    """Whether it is an address of this machine."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _is_rootless(info: Mapping[str, Any]) -> bool:
    return any("rootless" in str(option) for option in info.get("SecurityOptions") or ())


def _outward_address() -> str:
    """The address that this machine has for others; empty where it has none. Nothing is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""
