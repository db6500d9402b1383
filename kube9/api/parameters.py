"""Query parameters: what each takes, for whoever reads them and for whoever reads about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from attrs import frozen
from werkzeug.datastructures import MultiDict

from kube9.api.paging import parse_continue
from kube9.api.selector import parse_selector
from kube9.core.errors import InvalidInput, ManifestError, Problem
from kube9.core.nodes import NodePhase
from kube9.core.pods import PodPhase

__all__ = [
    "CONTINUE",
    "GRACE",
    "GRACE_S_MAX",
    "LABEL_LENGTH_MAX",
    "LABEL_PATTERN",
    "LABEL_SELECTOR",
    "LIMIT",
    "NAME_LENGTH_MAX",
    "NAME_PATTERN",
    "PAGE_MAX",
    "Parameter",
    "check_name",
    "choice",
    "milliseconds",
    "name",
    "namespace",
    "phase",
    "read_query",
    "switch",
    "text",
    "whole_number",
]

#: RFC 1123, as Kubernetes has it for the names of pods and nodes.
NAME_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
NAME_LENGTH_MAX = 253
LABEL_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
LABEL_LENGTH_MAX = 63

_is_name = re.compile(NAME_PATTERN.removesuffix("$") + r"\Z", re.ASCII).match
_is_label = re.compile(LABEL_PATTERN.removesuffix("$") + r"\Z", re.ASCII).match

#: Grace periods are whole seconds up to a day.
GRACE_S_MAX = 86_400
PAGE_MAX = 10_000


@frozen(kw_only=True)
class Parameter:
    """One query parameter."""

    name: str
    #: For people: what it does.
    about: str
    #: Of its value, for OpenAPI.
    schema: Mapping[str, Any]
    #: Makes the value of a text; raises ``InvalidInput`` where it cannot.
    read: Callable[[str], Any]
    #: Where it is not given.
    default: Any = None


def read_query(parameters: Sequence[Parameter], given: MultiDict[str, str]) -> dict[str, Any]:
    """What was ``given`` for each of the ``parameters``, by name.

    :raises ManifestError: one cannot be read, is given twice, or is none of them; all faults at once.
    """
    values = {parameter.name: parameter.default for parameter in parameters}
    if not given:
        return values
    problems: list[Problem] = []
    by_name = {parameter.name: parameter for parameter in parameters}
    for key, texts in given.lists():
        parameter = by_name.get(key)
        if parameter is None:
            there = ", ".join(by_name) or "none"
            problems.append(Problem(key, f"there is no such query parameter here; expected {there}"))
        elif len(texts) > 1:
            problems.append(Problem(key, f"is given {len(texts)} times, expected once"))
        else:
            try:
                values[key] = parameter.read(texts[0])
            except InvalidInput as exc:
                problems.append(Problem(key, str(exc)))
    if problems:
        raise ManifestError(problems)
    return values


def check_name(what: str, value: str) -> None:
    """:raises ManifestError: nothing can have that name."""
    if len(value) > NAME_LENGTH_MAX or _is_name(value) is None:
        raise ManifestError([Problem(what, _not_a_name(value))])


def name(key: str, about: str) -> Parameter:
    """One that takes the name of an object."""

    def read(value: str) -> str:
        if len(value) > NAME_LENGTH_MAX or _is_name(value) is None:
            raise InvalidInput(_not_a_name(value))
        return value

    schema = {"type": "string", "pattern": NAME_PATTERN, "maxLength": NAME_LENGTH_MAX}
    return Parameter(name=key, about=about, schema=schema, read=read)


def namespace(about: str, default: str | None) -> Parameter:
    """The one that takes a namespace."""

    def read(value: str) -> str:
        if len(value) > LABEL_LENGTH_MAX or _is_label(value) is None:
            raise InvalidInput(
                f"expected at most {LABEL_LENGTH_MAX} lower-case letters, digits and '-', not '-' at an end, "
                f"got {value[:LABEL_LENGTH_MAX]!r}"
            )
        return value

    schema = {"type": "string", "pattern": LABEL_PATTERN, "maxLength": LABEL_LENGTH_MAX}
    if default is not None:
        schema = {**schema, "default": default}
    return Parameter(name="namespace", about=about, schema=schema, read=read, default=default)


def text(key: str, about: str, *, length_max: int = NAME_LENGTH_MAX) -> Parameter:
    """One that takes any text without control characters."""

    def read(value: str) -> str:
        if not 0 < len(value) <= length_max or not value.isprintable():
            raise InvalidInput(f"expected 1 to {length_max} printable characters, got {value[:length_max]!r}")
        return value

    schema = {"type": "string", "minLength": 1, "maxLength": length_max}
    return Parameter(name=key, about=about, schema=schema, read=read)


def choice(key: str, about: str, words: type[Enum] | Sequence[str]) -> Parameter:
    """One that takes one of some words."""
    known = [str(word.value) for word in words] if isinstance(words, type) else list(words)

    def read(value: str) -> str:
        if value not in known:
            raise InvalidInput(f"expected one of {', '.join(known)}, got {value!r}")
        return value

    return Parameter(name=key, about=about, schema={"type": "string", "enum": known}, read=read)


def whole_number(key: str, about: str, *, least: int, most: int, default: int | None = None) -> Parameter:
    """One that takes a whole number from ``least`` to ``most``."""

    def read(value: str) -> int:
        # int() takes more than digits, and more of them than anybody should make it read.
        if not (value.isascii() and value.isdigit() and len(value) <= 19 and least <= int(value) <= most):
            raise InvalidInput(f"expected a whole number from {least} to {most}, got {value[:40]!r}")
        return int(value)

    schema: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most}
    if default is not None:
        schema["default"] = default
    return Parameter(name=key, about=about, schema=schema, read=read, default=default)


def switch(key: str, about: str) -> Parameter:
    """One that is ``true`` or ``false``, and false where it is not given."""

    def read(value: str) -> bool:
        if value not in ("true", "false"):
            raise InvalidInput(f"expected true or false, got {value!r}")
        return value == "true"

    return Parameter(name=key, about=about, schema={"type": "boolean", "default": False}, read=read, default=False)


def phase(words: type[NodePhase | PodPhase]) -> Parameter:
    return choice("phase", "Only those in this phase.", words)


def milliseconds(value: object, most_s: int = GRACE_S_MAX) -> int | None:
    """A span of time that was given in seconds, in milliseconds; ``None`` for ``None``.

    :raises InvalidInput: it is none.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most_s:
        raise InvalidInput(f"expected a number of seconds from 0 to {most_s}, got {value!r}")
    return round(value * 1000)


