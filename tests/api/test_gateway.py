from __future__ import annotations

import io
import os

import pytest
from flask import Flask, Response, request

from kube9.api.gateway import Gateway


class Worker:
    """What the worker would be told."""

    def response_bytes(self, status, headers, body):
        self.status, self.headers, self.body, self.whole = status, dict(headers), body, True

    def response_iter(self, status, headers, body):
        self.status, self.headers, self.whole = status, dict(headers), False
        self.body = b"".join(body)
        body.close()


@pytest.fixture
def closed():
    return []


@pytest.fixture
def ask(closed):
    app = Flask("test", static_folder=None)

    @app.route("/whole", methods=["GET", "POST"])
    def whole():
        response = Response(b"whole" + request.get_data())
        response.call_on_close(lambda: closed.append("whole"))
        return response

    @app.get("/parts")
    def parts():
        response = Response(part for part in (b"in ", b"parts"))
        response.call_on_close(lambda: closed.append("parts"))
        return response

    @app.get("/nothing")
    def nothing():
        return Response(status=204)

    @app.get("/environment")
    def environment():
        return {"leaked": sorted(os.environ.keys() & request.environ.keys())}

    def ask(method, path, body=b""):
        worker = Worker()
        scope = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
        }
        Gateway(app)(worker, scope)
        return worker

    return ask


def test_an_answer_whose_length_is_known_goes_out_as_a_whole(ask, closed):
    answer = ask("POST", "/whole", b" body")
    assert (answer.status, answer.body, answer.whole) == (200, b"whole body", True)
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["Server"] == "kube9"
    assert closed == ["whole"]


def test_an_answer_without_a_length_goes_out_in_parts(ask, closed):
    answer = ask("GET", "/parts")
    assert (answer.status, answer.body, answer.whole) == (200, b"in parts", False)
    assert closed == ["parts"]


def test_an_answer_to_head_has_no_body(ask):
    answer = ask("HEAD", "/whole")
    assert (answer.body, answer.headers["Content-Length"]) == (b"", "5")


def test_an_answer_may_be_nothing(ask):
    answer = ask("GET", "/nothing")
    assert (answer.status, answer.body) == (204, b"")


def test_nothing_of_this_processs_environment_comes_with_a_request(ask):
    assert ask("GET", "/environment").body.strip() == b'{"leaked":[]}'
