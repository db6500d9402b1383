"""Where a machine is and how to log in, from what is said of the node and from ssh's own configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from kube9.backends.ssh.settings import MachineOptions
from kube9.core.errors import BackendError

__all__ = ["SshConfig", "Target"]

_PORT = 22
#: A jump of a jump of a jump; more is taken for a circle.
_JUMPS_MAX = 5


@frozen(kw_only=True)
class Target:
    """One machine to log in to."""

    #: What its host keys are listed under.
    name: str
    host: str
    port: int
    user: str
    #: Files with private keys, to be tried in this order; those of the agent come besides.
    keys: tuple[str, ...] = ()
    #: No keys but those.
    only_keys: bool = False
    #: Through which machines it is reached, the nearest first.
    jumps: tuple[Target, ...] = ()
    #: A command that is the connection; empty for none.
    proxy_command: str = ""
    known_hosts: tuple[Path, ...] = ()

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}"


class SshConfig:
    """ssh's configuration, which is read anew for each machine: users edit it.

    :param path: of the file; it need not be there.
    :param known_hosts: where host keys are looked for, unless the configuration says otherwise.
    """

    def __init__(self, path: Path, known_hosts: tuple[Path, ...]) -> None:
        self._path, self._known_hosts = path, known_hosts

    def target(self, options: MachineOptions, node_name: str) -> Target:
        """:raises BackendError: the configuration cannot be read, or goes round in a circle."""
        found = self._lookup(options.host or node_name)
        return self._made(found, options.user, options.port, options.key, 0)

    def _lookup(self, alias: str) -> Mapping[str, Any]:
        import paramiko

        try:
            if not self._path.is_file():
                return {"hostname": alias}
            return paramiko.SSHConfig.from_path(str(self._path)).lookup(alias)
        except (paramiko.SSHException, OSError, ValueError) as exc:
            raise BackendError(f"{self._path} cannot be used: {exc}") from exc

    def _made(self, found: Mapping[str, Any], user: str, port: int, key: str, depth: int) -> Target:
        host = str(found["hostname"])
        port = port or _whole(found.get("port", _PORT), self._path)
        jump = str(found.get("proxyjump", "none"))
        proxy_command = str(found.get("proxycommand") or "")
        alias = str(found.get("hostkeyalias") or host)
        files = tuple(Path(each).expanduser() for each in str(found.get("userknownhostsfile") or "").split())
        return Target(
            name=alias if port == _PORT or "hostkeyalias" in found else f"[{alias}]:{port}",
            host=host,
            port=port,
            user=user or str(found.get("user") or "") or _whoami(),
            keys=(str(Path(key).expanduser()),) if key else tuple(str(each) for each in found.get("identityfile", ())),
            only_keys=bool(key) or found.get("identitiesonly") == "yes",
            jumps=() if jump == "none" else self._jumps(jump, depth + 1),
            proxy_command="" if proxy_command == "none" else proxy_command,
            known_hosts=files or self._known_hosts,
        )

    def _jumps(self, text: str, depth: int) -> tuple[Target, ...]:
        """``user@host:port`` each, or an alias, parted by commas."""
        if depth > _JUMPS_MAX:
            raise BackendError(f"{self._path}: ProxyJump {text} leads on through more than {_JUMPS_MAX} machines")
        jumps: list[Target] = []
        for part in text.split(","):
            user, _, place = part.strip().removeprefix("ssh://").rpartition("@")
            host, _, port = place.rpartition(":") if place.count(":") == 1 or "]:" in place else (place, "", "")
            target = self._made(self._lookup(host.strip("[]")), user, _whole(port or 0, self._path), "", depth)
            # How the others are reached is said here, whatever is said of them elsewhere; so does ssh.
            jumps += [target] if jumps else [*target.jumps, target]
        return tuple(jumps)


def _whole(text: object, path: Path) -> int:
    try:
        return int(str(text))
    except ValueError:
        raise BackendError(f"{path}: expected a port, got {text!r}") from None


def _whoami() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
