"""One connection to the server: a request, and its answer or the want of one."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen

__all__ = ["Answer", "Connection", "Unanswered"]

#: Longer than a server may take for anything; whoever is killed breaks the connection, and nobody waits this long.
_TIMEOUT_S = 60.0


class Unanswered(Exception):
    """No answer came, or half of one: the server may have done what it was asked, or not."""


@frozen(kw_only=True)
class Answer:
    status: int
    #: How long to wait before asking again, where the server said so.
    retry_after_s: float | None
    document: Any

    @property
    def done(self) -> bool:
        return 200 <= self.status < 300

    @property
    def later(self) -> bool:
        """It was not acknowledged, and is worth asking again; it may come true all the same."""
        return self.status in (429, 503)

    def __str__(self) -> str:
        return f"{self.status} {json.dumps(self.document)[:500]}"


@define(eq=False)
class Connection:
    """Kept open between requests. For one thread."""

    port: int
    token: str
    _http: http.client.HTTPConnection | None = field(default=None, init=False)

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """:raises Unanswered:"""
        if self._http is None:
            self._http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
        text = None if body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        try:
            self._http.request(method, path, text, given)
            response = self._http.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as exc:
            self.close()
            raise Unanswered(str(exc)) from exc
        if response.will_close:
            self.close()
        return Answer(
            status=response.status,
            retry_after_s=_seconds(response.headers.get("Retry-After")),
            document=_document(content),
        )

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdigit() else None


def _document(content: bytes) -> Any:
    """What is no JSON is shown as it is; whoever asked will not find in it what was promised."""
    try:
        return json.loads(content) if content else None
    except ValueError:
        return content.decode(errors="replace")
