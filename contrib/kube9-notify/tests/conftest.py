"""A receiver that is a real HTTP server on the loopback, and can be told how to behave."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kube9.testing.reservedport import ReservedPort
from kube9_notify import verify

SECRET = "a secret of more than sixteen bytes"
PATIENCE_S = 60


class Receiver:
    """Takes messages, or does not; remembers each try.

    Its port is its own from the first to the last, also while nobody listens there.
    """

    def __init__(self):
        #: The status of each answer in turn; 204 when there are no more.
        self.answers = []
        #: While this is not set, nobody is answered.
        self.answering = threading.Event()
        self.answering.set()
        #: Headers and document of each try, and whether its signature was right as of now.
        self.tries = []
        self._place = ReservedPort()
        self.port = self._place.number
        self._came = threading.Condition()
        self._server = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook?token=hidden"

    def start(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.take(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self):
        """From here on nobody listens there, until it is started again."""
        if self._server is not None:
            self.answering.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def close(self):
        """Stop it for good."""
        self.stop()
        self._place.close()

    def take(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = dict(request.headers)
        stamp, signature = headers["Kube9-Timestamp"], headers["Kube9-Signature"]
        genuine = verify(SECRET.encode(), stamp, signature, body, now_s=time.time())
        with self._came:
            status = self.answers.pop(0) if self.answers else 204
            self.tries.append((headers, json.loads(body), genuine, status))
            self._came.notify_all()
        self.answering.wait(PATIENCE_S)
        with suppress(OSError):  # who sent it may not have waited
            request.send_response(status)
            request.send_header("Content-Length", "0")
            request.end_headers()

    def wait_for(self, count):
        """Wait until there were so many tries, and return the documents of them all."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.tries) >= count, PATIENCE_S), (
                f"{len(self.tries)} of {count} came"
            )
        return [document for _, document, _, _ in self.tries]

    def taken(self):
        """The documents of those tries that were answered with success."""
        return [document for _, document, _, status in self.tries if 200 <= status < 300]


@pytest.fixture
def make_receiver():
    made = []

    def make_receiver(*, listening=True):
        made.append(Receiver())
        if listening:
            made[-1].start()
        return made[-1]

    yield make_receiver
    for receiver in made:
        receiver.close()


@pytest.fixture
def receiver(make_receiver):
    return make_receiver()
