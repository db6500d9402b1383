"""What an agent is told in the files of its folder: which node it is, where its server is, and its token."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple  # noqa: UP035  (an alias below, and Python 3.8)
from urllib.parse import urlsplit

__all__ = ["ConfigurationError", "NodeConfiguration", "ServerConfiguration", "read_node", "read_server"]


class ConfigurationError(Exception):
    """A file of the folder cannot be used; the message names it."""


class NodeConfiguration(NamedTuple):
    """Which node this is; the same as long as the agent runs."""

    node: str
    node_uid: str
    #: The cluster's mark.
    cluster: str
    #: What runs pods: a name that is known here, or ``module:function``.
    runtime: str
    engine: str = "unix:///var/run/docker.sock"
    #: The name of the cluster's network; ``None`` for the engine's own.
    network: str | None = None
    #: The network of pods that have none of their own.
    host_network: str = "host"
    sandbox_image: str = ""
    #: In thousandths of a core and in bytes.
    capacity: Mapping[str, int] = {}
    #: Where all this was read.
    folder: str = ""


class ServerConfiguration(NamedTuple):
    """Where the server is, and what the node proves itself with."""

    url: str
    #: The server's own in PEM: then no other is taken. Empty for whatever the machine trusts.
    certificate: str
    token: str


#: Says what is wrong with a value; empty where nothing is.
_Check = Callable[[Any], str]
_Fields = Dict[str, _Check]  # noqa: UP006


def _filled(value: Any) -> str:
    return "" if type(value) is str and value else "expected a text that is not empty"


def _text(value: Any) -> str:
    return "" if type(value) is str else "expected a text"


def _text_or_null(value: Any) -> str:
    return "" if value is None or (type(value) is str and value) else "expected a text or null"


def _amounts(value: Any) -> str:
    if type(value) is dict and all(type(amount) is int and amount >= 0 for amount in value.values()):
        return ""
    return "expected an object of whole numbers"


def _url(value: Any) -> str:
    try:
        parts = urlsplit(value) if type(value) is str else None
        good = parts is not None and parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    return "" if good else "expected the address of a server, such as http://10.0.0.1:9009"


def _certificate(value: Any) -> str:
    if value == "" or (type(value) is str and "-----BEGIN CERTIFICATE-----" in value):
        return ""
    return "expected a certificate in PEM, or an empty text"


_NODE: _Fields = {"node": _filled, "nodeUid": _filled, "cluster": _filled, "runtime": _filled}
_NODE_OPTIONAL: _Fields = {
    "engine": _filled,
    "network": _text_or_null,
    "hostNetwork": _filled,
    "sandboxImage": _text,
    "capacity": _amounts,
}
_SERVER: _Fields = {"url": _url}
_SERVER_OPTIONAL: _Fields = {"certificate": _certificate}


def read_node(folder: Path) -> NodeConfiguration:
    """:raises ConfigurationError: with all that is wrong."""
    told = _document(folder / "node.json", _NODE, _NODE_OPTIONAL)
    return NodeConfiguration(
        **{_python_name(name): value for name, value in told.items()}, folder=os.path.abspath(folder)
    )


def read_server(folder: Path) -> ServerConfiguration:
    """:raises ConfigurationError: with all that is wrong."""
    told = _document(folder / "server.json", _SERVER, _SERVER_OPTIONAL)
    token = _content(folder / "token").strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(f"{folder / 'token'}: expected one line of visible characters")
    return ServerConfiguration(told["url"].rstrip("/"), told.get("certificate", ""), token)


def _document(path: Path, required: _Fields, optional: _Fields) -> dict[str, Any]:
    try:
        told = json.loads(_content(path))
    except ValueError as exc:
        raise ConfigurationError(f"{path}: is no JSON: {exc}") from exc
    if type(told) is not dict:
        raise ConfigurationError(f"{path}: expected an object")
    wrong = [f"{name}: is missing" for name in required if name not in told]
    known = {**required, **optional}
    for name, value in told.items():
        if name not in known:
            wrong.append(f"{name}: unknown field; expected {', '.join(known)}")
        elif problem := known[name](value):
            wrong.append(f"{name}: {problem}")
    if wrong:
        raise ConfigurationError(f"{path}: {'; '.join(wrong)}")
    return told


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise ConfigurationError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"{path}: is no UTF-8: {exc.reason}") from exc


def _python_name(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
