"""Bare ssh: a command on a connection that is there already."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from attrs import frozen

__all__ = ["Bare", "bare"]


@frozen(eq=False)
class Bare:
    """Two connections to one machine."""

    _transport: Any
    _ssh: tuple[str, ...]

    def paramiko_s(self) -> float:
        """Seconds that ``true`` takes through the library that kube9 uses."""
        begin_s = perf_counter()
        channel = self._transport.open_session()
        channel.exec_command("true")
        if channel.recv_exit_status() != 0:
            raise RuntimeError("the machine runs no command")
        channel.close()
        return perf_counter() - begin_s

    def openssh_s(self) -> float:
        """The same through ``ssh``, which is a process that has another one do it (ControlMaster)."""
        begin_s = perf_counter()
        subprocess.run([*self._ssh, "true"], check=True, stderr=subprocess.DEVNULL)  # noqa: S603  (of our own words)
        return perf_counter() - begin_s


@contextmanager
def bare(place: Any, machine: Any, folder: Path) -> Iterator[Bare]:
    """Connected, until it is left."""
    import paramiko

    known = ["-F", "none", "-o", f"UserKnownHostsFile={place.known_hosts}", "-i", str(place.key)]
    words = ("ssh", *known, "-p", str(machine.port), "-S", str(folder / "control"), f"{machine.user}@127.0.0.1")
    link = socket.create_connection(("127.0.0.1", machine.port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(link)
    try:
        transport.start_client()
        transport.auth_publickey(machine.user, paramiko.PKey.from_path(place.key))
        subprocess.run([words[0], "-M", "-N", "-f", *words[1:]], check=True, stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            yield Bare(transport, words)
        finally:
            subprocess.run([words[0], "-O", "exit", *words[1:]], check=False, stderr=subprocess.DEVNULL)  # noqa: S603
    finally:
        transport.close()
