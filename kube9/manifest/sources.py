"""Text, files and folders into documents, each with the words for where it is from; nothing in them is judged yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO, TypeVar

from kube9.core.errors import FileError, ManifestError, Problem
from kube9.manifest.yamltext import yaml_documents

__all__ = ["SUFFIXES", "Sourced", "documents_in", "documents_of"]

#: Where a document is from, for people, and what it says.
Sourced = tuple[str, dict[str, Any]]

#: What a folder is searched for.
SUFFIXES = (".yaml", ".yml", ".json")

STDIN = "-"

T = TypeVar("T")


def documents_of(text: str, source: str) -> list[Sourced]:
    """The documents of a YAML or JSON text, those in lists one by one.

    :param source: the name of the text, for people; a number is added where there are several documents.
    :raises ManifestError: the text cannot be read, or holds something that is no object.
    """
    try:
        values = [value for value in _values(text) if value is not None]
    except ManifestError as exc:
        raise ManifestError(exc.problems, source=source) from exc
    found: list[Sourced] = []
    problems: list[Problem] = []
    for number, value in enumerate(values, start=1):
        where = source if len(values) == 1 else f"{source}, document {number}"
        for place, item in _listed(where, value):
            if isinstance(item, dict):
                found.append((place, item))
            else:
                problems.append(Problem(place, f"expected an object, got {type(item).__name__}"))
    if problems:
        raise ManifestError(problems)
    return found


def documents_in(paths: Iterable[str], stdin: TextIO) -> list[Sourced]:
    """The documents of files and folders.

    :param paths: files; folders, whose YAML and JSON files are taken by name, those in folders below not; ``-``.
    :param stdin: what ``-`` stands for.
    :raises FileError: a file is not there or cannot be read.
    :raises ManifestError: some are no YAML or JSON; the problems of all of them.
    """
    found: list[Sourced] = []
    problems: list[Problem] = []
    for path in paths:
        for source, text in _texts(path, stdin):
            try:
                found += documents_of(text, source)
            except ManifestError as exc:
                problems += (Problem(_joined(exc.source, problem.path), problem.message) for problem in exc.problems)
    if problems:
        raise ManifestError(problems)
    return found


def _joined(source: str, path: str) -> str:
    return ": ".join(part for part in (source, path) if part)


def _texts(path: str, stdin: TextIO) -> Iterator[tuple[str, str]]:
    """The name and the text of each file that ``path`` stands for."""
    if path == STDIN:
        yield "standard input", _translated("standard input", stdin.read)
        return
    for file in _translated(path, lambda: _files(path)):
        yield str(file), _translated(str(file), partial(file.read_text, encoding="utf-8-sig"))


def _files(path: str) -> list[Path]:
    """The file itself, or those of a folder that are meant."""
    place = Path(path)
    if not place.is_dir():
        return [place]
    files = sorted(file for file in place.iterdir() if file.suffix in SUFFIXES and file.is_file())
    if not files:
        raise FileError(path, f"there is no file in this folder that ends in {', '.join(SUFFIXES)}")
    return files


def _translated(path: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except FileNotFoundError as exc:
        raise FileError(path, "there is no such file") from exc
    except UnicodeDecodeError as exc:
        raise FileError(path, f"expected UTF-8 text, got the byte 0x{exc.object[exc.start]:02x}") from exc
    except OSError as exc:
        raise FileError(path, f"cannot be read: {exc.strerror or exc}") from exc


def _values(text: str) -> Iterator[Any]:
    """What the text says; JSON is read as such, which is much faster, and all else as YAML."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            yield json.loads(text, object_pairs_hook=_object, parse_constant=_not_finite)
            return
        except (json.JSONDecodeError, RecursionError):
            pass  # YAML in flow style begins alike, and says more of what is wrong
        except ManifestError:
            raise
        except ValueError as exc:  # the only other: Python refuses to read numbers of thousands of digits
            raise ManifestError([Problem("", "expected numbers of at most 400 digits")]) from exc
    yield from yaml_documents(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ManifestError([Problem("", f"the key {twice[:60]!r} is there twice in one object")])
    return found


def _not_finite(word: str) -> Any:
    raise ManifestError([Problem("", f"expected a finite number, got {word}")])


def _listed(source: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The items of a ``List``; any other value itself."""
    kind = value.get("kind") if isinstance(value, dict) else None
    items = value.get("items") if isinstance(kind, str) and kind.endswith("List") else None
    if not isinstance(items, list):
        yield source, value
        return
    for index, item in enumerate(items):
        if isinstance(item, dict) and kind != "List":
            # Servers leave the items' own words out where the list's say it.
            defaults = {"apiVersion": value.get("apiVersion"), "kind": str(kind).removesuffix("List")}
            item = {**defaults, **item}  # noqa: PLW2901  (the item, in full)
        yield f"{source}, items[{index}]", item
