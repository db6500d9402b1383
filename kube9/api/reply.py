"""Answers, made of documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from werkzeug.wrappers import Response

__all__ = ["Headers", "json_reply"]

JSON = "application/json"

#: Names and values of headers, some of which may come more than once.
Headers = Iterable[tuple[str, str]]


def json_reply(document: Any, status: int = 200, headers: Headers = (), *, media_type: str = JSON) -> Response:
    """An answer with ``document`` as its body."""
    # `content_type`, not `mimetype`: the latter is taken apart and put together again for each answer.
    response = Response(orjson.dumps(document), status, content_type=media_type)
    if headers:
        response.headers.extend(headers)
    return response
