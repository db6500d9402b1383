"""kube9's own web server answering a constant: ``python -m bench.server.constant ANSWER STATUS TOLD``."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from flask import Flask, Response, request

from kube9.api.limits import Limits
from kube9.api.server import Server
from kube9.api.services import Services
from kube9.api.tokens import Tokens

__all__ = ["constant_app"]


def constant_app(body: bytes, status: int) -> Flask:
    """Reads each request's body and answers it with ``body``; nothing is checked or looked up."""
    app = Flask("bench.constant", static_folder=None)
    # The web server asks the app for what it keeps of its streams; of the rest nothing is used.
    nothing = cast("Any", SimpleNamespace(view=None, usage=None, clock=None))
    app.extensions["kube9"] = Services(
        plane=nothing, plugins=nothing, tokens=Tokens.of("nobody asks for it"), limits=Limits(), resources=()
    )

    def answer(path: str) -> Response:  # noqa: ARG001 - whatever the path
        request.get_data()
        return Response(body, status, content_type="application/json")

    app.add_url_rule("/<path:path>", "answer", answer, methods=["GET", "POST"])
    return app


def _main(answer: str, status: str, told: str) -> None:
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    with Server(constant_app(Path(answer).read_bytes(), int(status)), port=0) as server:
        draft = Path(f"{told}.draft")
        draft.write_text(str(server.port), encoding="ascii")
        draft.rename(told)
        over.wait()


if __name__ == "__main__":
    _main(*sys.argv[1:])
