"""Where the API server is, as somebody sees it."""

from __future__ import annotations

import ipaddress
import socket

from attrs import frozen

__all__ = ["ServerAt", "is_loopback", "outward_address", "server_file_of", "url_of"]


@frozen(kw_only=True)
class ServerAt:
    """The API server, as it is seen from its own machine or from a node."""

    url: str = ""
    #: In PEM; empty where it serves no TLS.
    certificate: str = ""


def server_file_of(server: ServerAt) -> dict[str, str]:
    """What a node is told of it."""
    return {"url": server.url, "certificate": server.certificate}


def url_of(scheme: str, host: str, port: int) -> str:
    """An IPv6 address is written as such."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only the machine itself is reached by it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def outward_address() -> str:
    """The address that this machine has for others; empty where it has none. Nothing is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""
