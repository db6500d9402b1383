"""Between granian's worker and a WSGI application: one call for each request."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from flask import Response

from kube9.api.later import CAN_WAIT, Answerer, Later

__all__ = ["Gateway"]

_Headers = list[tuple[str, str]]

#: For granian would say its own name.
_SERVER = ("Server", "kube9")


class _Request(Protocol):
    """What the worker takes an answer through."""

    def response_bytes(self, status: int, headers: _Headers, body: bytes) -> None: ...

    def response_iter(self, status: int, headers: _Headers, body: Iterator[bytes]) -> None: ...


class Gateway:
    """What the worker calls, in one of its threads, for each request.

    Unlike granian's own it puts nothing of this process's environment beside the request's headers, and gives an answer
    whose length is known as a whole, which takes half the time. One that is not known yet it leaves to its answerer.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self.answerer = Answerer(_send)
        self._environ = {
            CAN_WAIT: True,
            "SCRIPT_NAME": "",
            "SERVER_SOFTWARE": "kube9",
            "wsgi.errors": sys.stderr,
            # A body ends where it ends, whatever its length was said to be.
            "wsgi.input_terminated": True,
            "wsgi.multiprocess": False,
            "wsgi.multithread": True,
            "wsgi.run_once": False,
            "wsgi.version": (1, 0),
        }

    def __call__(self, request: _Request, scope: dict[str, Any]) -> None:
        status = 500
        headers: _Headers = []

        def start_response(line: str, given: _Headers, exc_info: object = None) -> None:  # noqa: ARG001
            nonlocal status, headers
            status, headers = int(line[:3]), [*given, _SERVER]

        body = self._app(self._environ | scope, start_response)
        if isinstance(body, Later):
            self.answerer.take(request, body)
        elif any(name == "Content-Length" for name, _ in headers) or status in (204, 304):
            request.response_bytes(status, headers, _whole(body))
        else:
            request.response_iter(status, headers, _Parts(body))


def _send(request: _Request, response: Response) -> None:
    """Give an answer that came later, which is always one whose length is known."""
    request.response_bytes(response.status_code, [*response.headers, _SERVER], response.get_data())


def _whole(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        _close(body)


class _Parts:
    """The parts of an answer as they come. The worker closes it when it is over, or nobody is there any more."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body
        self._parts = iter(body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        _close(self._body)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()
