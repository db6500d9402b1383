"""A server that answers as it is told, request by request, on a real socket."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from kube9.testing.reservedport import ReservedPort


class Scripted(ThreadingHTTPServer):
    """Answers each request with the next of ``answers``, and keeps what it was asked.

    An answer is a function that gets the request's handler, or ``(status, document)``, or that with headers.
    """

    daemon_threads = False

    def __init__(self, port=0):
        self.answers, self.asked = [], []
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self):
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request, client_address):
        """A client that goes away is part of the play."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        answer = self.server.answers.pop(0)
        if callable(answer):
            answer(self)
        else:
            self.reply(*answer)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815  (so the base class has it)

    def reply(self, status, document=None, headers=None):
        body = b"" if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, *args):
        """Nothing."""


def hang_up(handler):
    """Break the connection off without an answer."""
    handler.close_connection = True
    handler.connection.shutdown(2)


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No server, token or certificate of whoever runs the tests."""
    for name in ("KUBE9_SERVER", "KUBE9_TOKEN", "KUBE9_CA_CERT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KUBE9_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def serve():
    """Start such a server with its answers."""
    started = []

    def serve(*answers, port=0):
        server = Scripted(port)
        started.append(server)
        server.answers.extend(answers)
        return server

    yield serve
    for server in started:
        server.stop()


@pytest.fixture
def reserved_port():
    with ReservedPort() as port:
        yield port


@pytest.fixture
def hangs_up():
    return hang_up


@pytest.fixture
def live(tmp_path):
    """A whole cluster, which clients in this test find by themselves."""
    here = load("live.py").Live(tmp_path / "state")
    yield here
    here.close()


def load(name):
    """A module that stands beside this file."""
    spec = spec_from_file_location(name.removesuffix(".py"), Path(__file__).with_name(name))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
