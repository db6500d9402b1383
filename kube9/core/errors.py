"""Every error kube9 raises on purpose.

::

    Kube9Error
    |-- InvalidInput            what the user gave cannot be used; the message says where and why
    |   |-- QuantityError       a resource quantity that cannot be read
    |   `-- FileError           a trace, node or fault file; carries file, line and column
    |-- DuplicateName           the name is taken already
    |-- UnknownName             no such thing; lists what there is and suggests the nearest
    |-- PluginError             a plugin broke its contract
    |   |-- SchedulerError      a scheduler raised, or returned scores that cannot be used
    |   `-- FilterError         a filter raised, or returned a mask that cannot be used
    |-- BackendError            a backend could not do what it was told
    |   `-- NodeGone            the backend does not know that node, or it is down
    |-- MissingExtra            an optional dependency is not installed
    `-- InvariantViolation      a bug in kube9 itself; carries the story of how it came about

The core knows nothing of exit codes or HTTP; the surfaces map these classes to their own numbers.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BackendError",
    "DuplicateName",
    "FileError",
    "FilterError",
    "InvalidInput",
    "InvariantViolation",
    "Kube9Error",
    "MissingExtra",
    "NodeGone",
    "PluginError",
    "QuantityError",
    "SchedulerError",
    "UnknownName",
]


class Kube9Error(Exception):
    """The root of everything kube9 raises on purpose."""


class InvalidInput(Kube9Error, ValueError):
    """Something the user gave cannot be used."""


class QuantityError(InvalidInput):
    """A quantity such as ``500m`` or ``8Gi`` that cannot be read."""


class FileError(InvalidInput):
    """A file that cannot be used.

    :param path: the file, as the user named it.
    :param problem: what is wrong and what was expected.
    :param line: 1-based line, where it is known.
    :param column: the name of the column or field, where there is one.
    """

    def __init__(self, path: str, problem: str, *, line: int | None = None, column: str | None = None) -> None:
        self.path, self.problem, self.line, self.column = path, problem, line, column
        where = path if line is None else f"{path}:{line}"
        if column is not None:
            where = f"{where}, column {column!r}"
        super().__init__(f"{where}: {problem}")

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process boundaries in a sweep; the default would call __init__ with the message alone.
        return _rebuild_file_error, (self.path, self.problem, self.line, self.column)


def _rebuild_file_error(path: str, problem: str, line: int | None, column: str | None) -> FileError:
    return FileError(path, problem, line=line, column=column)


class DuplicateName(Kube9Error):
    """A name that must be unique is taken already."""


class UnknownName(Kube9Error, LookupError):
    """No such thing under that name."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> UnknownName:
        """Make the error that lists ``known`` and suggests the name nearest to ``name``."""
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        there = f"installed: {', '.join(names)}" if names else "none is installed"
        return cls(f"there is no {kind} {name!r}; {there}.{hint}")


class PluginError(Kube9Error):
    """A plugin broke its contract; the message names it."""


class SchedulerError(PluginError):
    """A scheduler raised, or returned something that is not one finite score per node."""


class FilterError(PluginError):
    """A filter raised, or returned something that is not one truth value per node."""


class BackendError(Kube9Error):
    """A backend could not carry out an instruction."""


class NodeGone(BackendError):
    """The backend does not know the node, or the node is down."""


class MissingExtra(Kube9Error):
    """An optional dependency is needed; the message says how to install it."""


class InvariantViolation(Kube9Error, AssertionError):
    """The cluster's state contradicts itself: a bug in kube9, never the user's fault."""
