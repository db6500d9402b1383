"""Answers that are not known yet, for which no thread of the web server has to wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from flask import Response

from kube9.api.errors import error_reply, unexpected_reply
from kube9.core.errors import Kube9Error

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from kube9.controlplane import Request

__all__ = ["CAN_WAIT", "Answerer", "Later"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

#: In a request's environment: whoever called takes a :class:`Later` instead of its answer.
CAN_WAIT = "kube9.can_wait"


class Later(Response, Generic[T]):
    """What a view returns instead of waiting for the control plane.

    Hundreds of requests wait for one commit, and each thread that waits for its own is two switches of threads, which
    took more time than all the work. The web server takes such an answer as it is and has an :class:`Answerer` send it;
    for any other caller of WSGI, this waits.

    :param wanted: what the control plane was asked for.
    :param reply: makes the answer of what it says; what it raises is answered like an error of the view.
    """

    def __init__(self, wanted: Request[T], reply: Callable[[T], Response]) -> None:
        # What a response begins with is not wanted here: it has no headers and no body.
        self.wanted = wanted
        self._reply = reply
        #: Told of the answer when it is known.
        self.watch: Callable[[Response], object] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        if CAN_WAIT in environ:
            return self
        return self._answer(self.wanted.wait)(environ, start_response)

    def answer(self) -> Response:
        """The answer, once the control plane gave its own."""
        return self._answer(self.wanted.result)

    def _answer(self, result: Callable[[], T]) -> Response:
        try:
            response = self._reply(result())
        except Kube9Error as exc:
            response = error_reply(exc)
        except Exception as exc:
            response = unexpected_reply(exc)
        if self.watch is not None:
            self.watch(response)
        return response


class Answerer:
    """One thread that sends answers when they are known.

    :param send: sends the answer to a request of the web server.
    """

    def __init__(self, send: Callable[[Any, Response], None]) -> None:
        self._send = send
        self._known: SimpleQueue[tuple[Any, Later[Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="kube9-answers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Send what is known by now, and end."""
        self._known.put(None)
        self._thread.join()

    def take(self, request: Any, later: Later[Any]) -> None:
        """Answer ``request`` when the answer is known."""
        later.wanted.then(lambda _: self._known.put((request, later)))

    def _run(self) -> None:
        while (item := self._known.get()) is not None:
            request, later = item
            try:
                self._send(request, later.answer())
            except Exception:
                # Others wait for this thread as well.
                _log.exception("an answer could not be sent")
