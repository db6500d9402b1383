"""Which exit code an error ends the program with: 1 for what failed, 2 for misuse and invalid input."""

from __future__ import annotations

from collections.abc import Mapping

from kube9.core import errors

__all__ = ["EXIT_CODES", "FAILED", "INTERRUPTED", "MISUSE", "exit_code_of"]

FAILED = 1
MISUSE = 2
#: As a shell has it for a program that Ctrl-C ended.
INTERRUPTED = 130

#: Every error of kube9 has its own entry.
EXIT_CODES: Mapping[type[errors.Kube9Error], int] = {
    errors.Kube9Error: FAILED,
    errors.InvalidInput: MISUSE,
    errors.QuantityError: MISUSE,
    errors.FileError: MISUSE,
    errors.ManifestError: MISUSE,
    errors.DuplicateName: MISUSE,
    errors.Conflict: FAILED,
    errors.UnknownName: MISUSE,
    errors.PluginError: FAILED,
    errors.SchedulerError: FAILED,
    errors.FilterError: FAILED,
    errors.BackendError: FAILED,
    errors.NodeGone: FAILED,
    errors.NodeDown: FAILED,
    errors.StoreError: FAILED,
    errors.StoreUnavailable: FAILED,
    errors.StoreLocked: FAILED,
    errors.Overloaded: FAILED,
    errors.NotRunning: FAILED,
    errors.AccessDenied: FAILED,
    errors.ApiError: FAILED,
    errors.ServerUnreachable: FAILED,
    errors.MissingExtra: FAILED,
    errors.InvariantViolation: FAILED,
}

#: What a server answers where the request itself cannot be right: it is no use to send it again. A name that is taken
#: and a thing in the wrong state share 409; there the same request may well succeed later.
_MISUSE_STATUSES = frozenset({400, 404, 405, 411, 413, 414, 415, 422})


def exit_code_of(error: errors.Kube9Error) -> int:
    """The code for ``error``; a class of a plugin's own counts as the nearest of ours that it derives from.

    What a server refused counts by its HTTP status.
    """
    if isinstance(error, errors.ApiError) and error.status in _MISUSE_STATUSES:
        return MISUSE
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)
