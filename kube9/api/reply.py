"""Answers, made of documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response
from werkzeug.datastructures import Headers as _Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["SAFETY", "Headers", "JsonReply", "json_reply"]

JSON = "application/json"

#: Names and values of headers, some of which may come more than once.
Headers = Iterable[tuple[str, str]]

#: On every answer: it is what it says it is, and nobody else's to keep.
SAFETY = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))


class JsonReply(Response):
    """An answer whose headers are as they go out: Werkzeug's second look at them costs more than many a view."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> _Headers:  # noqa: ARG002
        return self.headers


def json_reply(document: Any, status: int = 200, headers: Headers = (), *, media_type: str = JSON) -> JsonReply:
    """An answer with ``document`` as its body.

    :param headers: ASCII, and more than one of a name where they say so.
    """
    body = orjson.dumps(document)
    told = [("Content-Type", media_type), ("Content-Length", str(len(body))), *SAFETY, *headers]
    return JsonReply(body, status, _Headers(told))
