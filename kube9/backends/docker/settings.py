"""The options of the Docker backend."""

from __future__ import annotations

import ipaddress
from typing import Any

from attrs import Attribute, field, frozen

from kube9.backends.optionfields import above_zero, filled, url_or_empty
from kube9.core.errors import InvalidInput

__all__ = ["PULL_POLICIES", "DockerSettings"]

PULL_POLICIES = ("Always", "IfNotPresent", "Never")


def _policy(_: object, attribute: Attribute[Any], value: str) -> None:
    if value not in PULL_POLICIES:
        raise InvalidInput(f"option {attribute.name!r} must be one of {', '.join(PULL_POLICIES)}, got {value!r}")


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
    base: str = field(default="python:3-slim", validator=filled)
    #: Where the engine is; empty for where the ``docker`` command finds it.
    host: str = ""
    #: How long a node's agent may take to be heard before it is looked at.
    join_timeout_ms: int = field(default=60_000, validator=above_zero)
    #: The network of the nodes and pods; empty for one of the cluster's own.
    network: str = ""
    #: When the base image is pulled.
    pull: str = field(default="IfNotPresent", validator=_policy)
    #: Where nodes reach the API server; empty for what is found out.
    server: str = field(default="", validator=url_or_empty)
    #: The engine's socket as the engine's own host sees it; empty for what is found out.
    socket: str = field(default="", validator=_path_or_empty)
    #: The addresses of the cluster's network; empty for what the engine chooses.
    subnet: str = field(default="", validator=_subnet_or_empty)
    #: How long the engine may take for one answer.
    timeout_ms: int = field(default=30_000, validator=above_zero)
