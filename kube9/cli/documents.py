"""The option ``-f``, and where in which file the server found what is wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from kube9.core.errors import ApiError, InvalidInput, ManifestError, Problem

__all__ = ["Source", "files_option", "located", "optional_files_option", "read_documents", "source_of"]

F = TypeVar("F", bound=Callable[..., Any])

#: Where a document is from, for people, and what it says.
Source = tuple[str, Any]

_ITEM = re.compile(r"items\[(\d{1,9})\]", re.ASCII)


def files_option(function: F) -> F:
    """Give a command ``-f`` as ``files``, at least one."""
    return _files_option(function, required=True)


def optional_files_option(function: F) -> F:
    """The same, perhaps none."""
    return _files_option(function, required=False)


def _files_option(function: F, *, required: bool) -> F:
    return click.option(
        "-f",
        "--file",
        "files",
        multiple=True,
        required=required,
        metavar="FILE|DIR|-",
        help="A YAML or JSON file, a folder of them, or - for standard input; repeatable.",
    )(function)


def read_documents(files: Sequence[str]) -> list[Source]:
    """The documents in ``files``, unchecked.

    :raises InvalidInput: there are none, a file cannot be read, or is no YAML.
    """
    from kube9.manifest import documents_in

    documents = documents_in(files, sys.stdin)
    if not documents:
        raise InvalidInput(f"there is no document in {', '.join(files)}")
    return documents


@contextmanager
def located(documents: Sequence[Source]) -> Iterator[None]:
    """Say what the server finds wrong with the documents it was sent by the names of their files."""
    try:
        yield
    except ApiError as exc:
        if not any(_ITEM.match(problem.path) for problem in exc.problems):
            raise
        problems = [
            Problem(source_of(problem.path, documents), _with_sources(problem.message, documents))
            for problem in exc.problems
        ]
        raise ManifestError(problems) from exc


def _with_sources(message: str, documents: Sequence[Source]) -> str:
    """``message`` with the name of the file wherever another document is mentioned."""
    return re.sub(r"\(items\[\d{1,9}\]\)", lambda found: f"({source_of(found[0][1:-1], documents)})", message)


def source_of(text: str, documents: Sequence[Source]) -> str:
    """``text`` with the name of the file in place of ``items[3]`` at its beginning."""
    item = _ITEM.match(text)
    if item is None or int(item[1]) >= len(documents):
        return text
    rest = text[item.end() :].removeprefix(".").removeprefix(":").strip()
    source, _ = documents[int(item[1])]
    return f"{source}: {rest}" if rest else source
