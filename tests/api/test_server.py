from __future__ import annotations

import errno
import http.client
import json
import socket
import ssl
import threading
from contextlib import suppress

import pytest
from flask import Response

from kube9.api import server
from kube9.api.server import Server
from kube9.core.errors import InvalidInput

TOKEN = {"Authorization": "Bearer the-token-that-may-do-everything"}


@pytest.fixture
def app(api):
    return api.app


def get(of, path="/healthz", *, method="GET", body=None, headers=(), context=None):
    kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
    connection = kind("127.0.0.1", of.port, timeout=60, **({"context": context} if context else {}))
    try:
        connection.request(method, path, body, {**TOKEN, **dict(headers)})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_it_answers_where_it_says(app, serve):
    server = serve(app)
    assert server.url == f"http://127.0.0.1:{server.port}"
    status, headers, body = get(server)
    assert (status, body) == (200, b'{"status":"ok"}')
    assert headers["server"] == "kube9"
    assert get(server, method="HEAD") == (200, {**headers, "date": headers["date"]}, b"")


def test_a_connection_is_used_again(app, serve):
    connection = http.client.HTTPConnection("127.0.0.1", serve(app).port, timeout=60)
    sockets = set()
    for _ in range(3):
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b'{"status":"ok"}'
        sockets.add(connection.sock.getsockname())
    connection.close()
    assert len(sockets) == 1


def test_tls(app, serve, certificate):
    cert, key = certificate
    server = serve(app, tls_cert=str(cert), tls_key=str(key))
    assert server.url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=str(cert))
    assert get(server, context=context)[0] == 200
    # Who speaks without TLS, or in an old version of it, learns nothing and disturbs nobody.
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" not in plain.recv(1000)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert get(server, context=context)[0] == 200


def test_a_certificate_that_cannot_be_used_is_told_before_anything_listens(app, certificate, tmp_path):
    cert, key = map(str, certificate)
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    for given, message in [
        ((cert, None), "both"),
        ((None, key), "both"),
        ((str(tmp_path / "none.pem"), key), "certificate .*none.pem: No such file"),
        ((cert, str(tmp_path)), "key .*: Is a directory"),
        ((cert, cert), "cannot use the TLS certificate"),
        ((str(nonsense), key), "cannot use the TLS certificate"),
    ]:
        with pytest.raises(InvalidInput, match=message):
            Server(app, port=0, tls_cert=given[0], tls_key=given[1]).start()


def test_a_port_that_is_taken_is_said_to_be(app, serve):
    server = serve(app)
    with pytest.raises(InvalidInput, match=f"port {server.port}: another program listens there"):
        Server(app, port=server.port).start()


def test_a_port_that_is_not_for_everybody():
    # Whether this one may have it depends on who runs the tests.
    told = server._hint(PermissionError(errno.EACCES, "Permission denied"), 443)
    assert told == "ports below 1024 are for the administrator; name another with --port, such as 8443"


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "not an address"])
def test_an_address_that_is_not_here(app, host):
    with pytest.raises(InvalidInput, match="address of this machine|address; 127"):
        Server(app, host=host, port=0).start()


@pytest.mark.parametrize(
    "host,url",
    [("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1"), ("::1", "http://[::1]:1"), ("a.b", "http://a.b:1")],
)
def test_what_it_is_called_from_here(app, host, url):
    assert Server(app, host=host, port=1).url == url


def test_what_is_being_answered_is_finished_and_nothing_new_is_begun(app, serve):
    begun, go_on = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow():
        begun.set()
        assert go_on.wait(60)
        return Response(b"finished")

    server = serve(app)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(get(server, "/slow")))
    asking.start()
    assert begun.wait(60)
    stopping = threading.Thread(target=lambda: answers.append(server.stop(timeout_s=60)))
    stopping.start()
    refused = threading.Event()
    while not refused.is_set():
        try:
            get(server)
        except ConnectionRefusedError:
            refused.set()
        except (ConnectionError, http.client.HTTPException):
            continue
    go_on.set()
    asking.join(60)
    stopping.join(60)
    assert [answer if answer is True else answer[2] for answer in answers].count(True) == 1
    assert any(answer is not True and answer[2] == b"finished" for answer in answers)


def test_a_stop_does_not_wait_for_ever(app, serve):
    begun, go_on = threading.Event(), threading.Event()

    @app.get("/stuck")
    def stuck():
        begun.set()
        go_on.wait(60)
        return Response(b"")

    server = serve(app)
    asking = threading.Thread(target=lambda: get(server, "/stuck"))
    asking.start()
    assert begun.wait(60)
    assert server.stop(timeout_s=0.1) is False
    go_on.set()
    asking.join(60)
    assert server.stop(timeout_s=60) is True


def test_a_server_that_never_began_can_be_stopped(app):
    assert Server(app, port=0).stop() is True


def test_it_serves_many_at_once(app, serve):
    meeting = threading.Barrier(16)

    @app.get("/meet")
    def meet():
        meeting.wait(60)
        return Response(b"met")

    server = serve(app, threads=16)
    answers = []
    clients = [threading.Thread(target=lambda: answers.append(get(server, "/meet")[2])) for _ in range(16)]
    for client in clients:
        client.start()
    while any(client.is_alive() for client in clients):
        # Of many that come at the same moment, granian may begin the last one with the next that comes.
        assert get(server)[0] == 200
        clients[-1].join(0.05)
    assert answers == [b"met"] * 16


@pytest.mark.parametrize(
    "raw,status",
    [
        (b"NONSENSE\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"4"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /v1/pods HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"4"),
    ],
    ids=["nonsense", "long-header", "long-path", "negative-length", "two-lengths"],
)
def test_what_is_no_http_is_refused_and_disturbs_nobody(app, serve, raw, status):
    server = serve(app)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        with suppress(ConnectionError):  # it may be refused before all of it was sent
            connection.sendall(raw)
        assert connection.recv(1000).split()[1].startswith(status)
    assert get(server)[0] == 200


def test_a_body_in_chunks_is_read_up_to_the_limit(make_api, serve):
    api = make_api(body_bytes=1000)
    server = serve(api.app)
    body = json.dumps(api.pod_manifest("web")).encode()

    def launch(padding):
        chunks = iter([body[:10], body[10:], b" " * padding])
        return get(server, "/v1/pods", method="POST", body=chunks, headers={"Content-Type": "application/json"})

    status, _, told = launch(2000)
    assert status == 413
    assert b"urn:kube9:problem:" in told
    assert launch(100)[0] == 201


def test_a_client_that_goes_in_the_middle_of_its_body_disturbs_nobody(app, serve):
    server = serve(app, threads=1)
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            head = "POST /v1/pods HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
            token = "".join(f"{name}: {value}\r\n" for name, value in TOKEN.items())
            connection.sendall(f"{head}{token}\r\n{{".encode())
    assert get(server, "/v1/pods")[0] == 200
