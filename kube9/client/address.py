"""Which server to talk to, by which token, and whose certificates to trust."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from attrs import field, frozen

from kube9.core.errors import InvalidInput, ServerUnreachable
from kube9.statedir import StateDir

__all__ = ["Address", "is_loopback"]

_SERVER, _TOKEN, _CA_CERT = "KUBE9_SERVER", "KUBE9_TOKEN", "KUBE9_CA_CERT"


@frozen(kw_only=True)
class Address:
    """Where a server is and how one gets in."""

    #: Without a slash at the end.
    url: str
    #: ``None`` where none was found; then only the server's health can be asked for.
    token: str | None = field(default=None, repr=False)
    #: A file of certificates to trust instead of the system's.
    ca_cert: str | None = None
    #: Where the token was looked for, for people.
    token_sought: str = ""
    #: The process that serves there, where it told of itself on this machine.
    pid: int | None = None

    @classmethod
    def find(
        cls,
        *,
        server: str | None = None,
        token: str | None = None,
        ca_cert: str | None = None,
        state_dir: str | None = None,
        env: Mapping[str, str] = os.environ,
    ) -> Address:
        """What is given, else what ``env`` says, else what the server in the state directory tells of itself.

        The token in the state directory is sent to the server that is in it and to this machine, to no other.

        :raises ServerUnreachable: no server is named, and none is in the state directory.
        :raises InvalidInput: the server's URL or the file of certificates cannot be used.
        """
        folder = StateDir.find(state_dir, env)
        local = folder.server()
        named = server or env.get(_SERVER)
        if not named and local is None:
            raise ServerUnreachable(
                f"no server is known: {folder.server_file} is not there; "
                f"start one with 'kube9 serve', or name it with --server or {_SERVER}"
            )
        url = _checked(named) if named else local.url if local else ""
        own = local if local is not None and local.url == url else None
        trusted = ca_cert or env.get(_CA_CERT) or (own.certificate if own else None) or None
        if trusted is not None and not Path(trusted).is_file():
            raise InvalidInput(
                f"there is no file {trusted!r} of certificates; name another with --ca-cert or {_CA_CERT}"
            )
        near = own is not None or is_loopback(urlsplit(url).hostname or "")
        return cls(
            url=url,
            token=token or env.get(_TOKEN) or (folder.token() if near else None),
            ca_cert=trusted,
            token_sought=f"--token, {_TOKEN}" + (f" and {folder.token_file}" if near else ""),
            pid=own.pid if own else None,
        )


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        raise InvalidInput(f"--server: expected a URL such as http://127.0.0.1:9009, got {url!r}")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether ``host`` can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