def _read_grace(value: str) -> int | None:
    if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value, re.ASCII) is None:
        raise InvalidInput(f"expected a number of seconds from 0 to {GRACE_S_MAX}, got {value[:40]!r}")
    return milliseconds(float(value))


def _not_a_name(value: str) -> str:
    return (
        f"expected at most {NAME_LENGTH_MAX} lower-case letters, digits, '-' and '.', with a letter or digit at each "
        f"end of a part, got {value[:NAME_LENGTH_MAX]!r}"
    )


LIMIT = whole_number("limit", "At most so many; the answer says how to go on.", least=1, most=PAGE_MAX)

CONTINUE = Parameter(
    name="continue",
    about="Go on behind the page that gave this as `metadata.continue`.",
    schema={"type": "string", "minLength": 1, "maxLength": 64},
    read=parse_continue,
    default=-1,
)

LABEL_SELECTOR = Parameter(
    name="labelSelector",
    about="Only those whose labels meet this, in Kubernetes's words: `app=web,tier!=db,zone in (a,b),!old`.",
    schema={"type": "string", "maxLength": 4096},
    read=parse_selector,
)

GRACE = Parameter(
    name="gracePeriodSeconds",
    about="How long it gets to end; as long as it says itself where this is not given.",
    schema={"type": "number", "minimum": 0, "maximum": GRACE_S_MAX},
    read=_read_grace,
)
