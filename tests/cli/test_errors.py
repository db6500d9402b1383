from __future__ import annotations

import pytest

from kube9.cli.errors import EXIT_CODES, FAILED, MISUSE, exit_code_of
from kube9.core import errors


def every_error():
    found = [errors.Kube9Error]
    for kind in found:
        found += [deeper for deeper in kind.__subclasses__() if deeper.__module__.startswith("kube9.")]
    return sorted(set(found), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", every_error())
def test_every_error_has_its_own_exit_code(kind):
    assert EXIT_CODES[kind] in (FAILED, MISUSE)


def test_no_entry_is_left_over():
    assert set(EXIT_CODES) == set(every_error())


@pytest.mark.parametrize(
    "error, code",
    [
        (errors.FileError("pods.csv", "no such column", line=3), 2),
        (errors.UnknownName("no such thing"), 2),
        (errors.SchedulerError("NaN"), 1),
        (errors.InvariantViolation("lost a pod"), 1),
        (errors.ManifestError([errors.Problem("spec", "is missing")]), 2),
        (errors.StoreLocked("in use"), 1),
        (errors.ServerUnreachable("no server"), 1),
        (errors.ApiError("bad request", status=400), 2),
        (errors.ApiError("no such pod", status=404), 2),
        (errors.ApiError("too large", status=413), 2),
        (errors.ApiError("unprocessable", status=422), 2),
        (errors.ApiError("who are you", status=401), 1),
        (errors.ApiError("taken", status=409), 1),
        (errors.ApiError("busy", status=503), 1),
        (errors.ApiError("bug", status=500), 1),
    ],
)
def test_what_the_user_gave_is_misuse_and_what_broke_has_failed(error, code):
    assert exit_code_of(error) == code


def test_an_error_of_a_plugins_own_counts_as_what_it_derives_from():
    class TooHot(errors.BackendError):
        pass

    class BadFormat(errors.FileError):
        pass

    assert exit_code_of(TooHot("41 degrees")) == FAILED
    assert exit_code_of(BadFormat("pods.csv", "no such column")) == MISUSE
