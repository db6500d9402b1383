"""The little that a command in memory can do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["Size", "Spoken", "run_command", "run_script"]

STDOUT, STDERR = 1, 2

_BETWEEN = re.compile(r"[;\n]")
_TO_STDERR = ">&2"
#: What a shell ends with that cannot read its script.
_NONSENSE = 2


class Size(NamedTuple):
    """Of a terminal."""

    rows: int = 24
    columns: int = 80


class Spoken(NamedTuple):
    """What came of one command."""

    #: What it wrote, and whether to stdout or stderr.
    stream: int
    text: str
    code: int = 0
    #: Nothing is to be run after it.
    last: bool = False


def run_script(script: str, size: Size | None) -> Iterator[Spoken]:
    """Run the commands of ``script``, which ``;`` and the ends of lines part."""
    for statement in _BETWEEN.split(script):
        try:
            words = shlex.split(statement)
        except ValueError as exc:
            yield Spoken(STDERR, f"sh: {exc}: {statement.strip()}\n", _NONSENSE, last=True)
            return
        if words:
            said = run_command(words, size)
            yield said
            if said.last:
                return


def run_command(words: Sequence[str], size: Size | None) -> Spoken:
    """Run one command; any that is not known does no more than say what it is.

    :param size: of its terminal; ``None`` where it has none.
    """
    stream = STDERR if words[-1] == _TO_STDERR else STDOUT
    name, *given = words[:-1] if stream == STDERR else words
    if name == "echo":
        return Spoken(stream, " ".join(given) + "\n")
    if name in ("true", "false"):
        return Spoken(stream, "", int(name == "false"))
    if name == "exit":
        return Spoken(stream, "", _code(given), last=True)
    if [name, *given] == ["stty", "size"]:
        if size is None:
            return Spoken(STDERR, "stty: standard input is no terminal\n", 1)
        return Spoken(stream, f"{size.rows} {size.columns}\n")
    return Spoken(stream, shlex.join([name, *given]) + "\n")


def _code(given: Sequence[str]) -> int:
    text = given[0] if given else "0"
    return int(text) % 256 if text.isascii() and text.isdigit() else _NONSENSE
