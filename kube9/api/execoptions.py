"""What may be said of a command: how it is read, and its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from kube9.api.parameters import LABEL_LENGTH_MAX
from kube9.core.errors import ManifestError, Problem

__all__ = ["EXEC_FIELDS", "EXEC_OPTIONS", "SIZE_OPTIONS", "ExecOptions", "read_exec", "read_size"]

WORDS_MAX = 1_000
WORD_LENGTH_MAX = 131_072
SIDE_MAX = 10_000


def _side(about: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": SIDE_MAX, "description": about}


_SIZE = {"rows": _side("Of its terminal."), "columns": _side("Of its terminal.")}

#: Of the terminal of a command that runs.
SIZE_OPTIONS: dict[str, Any] = {
    "type": "object",
    "properties": _SIZE,
    "required": ["rows", "columns"],
    "additionalProperties": False,
}
EXEC_OPTIONS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "command": {
            "type": "array",
            "items": {"type": "string", "maxLength": WORD_LENGTH_MAX},
            "minItems": 1,
            "maxItems": WORDS_MAX,
            "description": "The program and its arguments. No shell reads it: name one if that is wanted.",
        },
        "container": {
            "type": "string",
            "maxLength": LABEL_LENGTH_MAX,
            "default": "",
            "description": "The only one, or the first that is no init container, where this is not given.",
        },
        "terminal": {
            "type": "boolean",
            "default": False,
            "description": "Give it a terminal; everything it writes is stdout then.",
        },
        **_SIZE,
    },
    "required": ["command"],
    "additionalProperties": False,
}
EXEC_FIELDS = tuple(EXEC_OPTIONS["properties"])


@frozen(kw_only=True)
class ExecOptions:
    """A command that somebody wants to have run."""

    command: tuple[str, ...]
    container: str
    terminal: bool
    #: Rows and columns; ``None`` for whatever a terminal has.
    size: tuple[int, int] | None


def read_exec(fields: Mapping[str, Any]) -> ExecOptions:
    """What was said.

    :raises ManifestError: some of it cannot be; all faults at once.
    """
    problems: list[Problem] = []
    command, container, terminal = fields.get("command"), fields.get("container", ""), fields.get("terminal", False)
    if not _is_command(command):
        problems.append(
            Problem("command", f"expected 1 to {WORDS_MAX} texts of at most {WORD_LENGTH_MAX} characters in a list")
        )
    if type(container) is not str or len(container) > LABEL_LENGTH_MAX:
        problems.append(Problem("container", f"expected the name of a container, got {str(container)[:100]!r}"))
    if type(terminal) is not bool:
        problems.append(Problem("terminal", f"expected true or false, got {str(terminal)[:100]!r}"))
    size = _size(fields, problems) if "rows" in fields or "columns" in fields else None
    if problems:
        raise ManifestError(problems)
    assert isinstance(command, list)
    return ExecOptions(command=tuple(command), container=container, terminal=terminal, size=size)


def read_size(fields: Mapping[str, Any]) -> tuple[int, int]:
    """Rows and columns.

    :raises ManifestError: they are none.
    """
    problems: list[Problem] = []
    size = _size(fields, problems)
    if problems:
        raise ManifestError(problems)
    return size


def _is_command(value: object) -> bool:
    return (
        type(value) is list
        and 1 <= len(value) <= WORDS_MAX
        and all(type(word) is str and len(word) <= WORD_LENGTH_MAX for word in value)
    )


def _size(fields: Mapping[str, Any], problems: list[Problem]) -> tuple[int, int]:
    sides = fields.get("rows"), fields.get("columns")
    for name, side in zip(("rows", "columns"), sides, strict=True):
        if type(side) is not int or not 1 <= side <= SIDE_MAX:
            problems.append(Problem(name, f"expected a whole number from 1 to {SIDE_MAX}, got {str(side)[:100]!r}"))
    return sides[0] or 0, sides[1] or 0
