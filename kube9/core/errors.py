"""Every error kube9 raises on purpose.

::

    Kube9Error
    |-- InvalidInput            what the user gave cannot be used; the message says where and why
    |   |-- QuantityError       a resource quantity that cannot be read
    |   |-- FileError           a trace, node or fault file; carries file, line and column
    |   `-- ManifestError       a manifest or request body; carries every problem in it with its path
    |-- DuplicateName           the name is taken already
    |-- Conflict                the thing is in no state for what is asked
    |-- UnknownName             no such thing; lists what there is and suggests the nearest
    |-- PluginError             a plugin broke its contract
    |   |-- SchedulerError      a scheduler raised, or returned scores that cannot be used
    |   `-- FilterError         a filter raised, or returned a mask that cannot be used
    |-- BackendError            a backend could not do what it was told
    |   `-- NodeGone            the backend does not know that node, or it is down
    |       `-- NodeDown        it knows it, and made sure that nothing of it runs
    |-- StoreError              the database cannot be used; the message says what to do
    |   |-- StoreUnavailable    it does not answer, or is full; worth trying again later
    |   `-- StoreLocked         another server works on it
    |-- Overloaded              more waits than the control plane will take on; worth trying again later
    |-- NotRunning              the control plane is shutting down or has stopped
    |-- AccessDenied            the token is missing, unknown, or not meant for that
    |-- ApiError                the server refused; carries the problem document
    |   `-- ServerUnreachable   no server answered
    |-- MissingExtra            an optional dependency is not installed
    `-- InvariantViolation      a bug in kube9 itself; carries the story of how it came about

The core knows nothing of exit codes or HTTP; the surfaces map these classes to their own numbers.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

__all__ = [
    "AccessDenied",
    "ApiError",
    "BackendError",
    "Conflict",
    "DuplicateName",
    "FileError",
    "FilterError",
    "InvalidInput",
    "InvariantViolation",
    "Kube9Error",
    "ManifestError",
    "MissingExtra",
    "NodeDown",
    "NodeGone",
    "NotRunning",
    "Overloaded",
    "PluginError",
    "Problem",
    "QuantityError",
    "SchedulerError",
    "ServerUnreachable",
    "StoreError",
    "StoreLocked",
    "StoreUnavailable",
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


class Problem(NamedTuple):
    """One thing that is wrong in what a user wrote."""

    #: Where, as the user wrote it: ``spec.containers[0].image``; empty for the whole.
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ManifestError(InvalidInput):
    """A manifest or a request body that cannot be used.

    :param problems: everything that is wrong with it, at least one.
    :param source: the file or document it is about, for people; empty where that is plain.
    """

    def __init__(self, problems: Iterable[Problem], *, source: str = "") -> None:
        self.problems, self.source = tuple(problems), source
        lines = [f"{source}: {problem}" if source else str(problem) for problem in self.problems]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_manifest_error, (self.problems, self.source)


def _rebuild_manifest_error(problems: tuple[Problem, ...], source: str) -> ManifestError:
    return ManifestError(problems, source=source)


class DuplicateName(Kube9Error):
    """A name that must be unique is taken already."""


class Conflict(Kube9Error):
    """The thing is there, but in no state for what is asked of it."""


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
    """A plugin broke its contract; the message names it.

    :param pod_name: of the pod that it did so for, if it was one.
    """

    def __init__(self, message: str, pod_name: str = "") -> None:
        #: What may be told to every pod of a shape, for it names none of them.
        self.message = message
        super().__init__(f"pod {pod_name!r}: {message}" if pod_name else message)


class SchedulerError(PluginError):
    """A scheduler raised, or returned something that is not one finite score per node."""


class FilterError(PluginError):
    """A filter raised, or returned something that is not one truth value per node."""


class BackendError(Kube9Error):
    """A backend could not carry out an instruction."""


class NodeGone(BackendError):
    """The backend does not know the node, or the node is down."""


class NodeDown(NodeGone):
    """The node is known and down: nothing of it runs, of which its backend has made sure, and it may be restarted."""


class StoreError(Kube9Error):
    """The database cannot be used."""


class StoreUnavailable(StoreError):
    """The database does not answer, or has no room; nothing was acknowledged, and it is worth trying again."""


class StoreLocked(StoreError):
    """Another server works on the same database."""


class Overloaded(Kube9Error):
    """More is waiting than the control plane will take on; it is worth trying again."""


class NotRunning(Kube9Error):
    """The control plane is shutting down or has stopped."""


class AccessDenied(Kube9Error):
    """The token is missing, unknown, or not meant for that.

    :param known: whether the token is one of ours, and only not meant for what it was used for.
    """

    def __init__(self, message: str, *, known: bool = False) -> None:
        self.known = known
        super().__init__(message)


class ApiError(Kube9Error):
    """The server refused a request.

    :param status: of HTTP.
    :param problems: each thing that is wrong, where the server told.
    :param retry_after_s: when to try again, where the server told.
    """

    def __init__(
        self, message: str, *, status: int = 0, problems: Iterable[Problem] = (), retry_after_s: float | None = None
    ) -> None:
        self.status, self.problems, self.retry_after_s = status, tuple(problems), retry_after_s
        super().__init__(message)


class ServerUnreachable(ApiError):
    """No server answered; the message says where it was looked for."""


class MissingExtra(Kube9Error):
    """An optional dependency is needed; the message says how to install it."""


class InvariantViolation(Kube9Error, AssertionError):
    """The cluster's state contradicts itself: a bug in kube9, never the user's fault."""
