"""Where nodes reach the API server."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from kube9.backends.docker.relay import Relay
from kube9.backends.serverat import ServerAt, is_loopback, outward_address, url_of
from kube9.core.errors import BackendError

__all__ = ["Door"]

_log = logging.getLogger(__name__)

#: Engines in a virtual machine on a desktop, which know their host by this name, its loopback address included.
_DESKTOPS = ("Docker Desktop", "OrbStack")
_DESKTOP_HOST = "host.docker.internal"


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
        everywhere, loopback = host in ("0.0.0.0", "::"), is_loopback(host)  # noqa: S104  (it is looked at)
        if not everywhere and not loopback:
            return self._server.url
        if self.is_desktop(info):
            return url_of(parts.scheme, _DESKTOP_HOST, port)
        if loopback:
            return url_of(parts.scheme, *self._relayed(gateway, host, port))
        if _is_here(gateway):
            return url_of(parts.scheme, gateway, port)
        if _is_rootless(info) and (address := outward_address()):
            return url_of(parts.scheme, address, port)
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
