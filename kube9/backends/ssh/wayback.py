"""How a machine reaches the API server: straight, where it can, else by a tunnel."""

from __future__ import annotations

from urllib.parse import urlsplit

from attrs import evolve

from kube9.backends.serverat import ServerAt, is_loopback, outward_address, url_of
from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.machine import Machine
from kube9.backends.ssh.tunnel import LOOPBACK, Tunnel

__all__ = ["WayBack"]


class WayBack:
    """:param given: what the user said for all machines; empty to find it out."""

    def __init__(self, given: str, server: ServerAt) -> None:
        self._given, self._server = given, server

    def learn(self, server: ServerAt) -> None:
        """The server said where it listens."""
        if server.url:
            self._server = server

    @property
    def known(self) -> bool:
        """Whether anything is known of the server."""
        return bool(self._given or self._server.url)

    def candidate(self, machine: Machine) -> str:
        """What a machine may try; empty where no other machine than the server's own can reach it."""
        if given := machine.options.server or self._given:
            return given
        parts = urlsplit(self._server.url)
        host = parts.hostname or ""
        if host in ("0.0.0.0", "::"):  # noqa: S104  (it is looked at)
            host = outward_address()
        return "" if not host or is_loopback(host) else url_of(parts.scheme, host, self._port)

    def open(self, machine: Machine) -> ServerAt:
        """The server as the machine sees it, from now on.

        :raises MachineRefused: there is no way.
        """
        candidate = self.candidate(machine)
        if machine.options.server or self._given:
            return self.straight(machine)
        if candidate and not machine.look(reach=_place(candidate)).unreached:
            return self.straight(machine)
        return self.through_tunnel(machine)

    def straight(self, machine: Machine) -> ServerAt:
        """The server at the address that the machine may try."""
        return evolve(self._server, url=self.candidate(machine))

    def through_tunnel(self, machine: Machine, port: int = 0) -> ServerAt:
        """The server at the other end of the machine's tunnel, which is opened or opened again.

        :param port: where it was on the machine; 0 for nowhere yet.
        :raises MachineRefused: there is no way.
        """
        if not self._server.url:
            raise MachineRefused(
                f"{machine.link.where}: it is not known where the API server listens; say where the machine reaches "
                "it by --option server=http://ADDRESS:PORT"
            )
        if machine.tunnel is None or machine.tunnel.target != self._target:
            machine.tunnel = Tunnel(machine.link, self._target, port)
        port = machine.tunnel.open()
        return evolve(self._server, url=url_of(urlsplit(self._server.url).scheme, LOOPBACK, port))

    @property
    def _port(self) -> int:
        return _place(self._server.url)[1]

    @property
    def _target(self) -> tuple[str, int]:
        """As this machine reaches it."""
        host = urlsplit(self._server.url).hostname or LOOPBACK
        everywhere = {"0.0.0.0": LOOPBACK, "::": "::1", "localhost": LOOPBACK}  # noqa: S104  (it is looked at)
        return everywhere.get(host, host), self._port


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
