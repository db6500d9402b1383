"""A way back: the API server, as a port of a machine's own loopback address, carried over the connection to it."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.link import Link

if TYPE_CHECKING:
    from paramiko import Channel, Transport

__all__ = ["Tunnel"]

_log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
_PIECE_BYTES = 32_768
#: An agent has three connections, and another while one is given up.
_CONNECTIONS_MAX = 16
_CONNECT_TIMEOUT_S = 10.0


class Tunnel:
    """Kept as long as the connection lasts; :meth:`open` makes it anew, at the same port where that is free.

    :param target: where the API server listens, as its own machine sees it.
    :param port: on the machine, to be had if it can; 0 for any.
    """

    def __init__(self, link: Link, target: tuple[str, int], port: int = 0) -> None:
        self._link, self.target = link, target
        self._transport: Transport | None = None
        self._turns = threading.BoundedSemaphore(_CONNECTIONS_MAX)
        #: On the machine; 0 as long as none was had.
        self.port = port

    @property
    def alive(self) -> bool:
        """Whether anybody is carried."""
        return self._transport is not None and self._transport.is_active()

    def open(self) -> int:
        """The port on the machine, from now on.

        :raises MachineAway: it is not there.
        :raises MachineRefused: it does not allow this.
        """
        import paramiko

        transport = self._link.transport()
        if transport is self._transport and self.alive:
            return self.port
        with self._link.broken():
            try:
                port = transport.request_port_forward(LOOPBACK, self.port, self._came)
            except paramiko.SSHException:
                if not transport.is_active():
                    raise
                port = self._other_port(transport)
        self._transport, self.port = transport, port
        _log.info("%s reaches the API server at its own port %d", self._link.where, port)
        return port

    def _other_port(self, transport: Transport) -> int:
        import paramiko

        try:
            if self.port:
                return transport.request_port_forward(LOOPBACK, 0, self._came)
        except paramiko.SSHException:
            if not transport.is_active():
                raise
        raise MachineRefused(
            f"{self._link.where} allows no reverse tunnel (AllowTcpForwarding in its sshd_config); allow it, or say "
            "where the machine reaches the API server: --option server=http://ADDRESS:PORT"
        )

    def _came(self, channel: Channel, *_: object) -> None:
        """On the connection's own thread, which must not wait."""
        if not self._turns.acquire(blocking=False):
            _log.warning("%s has more than %d connections to the API server", self._link.where, _CONNECTIONS_MAX)
            threading.Thread(target=channel.close, daemon=True).start()
            return
        threading.Thread(target=self._carry, args=(channel,), name="kube9-ssh-tunnel", daemon=True).start()

    def _carry(self, channel: Channel) -> None:
        near = None
        try:
            near = socket.create_connection(self.target, _CONNECT_TIMEOUT_S)
            near.settimeout(None)
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=_pump_back, args=(near, channel), name="kube9-ssh-tunnel-back", daemon=True)
            back.start()
            _pump_there(channel, near)
            back.join()
        except OSError as exc:
            _log.debug("a connection of %s was not carried: %s", self._link.where, exc)
        finally:
            if near is not None:
                near.close()
            with suppress(Exception):  # the connection it belongs to may be gone
                channel.close()
            self._turns.release()


def _pump_there(channel: Channel, near: socket.socket) -> None:
    try:
        while piece := channel.recv(_PIECE_BYTES):
            near.sendall(piece)
    except OSError:
        pass
    finally:
        # A channel that has ended on that side carries nothing back either: an agent that lives reads its answers.
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR if channel.closed else socket.SHUT_WR)


def _pump_back(near: socket.socket, channel: Channel) -> None:
    from paramiko import SSHException

    try:
        while piece := near.recv(_PIECE_BYTES):
            channel.sendall(piece)
    except (OSError, EOFError, SSHException):  # EOFError: the connection has just broken
        pass
    finally:
        with suppress(Exception):
            channel.shutdown_write()
        # The other direction waits for a machine that has nothing to say to a server that is gone.
        with suppress(Exception):
            channel.close()
