"""The options of the Docker backend."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import Attribute, field, fields, frozen

from kube9.backends.behaviour import read_whole
from kube9.core.errors import InvalidInput

__all__ = ["PULL_POLICIES", "DockerSettings", "check_mark", "read_settings"]

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MARK = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)


def _filled(_: object, attribute: Attribute[Any], value: str) -> None:
    if not value.strip():
        raise InvalidInput(f"option {attribute.name!r} must not be empty")


def _above_zero(_: object, attribute: Attribute[Any], value: int) -> None:
    if value < 1:
        raise InvalidInput(f"option {attribute.name!r} must be a whole number of milliseconds from 1, got {value}")


def _policy(_: object, attribute: Attribute[Any], value: str) -> None:
    if value not in PULL_POLICIES:
        raise InvalidInput(f"option {attribute.name!r} must be one of {', '.join(PULL_POLICIES)}, got {value!r}")


def _url_or_empty(_: object, attribute: Attribute[Any], value: str) -> None:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise InvalidInput(f"option {attribute.name!r} must be a URL such as http://10.0.0.5:9009, got {value!r}")


def _path_or_empty(_: object, attribute: Attribute[Any], value: str) -> None:
    if value and not value.startswith("/"):
        raise InvalidInput(f"option {attribute.name!r} must be an absolute path on the engine's host, got {value!r}")


def _subnet_or_empty(_: object, attribute: Attribute[Any], value: str) -> None:
    try:
        if value:
            ipaddress.ip_network(value)
    except ValueError as exc:
        raise InvalidInput(f"option {attribute.name!r} must be a network such as 10.90.0.0/16: {exc}") from None


@frozen(kw_only=True)
class DockerSettings:
    """What may be said of the engine, and of the nodes on it."""

    #: The image that node images are made from; it has Python 3.8 or later as ``python3``.
    base: str = field(default="python:3-slim", validator=_filled)
    #: Where the engine is; empty for where the ``docker`` command finds it.
    host: str = ""
    #: How long a node's agent may take to be heard before it is looked at.
    join_timeout_ms: int = field(default=60_000, validator=_above_zero)
    #: The network of the nodes and pods; empty for one of the cluster's own.
    network: str = ""
    #: When the base image is pulled.
    pull: str = field(default="IfNotPresent", validator=_policy)
    #: Where nodes reach the API server; empty for what is found out.
    server: str = field(default="", validator=_url_or_empty)
    #: The engine's socket as the engine's own host sees it; empty for what is found out.
    socket: str = field(default="", validator=_path_or_empty)
    #: The addresses of the cluster's network; empty for what the engine chooses.
    subnet: str = field(default="", validator=_subnet_or_empty)
    #: How long the engine may take for one answer.
    timeout_ms: int = field(default=30_000, validator=_above_zero)


def read_settings(options: Mapping[str, str]) -> DockerSettings:
    """Read the options as they are written in ``docker:base=python:3-slim,pull=Never``.

    :raises InvalidInput: names the option that does not exist, with those that do, or whose value cannot be used.
    """
    known: dict[str, Attribute[Any]] = {each.name: each for each in fields(DockerSettings)}
    given: dict[str, Any] = {}
    for name, text in options.items():
        if name not in known:
            raise InvalidInput(f"there is no option {name!r}; expected one of {', '.join(sorted(known))}")
        given[name] = read_whole(name, text) if isinstance(known[name].default, int) else text
    return DockerSettings(**given)


def check_mark(cluster: str) -> str:
    """The mark of a cluster, which becomes part of names.

    :raises InvalidInput: it cannot.
    """
    if _MARK.fullmatch(cluster) is None:
        raise InvalidInput(
            f"cluster must be up to 32 lower-case letters, digits and dashes that tell this cluster from all others "
            f"on the engine, got {cluster!r}"
        )
    return cluster
