"""Options of backends and of nodes, read from text into the fields of a class, and what such fields are checked by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from attrs import Attribute, fields

from kube9.backends.behaviour import read_whole
from kube9.core.errors import InvalidInput

__all__ = ["above_zero", "check_mark", "filled", "read_options", "url_or_empty"]

T = TypeVar("T")

_MARK = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)


def filled(_: object, attribute: Attribute[Any], value: str) -> None:
    """A text that is more than blanks."""
    if not value.strip():
        raise InvalidInput(f"option {attribute.name!r} must not be empty")


def above_zero(_: object, attribute: Attribute[Any], value: int) -> None:
    """A whole number from 1."""
    if value < 1:
        unit = " of milliseconds" if attribute.name.endswith("_ms") else ""
        raise InvalidInput(f"option {attribute.name!r} must be a whole number{unit} from 1, got {value}")


def url_or_empty(_: object, attribute: Attribute[Any], value: str) -> None:
    """The address of a server."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if value and not good:
        raise InvalidInput(f"option {attribute.name!r} must be a URL such as http://10.0.0.5:9009, got {value!r}")


def read_options(kind: type[T], options: Mapping[str, str]) -> T:
    """Options by name and as text, such as those of ``docker:base=python:3-slim,pull=Never``.

    :param kind: an attrs class whose fields are texts and whole numbers, all with a default.
    :raises InvalidInput: names the option that does not exist, with those that do, or whose value cannot be used.
    """
    known: dict[str, Attribute[Any]] = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    for name, text in options.items():
        if name not in known:
            raise InvalidInput(f"there is no option {name!r}; expected one of {', '.join(sorted(known))}")
        given[name] = read_whole(name, text) if isinstance(known[name].default, int) else text
    return kind(**given)


def check_mark(cluster: str) -> str:
    """The mark of a cluster, which becomes part of names.

    :raises InvalidInput: it cannot.
    """
    if _MARK.fullmatch(cluster) is None:
        raise InvalidInput(
            f"cluster must be up to 32 lower-case letters, digits and dashes that tell this cluster from all others "
            f"that use the same machines, got {cluster!r}"
        )
    return cluster
