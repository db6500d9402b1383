from __future__ import annotations

import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kube9.agent import exchange
from kube9.agent.configuration import ServerConfiguration
from kube9.agent.exchange import Connection, Stale, UnusableReply
from kube9.testing.reservedport import ReservedPort

PATIENCE_S = 60.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def serving(*answers, wrap=lambda link: link):
    """A server that gives each connection one list of answers, and ends it when there is none left; asked is told."""
    asked, rest = [], list(answers)

    class Handler(BaseHTTPRequestHandler):
        def handle(self):
            try:
                link = wrap(self.request)
            except OSError:
                return
            with link:
                self.talk(link, rest.pop(0))

        def talk(self, link, mine):
            reader = link.makefile("rb")
            for answer in mine:
                lines = []
                while (line := reader.readline()) not in (b"\r\n", b""):
                    lines.append(line.decode().strip())
                length = next((int(line.split()[1]) for line in lines if line.startswith("Content-Length")), 0)
                asked.append((lines, reader.read(length)))
                link.sendall(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def connected(port, *, scheme="http", certificate="", path=""):
    connection = Connection(ServerConfiguration(f"{scheme}://127.0.0.1:{port}{path}", certificate, "secret"))
    try:
        yield connection
    finally:
        connection.close()


def test_it_sends_the_token_and_the_body_and_returns_the_answer():
    with serving([OK]) as (port, asked), connected(port, path="/kube9") as connection:
        reply = connection.post("/v1/nodes/n/heartbeat", b"{}", PATIENCE_S)
    assert (reply.status, reply.headers, reply.body) == (200, {"content-length": "2"}, b"ok")
    ((lines, body),) = asked
    assert body == b"{}"
    assert lines[0] == "POST /kube9/v1/nodes/n/heartbeat HTTP/1.1"
    assert {f"Host: 127.0.0.1:{port}", "Authorization: Bearer secret", "Content-Length: 2"} <= set(lines)


def test_one_connection_serves_many_requests():
    with serving([OK, OK, OK]) as (port, asked), connected(port) as connection:
        assert [connection.post("/", b"x", PATIENCE_S).body for _ in range(3)] == [b"ok"] * 3
    assert len(asked) == 3


def test_one_that_the_server_has_closed_meanwhile_is_made_anew():
    with serving([OK], [OK]) as (port, asked), connected(port) as connection:
        connection.post("/", b"x", PATIENCE_S)
        waiting = threading.Event()
        while not connection._closed_by_server():
            waiting.wait(0.01)
        assert connection.post("/", b"y", PATIENCE_S).body == b"ok"
    assert [body for _, body in asked] == [b"x", b"y"]


def test_one_that_is_closed_at_the_request_is_stale_and_the_next_try_is_not():
    with serving([OK, b""], [OK]) as (port, _), connected(port) as connection:
        connection.post("/", b"x", PATIENCE_S)
        with pytest.raises(Stale):
            connection.post("/", b"y", PATIENCE_S)
        assert connection.post("/", b"z", PATIENCE_S).body == b"ok"


def test_a_new_connection_that_ends_without_an_answer_is_a_failure():
    with serving([b""]) as (port, _), connected(port) as connection, pytest.raises(ConnectionResetError) as caught:
        connection.post("/", b"x", PATIENCE_S)
    assert not isinstance(caught.value, Stale)


def test_an_answer_in_chunks_is_read_whole():
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n"
    )
    with serving([answer, OK]) as (port, _), connected(port) as connection:
        assert connection.post("/", b"", PATIENCE_S).body == b"abc0123456789"
        assert connection.post("/", b"", PATIENCE_S).body == b"ok"


def test_what_is_said_before_the_answer_is_not_the_answer():
    with serving([b"HTTP/1.1 100 Continue\r\n\r\n" + OK]) as (port, _), connected(port) as connection:
        assert connection.post("/", b"", PATIENCE_S).body == b"ok"


def test_a_connection_that_the_server_wants_closed_is():
    answer = b"HTTP/1.1 503 Away\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    with serving([answer, OK], [OK]) as (port, _), connected(port) as connection:
        assert connection.post("/", b"", PATIENCE_S).status == 503
        assert connection.post("/", b"", PATIENCE_S).status == 200


@pytest.mark.parametrize(
    "answer,message",
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "the answer is not HTTP/1.1, it begins with 'SSH-2.0-OpenSSH_9.6'"),
        (b"HTTP/1.1 two\r\n\r\n", "the answer is not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "an answer of -1 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "an answer of 99999999999 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "a chunk of b'xyz' bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", "the answer is longer than"),
        (b"x" * (exchange.HEAD_BYTES_MAX + 10), "the answer has a head of more than 65536 bytes"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_answer_is_told(answer, message):
    with serving([answer]) as (port, _), connected(port) as connection, pytest.raises(UnusableReply, match=message):
        connection.post("/", b"", PATIENCE_S)


def test_one_that_takes_too_long_is_not_waited_for():
    done = threading.Event()

    class Slow(list):
        def __iter__(self):
            yield b"HTTP/1.1 200 OK\r\n"
            done.wait(PATIENCE_S)

    with serving(Slow()) as (port, _), connected(port) as connection:
        with pytest.raises(OSError, match="timed out|no answer in time"):
            connection.post("/", b"", 0.2)
        done.set()


def test_a_server_that_is_not_there_is_a_failure():
    with ReservedPort() as port, connected(port) as connection, pytest.raises(ConnectionRefusedError):
        connection.post("/", b"", PATIENCE_S)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """The certificates of two servers, each its own."""
    folder = tmp_path_factory.mktemp("tls")
    for name in ("mine", "other"):
        command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout {name}.key"
        subprocess.run([*command.split(), "-out", f"{name}.pem"], cwd=folder, check=True, capture_output=True)
    return folder


class TestTls:
    def wrap(self, folder):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "mine.pem", folder / "mine.key")
        return lambda link: context.wrap_socket(link, server_side=True)

    def test_the_certificate_that_was_told_is_trusted(self, certificates: Path):
        pem = (certificates / "mine.pem").read_text()
        with (
            serving([OK, OK], wrap=self.wrap(certificates)) as (port, _),
            connected(port, scheme="https", certificate="some words before it\n" + pem) as connection,
        ):
            assert [connection.post("/", b"", PATIENCE_S).body for _ in range(2)] == [b"ok", b"ok"]

    def test_no_other_is_and_it_gets_no_token(self, certificates: Path):
        pem = (certificates / "other.pem").read_text()
        with (
            serving([OK], wrap=self.wrap(certificates)) as (port, asked),
            connected(port, scheme="https", certificate=pem) as connection,
            pytest.raises(UnusableReply, match="showed another certificate than the one in server.json"),
        ):
            connection.post("/", b"", PATIENCE_S)
        assert [lines for lines, _ in asked if lines] == []

    def test_where_none_was_told_the_machine_decides(self, certificates: Path):
        with (
            serving([OK], wrap=self.wrap(certificates)) as (port, _),
            connected(port, scheme="https") as connection,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            connection.post("/", b"", PATIENCE_S)
