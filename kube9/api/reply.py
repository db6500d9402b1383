"""Answers, made of documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from werkzeug.wrappers import Response

__all__ = ["json_bytes", "json_reply"]

JSON = "application/json"


def json_bytes(document: Any) -> bytes:
    """``document`` as JSON. Enumerations are their words, and tuples lists."""
    return orjson.dumps(document)


def json_reply(
    document: Any, status: int = 200, *, headers: Mapping[str, str] | None = None, media_type: str = JSON
) -> Response:
    """An answer with ``document`` as its body."""
    # `content_type`, not `mimetype`: the latter is parsed again for each answer.
    response = Response(orjson.dumps(document), status, content_type=media_type)
    if headers:
        response.headers.extend(headers)
    return response
