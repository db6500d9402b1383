"""The agent's program on a machine, and what it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.machine import Machine

__all__ = ["Facts", "Program", "Status", "read_facts", "read_failure"]

#: How long a node's pods may take to end by force, and its agent to say that it is up.
_SWEEP_TIMEOUT_MS = 60_000
_MIB = 2**20


@frozen(kw_only=True)
class Facts:
    """What a machine has."""

    cpu_milli: int
    #: Of all of it, in whole mebibytes, as people read it.
    memory_bytes: int
    #: The address of its Docker engine; empty where there is none that can be used, and why.
    docker: str
    docker_error: str
    #: Whether the user has services of their own.
    systemd: bool
    #: What holds a process to its limits: cgroup, or nice-rlimit.
    limits: str


@frozen(kw_only=True)
class Status:
    """Which of the two runs."""

    agent: bool
    warden: bool

    @property
    def runs(self) -> bool:
        return self.agent or self.warden


class Program:
    """Each call runs the program once."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def look(self) -> Facts:
        """What the machine has."""
        return read_facts(self._ask("look"))

    def status(self) -> Status:
        """Whether the agent runs, and whether what its pods run in does."""
        told = self._ask("status")
        return Status(agent=bool(told.get("agent")), warden=bool(told.get("warden")))

    def start(self) -> None:
        """Have the agent run, apart from this connection."""
        self._ask("start")

    def sweep(self) -> None:
        """End all that the node runs, the agent included; on return nothing of it does."""
        self._ask("sweep", timeout_ms=_SWEEP_TIMEOUT_MS)

    def _ask(self, word: str, timeout_ms: int | None = None) -> dict[str, Any]:
        ran = self._machine.ask_agent(word, timeout_ms)
        where = self._machine.link.where
        if ran.exit_code != 0:
            _, why = read_failure(ran.output.encode())
            raise MachineRefused(f"{where}: the agent's {word} failed: {why or ran.last_words}")
        try:
            told = json.loads(ran.last_line or "{}")
        except ValueError as exc:
            raise MachineRefused(f"{where}: the agent's {word} said {ran.last_line[:200]!r}") from exc
        return told if isinstance(told, dict) else {}


def read_failure(errors: bytes) -> tuple[str, str]:
    """The kind and the message of what the program says last where it failed; empty where it did not say so."""
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    try:
        told = json.loads(lines[-1]) if lines else {}
        return str(told["error"]), str(told["message"])
    except (ValueError, LookupError, TypeError):
        return "", ""


def read_facts(told: Mapping[str, Any]) -> Facts:
    """As ``look`` tells them."""
    docker, limits = told.get("docker") or {}, told.get("limits") or {}
    return Facts(
        cpu_milli=int(told.get("cores") or 0) * 1000,
        memory_bytes=int(told.get("memoryBytes") or 0) // _MIB * _MIB,
        docker=str(docker.get("address") or ""),
        docker_error=str(told.get("dockerError") or ""),
        systemd=bool(told.get("systemdUser")),
        limits="-".join(sorted(set(map(str, limits.values())))),
    )
