"""The options of the SSH backend, and those of each of its nodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import Attribute, field, frozen

from kube9.backends.optionfields import above_zero, filled, read_options, url_or_empty
from kube9.core.errors import InvalidInput

__all__ = ["PASSPHRASE_VARIABLE", "PASSWORD_VARIABLE", "MachineOptions", "SshSettings", "read_machine"]

#: The only place that either is ever read from, besides an agent.
PASSWORD_VARIABLE, PASSPHRASE_VARIABLE = "KUBE9_SSH_PASSWORD", "KUBE9_SSH_PASSPHRASE"

_SECRET = re.compile(r"pass|secret|token", re.IGNORECASE)
#: What becomes part of a command line, of ssh's own or of the machine's: none of it needs to be quoted anywhere.
_HOST = re.compile(r"[A-Za-z0-9_:\[][A-Za-z0-9_.:%\]-]{0,252}", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}\$?", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9_./+-]{1,200}", re.ASCII)


def _like(rule: re.Pattern[str], words: str) -> Callable[[object, Attribute[Any], str], None]:
    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        if value and (rule.fullmatch(value) is None or value.startswith("-")):
            raise InvalidInput(f"option {attribute.name!r} must be {words}, got {value!r}")

    return check


def _folder(_: object, attribute: Attribute[Any], value: str) -> None:
    if _PATH.fullmatch(value) is None or value.startswith("-") or ".." in value.split("/") or value.strip("/.") == "":
        raise InvalidInput(
            f"option {attribute.name!r} must be a path of letters, digits, '_', '.', '+', '-' and '/', absolute or "
            f"below the user's home, and without '..', got {value!r}"
        )


def _port(_: object, attribute: Attribute[Any], value: int) -> None:
    if not 0 <= value <= 65_535:
        raise InvalidInput(f"option {attribute.name!r} must be a port from 1 to 65535, got {value}")


@frozen(kw_only=True)
class SshSettings:
    """What may be said of all machines."""

    #: Sessions at a time on one connection; sshd allows ten where nothing else is said. Fewer where it refuses.
    channels: int = field(default=8, validator=above_zero)
    #: ssh's own configuration.
    config: str = field(default="~/.ssh/config", validator=filled)
    #: How often an idle connection is kept awake; one whose machine does not answer for thrice as long is given up.
    keepalive_ms: int = field(default=15_000, validator=above_zero)
    #: Which host keys are accepted, besides those of the whole system.
    known_hosts: str = field(default="~/.ssh/known_hosts", validator=filled)
    #: What holds the network of a pod with several containers where a machine has Docker; any image with ``sleep``.
    sandbox_image: str = field(default="busybox:stable", validator=filled)
    #: Where all machines reach the API server; empty for what is found out.
    server: str = field(default="", validator=url_or_empty)
    #: How long a machine may take for one answer.
    timeout_ms: int = field(default=30_000, validator=above_zero)


@frozen(kw_only=True)
class MachineOptions:
    """What may be said of one node."""

    #: An address, a name, or an alias of ssh's configuration; empty for the node's own name.
    host: str = field(default="", validator=_like(_HOST, "the name or address of a host"))
    user: str = field(default="", validator=_like(_USER, "the name of a user"))
    #: 0 for what ssh's configuration says, else 22.
    port: int = field(default=0, validator=_port)
    #: A file with a private key, on the server's machine; empty for an agent's and the usual ones.
    key: str = ""
    #: Where everything of kube9 is on that machine.
    folder: str = field(default=".kube9", validator=_folder)
    #: The Python there; empty for the first that will do.
    python: str = field(default="", validator=_like(_PATH, "the name or path of a program"))
    #: What runs pods there: docker or process; empty for Docker where it can be used, else processes.
    runtime: str = ""
    #: Where this machine reaches the API server; empty for what is found out.
    server: str = field(default="", validator=url_or_empty)

    def __attrs_post_init__(self) -> None:
        if self.runtime not in ("", "docker", "process"):
            raise InvalidInput(f"option 'runtime' must be docker or process, got {self.runtime!r}")


def read_machine(options: Mapping[str, str]) -> MachineOptions:
    """The options of a node.

    :raises InvalidInput: there is no such option, its value cannot be used, or it would have a secret stored.
    """
    for name in options:
        if _SECRET.search(name):
            raise InvalidInput(
                f"option {name!r} is refused, for options are stored and shown; let the server find a password in "
                f"{PASSWORD_VARIABLE} and a key's passphrase in {PASSPHRASE_VARIABLE}, or use an ssh-agent"
            )
    return read_options(MachineOptions, options)
