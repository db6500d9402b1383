"""The agent as a service of a user's own systemd, where there is one that goes on after a logout."""

from __future__ import annotations

import json

from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.machine import Machine

__all__ = ["Service", "unit_text"]

_FOLDER = ".config/systemd/user"


def unit_text(machine: Machine) -> str:
    """The unit file. Pods are left alone when the agent is stopped, and it is started again when it has crashed."""
    found = machine.found()
    words = [found.python, "-I", "-S", f"{found.folder}/agent.pyz", "--config", found.folder, "--log"]
    words.append(f"{found.folder}/agent.log")
    return "\n".join(
        [
            "[Unit]",
            f"Description=kube9 agent of node {_literal(machine.name)}",
            "[Service]",
            f"ExecStart={' '.join(_quoted(word) for word in words)}",
            # Its pods are no part of it; what ends them is a sweep.
            "KillMode=process",
            "KillSignal=SIGKILL",
            "Restart=on-failure",
            "RestartSec=1",
            "Delegate=yes",
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
    )


class Service:
    """Of one machine.

    :param unit: what it was written down as; empty for how it is from now on.
    """

    def __init__(self, machine: Machine, unit: str = "") -> None:
        self._machine, self._unit = machine, unit or machine.unit

    def start(self) -> None:
        """Write it down, and start it, now and with the machine.

        :raises MachineRefused: systemd does not take it.
        """
        self._machine.put_elsewhere(_FOLDER, self._unit, unit_text(self._machine).encode())
        self._control("daemon-reload")
        self._control("enable", "--now", self._unit)

    def stop(self) -> None:
        """Start it no more; nothing where there is none."""
        self._control("disable", "--now", self._unit, must=False)

    def remove(self) -> None:
        """Leave nothing of it."""
        self.stop()
        self._machine.unlink_elsewhere(_FOLDER, self._unit)
        self._control("daemon-reload", must=False)

    def _control(self, *words: str, must: bool = True) -> None:
        ran = self._machine.run("systemctl", "--user", *words)
        if must and ran.exit_code != 0:
            raise MachineRefused(f"{self._machine.link.where}: systemctl --user {words[0]}: {ran.last_words}")


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """As systemd reads a word: its quotes are those of JSON, and a dollar or percent sign is doubled."""
    return json.dumps(word).replace("%", "%%").replace("$", "$$")
