from __future__ import annotations

import logging

import pytest
from flask import Flask, abort
from werkzeug.exceptions import HTTPException

from kube9.api.errors import STATUSES, error_reply, http_reply, problem_document, unexpected_reply
from kube9.core import errors


def subclasses(kind):
    """Of kube9 itself: tests and plugins have errors of their own."""
    found = {kind}
    for below in kind.__subclasses__():
        found |= subclasses(below)
    return {each for each in found if each.__module__.startswith("kube9.")}


def test_every_error_has_its_own_status():
    assert subclasses(errors.Kube9Error) == set(STATUSES)


def test_problems_of_different_titles_can_be_told_apart_by_type():
    types = {problem_document(kind("x"))["type"] for kind in (errors.Conflict, errors.UnknownName, errors.Overloaded)}
    assert len(types) == 3


def test_a_class_of_a_plugins_own_counts_as_the_nearest_of_ours():
    class Broken(errors.SchedulerError):
        pass

    assert problem_document(Broken("it broke"))["title"] == "Scheduler failed"


@pytest.mark.parametrize(
    "error,status",
    [
        (errors.StoreUnavailable("away"), 503),
        (errors.Overloaded("full"), 503),
        (errors.NotRunning("ending"), 503),
        (errors.StoreLocked("taken"), 503),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_passes_says_when_to_try_again(error, status):
    answer = error_reply(error)
    assert answer.status_code == status
    assert int(answer.headers["Retry-After"]) > 0


def test_all_problems_are_told_at_once():
    problems = [errors.Problem("spec.a", "is wrong"), errors.Problem("", "is odd")]
    told = problem_document(errors.ManifestError(problems))
    assert told["status"] == 400
    assert told["problems"] == [{"path": "spec.a", "message": "is wrong"}, {"path": "", "message": "is odd"}]
    assert told["detail"] == "2 things in the request cannot be used"


@pytest.mark.parametrize(
    "error",
    [
        errors.InvariantViolation("n1 holds 3 of 2"),
        errors.StoreError("postgresql://user:word@host"),
        errors.FileError("/etc/secret", "odd"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_ours_alone_is_logged_and_not_told(error, caplog):
    with caplog.at_level(logging.ERROR, "kube9.api.errors"):
        answer = error_reply(error)
    assert answer.status_code == 500
    assert str(error) not in answer.get_data(as_text=True)
    assert str(error) in caplog.text


def test_an_unknown_and_a_misused_token_are_different_things():
    unknown = error_reply(errors.AccessDenied("who?"))
    misused = error_reply(errors.AccessDenied("not yours", known=True))
    assert (unknown.status_code, misused.status_code) == (401, 403)
    assert unknown.headers["WWW-Authenticate"] == 'Bearer realm="kube9"'
    assert "WWW-Authenticate" not in misused.headers


@pytest.mark.parametrize("code", [400, 404, 405, 413, 415, 429])
def test_what_flask_refuses_is_a_problem_document(code):
    with Flask("test").test_request_context(), pytest.raises(HTTPException) as refused:
        abort(code)
    answer = http_reply(refused.value)
    assert answer.status_code == code
    assert answer.content_type == "application/problem+json"


def test_a_bug_is_logged_with_its_story_and_told_without(caplog):
    with caplog.at_level(logging.ERROR, "kube9.api.errors"):
        answer = unexpected_reply(ZeroDivisionError("the secret of the bug"))
    assert answer.status_code == 500
    assert "secret" not in answer.get_data(as_text=True)
    assert "the secret of the bug" in caplog.text
