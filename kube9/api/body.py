"""Request bodies: JSON, within limits, before anybody looks at what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from kube9.api.limits import Limits
from kube9.core.errors import ManifestError, Problem

__all__ = ["LIST_VERSIONS", "has_any", "items_of", "read_bytes", "read_fields", "read_json", "read_object"]

#: What a list may say of itself: Kubernetes's own lists, and ours.
LIST_VERSIONS = ("v1", "kube9/v1")

BYTES_TYPE = "application/octet-stream"


def read_json(request: Request, limits: Limits) -> Any:
    """What the body of ``request`` says.

    :raises UnsupportedMediaType: it is not said to be JSON.
    :raises RequestEntityTooLarge: it is too long.
    :raises ManifestError: it is none, or goes past another limit.
    """
    media_type = request.environ.get("CONTENT_TYPE", "")
    if not _is_json(media_type):
        raise UnsupportedMediaType(
            f"the body must be JSON: send the header 'Content-Type: application/json', got {media_type[:100]!r}"
        )
    body = _read(request, limits)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise ManifestError([Problem("", f"the body is no JSON: {exc}")]) from exc
    _check(body, document, limits)
    return document


def read_bytes(request: Request, limits: Limits) -> bytes:
    """The body as it is; empty where there is none.

    :raises UnsupportedMediaType: it is said to be something else than bytes.
    :raises RequestEntityTooLarge: it is too long.
    """
    if not has_any(request):
        return b""
    media_type = request.environ.get("CONTENT_TYPE", "")
    if media_type.partition(";")[0].strip().lower() != BYTES_TYPE:
        raise UnsupportedMediaType(
            f"the body must be bytes: send the header 'Content-Type: {BYTES_TYPE}', got {media_type[:100]!r}"
        )
    return _read(request, limits)


def _read(request: Request, limits: Limits) -> bytes:
    """The whole body.

    From a web server that says where a body ends it is read as it comes. The streams that Werkzeug would put around it
    take a tenth of the time of a small request.
    """
    length = request.content_length
    if length is not None and length > limits.body_bytes:
        raise RequestEntityTooLarge
    if not request.environ.get("wsgi.input_terminated"):
        return request.get_data(cache=False)
    read, parts, left = request.environ["wsgi.input"].read, [], limits.body_bytes + 1
    while left > 0 and (part := read(left)):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise RequestEntityTooLarge
    return b"".join(parts)


def read_object(request: Request, limits: Limits) -> dict[str, Any]:
    """The same where it must be an object."""
    document = read_json(request, limits)
    if not isinstance(document, dict):
        raise ManifestError([Problem("", f"expected an object, got {_kind(document)}")])
    return document


def read_fields(request: Request, limits: Limits, *known: str) -> dict[str, Any]:
    """The fields of a body that may be missing or empty, and may have no others than those ``known``.

    :raises ManifestError: it has.
    """
    if not has_any(request):
        return {}
    document = read_object(request, limits)
    if problems := _unknown(document, known):
        raise ManifestError(problems)
    return document


def has_any(request: Request) -> bool:
    """Whether there is a body at all."""
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


def items_of(document: dict[str, Any], limits: Limits, *kinds: str, also: tuple[str, ...] = ()) -> list[Any]:
    """The documents in a list document.

    :param kinds: what it may say that it is, if it says anything.
    :param also: fields that it may have beside those of a list.
    :raises ManifestError: it is no such list, or has too many of them.
    """
    problems = []
    kind, items = document.get("kind", kinds[0]), document.get("items")
    if (version := document.get("apiVersion", LIST_VERSIONS[0])) not in LIST_VERSIONS:
        problems.append(Problem("apiVersion", f"expected {' or '.join(LIST_VERSIONS)}, got {str(version)[:100]!r}"))
    if not isinstance(document.get("metadata", {}), dict):
        problems.append(Problem("metadata", f"expected an object, got {_kind(document['metadata'])}"))
    if kind not in kinds:
        problems.append(Problem("kind", f"expected {' or '.join(kinds)}, got {str(kind)[:100]!r}"))
    if not isinstance(items, list):
        problems.append(Problem("items", f"expected a list of documents, got {_kind(items)}"))
    elif len(items) > limits.items:
        problems.append(Problem("items", f"expected at most {limits.items} documents at a time, got {len(items)}"))
    known = ("apiVersion", "kind", "metadata", "items", *also)
    problems += _unknown(document, known)
    if problems:
        raise ManifestError(problems)
    assert isinstance(items, list)
    return items


def _unknown(document: dict[str, Any], known: tuple[str, ...]) -> list[Problem]:
    there = ", ".join(known)
    return [Problem(key[:100], f"unknown field; expected {there}") for key in document if key not in known]


def _is_json(media_type: str) -> bool:
    if media_type == "application/json":
        return True
    main = media_type.partition(";")[0].strip().lower()
    return main == "application/json" or (main.startswith("application/") and main.endswith("+json"))


def _check(body: bytes, document: Any, limits: Limits) -> None:
    # Counting brackets takes a microsecond. A body with so few cannot be too deep; any other is looked at whole.
    if body.count(b"{") + body.count(b"[") > limits.depth and _is_deeper(document, limits.depth):
        raise ManifestError([Problem("", f"lists and objects are more than {limits.depth} deep within each other")])
    # PostgreSQL keeps no such text, and nobody means it.
    if b"\\u0000" in body and any(isinstance(value, str) and "\0" in value for value in _walk(document)):
        raise ManifestError([Problem("", "a text has the character U+0000 in it, which cannot be kept")])


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether more than ``depth`` lists and objects are within each other."""
    if type(value) is dict:
        value = value.values()
    elif type(value) is not list:
        return False
    if depth == 0:
        return True
    for inner in value:  # a list of ten thousand pods has many more texts than objects
        kind = type(inner)
        if (kind is dict or kind is list) and _is_deeper(inner, depth - 1):
            return True
    return False


def _walk(document: Any) -> Iterator[Any]:
    """Every key and value."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting += value.keys()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    return {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}.get(type(value), "a number")
