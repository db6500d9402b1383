"""Which status an error is answered with, and the RFC 9457 document that tells of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import Response
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from kube9.api.reply import Headers, json_reply
from kube9.core import errors

__all__ = ["STATUSES", "Status", "error_reply", "http_reply", "problem_document", "status_of", "unexpected_reply"]

_log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"


class Status(NamedTuple):
    """How an error is answered."""

    code: int
    #: The same for each error of the kind; `type` is made of it.
    title: str
    #: When it is worth trying again; ``None`` where that changes nothing.
    retry_after_s: int | None = None
    #: Whether the message is meant for whoever asked. What only the log should say is answered by the title alone.
    told: bool = True


#: Every error of kube9 has its own entry.
STATUSES: Mapping[type[errors.Kube9Error], Status] = {
    errors.Kube9Error: Status(500, "Internal error", told=False),
    errors.InvalidInput: Status(400, "Invalid input"),
    errors.QuantityError: Status(400, "Invalid quantity"),
    # A file is the server's own, and its path is nobody else's business.
    errors.FileError: Status(500, "Unusable file", told=False),
    errors.ManifestError: Status(400, "Invalid request"),
    errors.DuplicateName: Status(409, "Name taken"),
    errors.Conflict: Status(409, "Conflict"),
    errors.UnknownName: Status(404, "Unknown name"),
    errors.PluginError: Status(500, "Plugin failed"),
    errors.SchedulerError: Status(500, "Scheduler failed"),
    errors.FilterError: Status(500, "Filter failed"),
    errors.BackendError: Status(502, "Backend failed"),
    errors.NodeGone: Status(502, "Node out of reach"),
    errors.NodeDown: Status(502, "Node down"),
    errors.StoreError: Status(500, "Database unusable", told=False),
    errors.StoreUnavailable: Status(503, "Database away", retry_after_s=2),
    errors.StoreLocked: Status(503, "Database taken", retry_after_s=10),
    errors.Overloaded: Status(503, "Overloaded", retry_after_s=1),
    errors.NotRunning: Status(503, "Not running", retry_after_s=5),
    errors.AccessDenied: Status(401, "Access denied"),
    # What clients raise; a server has no cause to.
    errors.ApiError: Status(502, "Other server refused"),
    errors.ServerUnreachable: Status(502, "Other server out of reach"),
    errors.MissingExtra: Status(500, "Missing package"),
    # Its message is the story of a bug, names and all: for the log.
    errors.InvariantViolation: Status(500, "Internal error", told=False),
}

_UNTOLD = "something is wrong in the server; its log says what"


def status_of(error: errors.Kube9Error) -> Status:
    """How ``error`` is answered; a class of a plugin's own counts as the nearest of ours that it derives from."""
    if isinstance(error, errors.AccessDenied) and error.known:
        return Status(403, "Not allowed")
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def problem_document(error: errors.Kube9Error) -> dict[str, Any]:
    """The problem document of ``error``."""
    status = status_of(error)
    problems = error.problems if isinstance(error, (errors.ManifestError, errors.ApiError)) else ()
    detail = str(error) if len(problems) < 2 else f"{len(problems)} things in the request cannot be used"
    return _document(status.code, status.title, detail if status.told else _UNTOLD, problems)


def error_reply(error: errors.Kube9Error) -> Response:
    """The answer that says what ``error`` says."""
    status = status_of(error)
    if status.code in (500, 502):
        # A story with its stack is wanted where it is our own fault, and a line is enough where it is a plugin's.
        _log.error("request failed status=%d error=%s: %s", status.code, type(error).__name__, error, exc_info=error)
    headers = []
    if status.retry_after_s is not None:
        headers.append(("Retry-After", str(status.retry_after_s)))
    if status.code == HTTPStatus.UNAUTHORIZED:
        headers.append(("WWW-Authenticate", 'Bearer realm="kube9"'))
    return _reply(problem_document(error), headers)


def http_reply(error: HTTPException) -> BaseResponse:
    """The answer to what Flask or Werkzeug refused: no such path, a method it has not, a body too large."""
    if error.code is None or error.code < 400:  # a redirect is no error
        return error.get_response()
    detail = _DETAILS.get(error.code) or error.description or error.name
    headers = [(name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After")]
    return _reply(_document(error.code, error.name, detail), headers)


def unexpected_reply(error: Exception) -> Response:
    """The answer to a bug of ours: nothing of it is told, and all of it logged."""
    _log.error("request failed status=500 error=%s", type(error).__name__, exc_info=error)
    return _reply(_document(500, "Internal error", _UNTOLD))


#: Said in our own words.
_DETAILS = {
    404: "there is nothing at this path; /openapi.json lists what there is",
    405: "there is no such method for this path; the header Allow lists those there are",
    413: "the body is too large for this server; send fewer documents at a time",
}


def _document(code: int, title: str, detail: str, problems: Iterable[errors.Problem] = ()) -> dict[str, Any]:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower())
    document: dict[str, Any] = {"type": f"urn:kube9:problem:{slug}", "title": title, "status": code, "detail": detail}
    found = [{"path": problem.path, "message": problem.message} for problem in problems]
    if found:
        document["problems"] = found
    return document


def _reply(document: Mapping[str, Any], headers: Headers = ()) -> Response:
    return json_reply(document, document["status"], headers, media_type=PROBLEM_JSON)
