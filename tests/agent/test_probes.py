from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from kube9.agent import probes
from kube9.agent.probes import HEAD_BYTES_MAX, Result, carry_out
from kube9.testing.reservedport import ReservedPort

#: Long enough for anything here, however busy the machine; no test waits for it.
PATIENT_MS = 30_000


def no_command(command, timeout_s):
    raise AssertionError("no command was to be run")


@contextmanager
def serving(*answers, wrap=None):
    """A server that says one answer to each connection, in order, and keeps what it was asked.

    An answer is bytes, or a function that is given the connection. What it leaves open is closed at the end.
    """
    asked, links = [], []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)

        def serve():
            for answer in answers:
                try:
                    link, _ = server.accept()
                    link = wrap(link) if wrap else link
                    links.append(link)
                    if callable(answer):
                        answer(link)
                        continue
                    received = b""
                    while b"\r\n\r\n" not in received:
                        if not (more := link.recv(4096)):
                            break
                        received += more
                    asked.append(received)
                    link.sendall(answer)
                    link.close()
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], asked
        finally:
            server.close()
            for link in links:
                link.close()
            thread.join()


def get(port, timeout_ms=PATIENT_MS, **about):
    return carry_out({"httpGet": {"port": port, **about}}, timeout_ms, "127.0.0.1", no_command)


def status(code, *headers):
    return "\r\n".join([f"HTTP/1.1 {code} Whatever", *headers, "Content-Length: 0", "", ""]).encode()


class TestHttp:
    @pytest.mark.parametrize("code", [200, 204, 301, 399])
    def test_from_200_to_399_is_well(self, code):
        with serving(status(code)) as (port, _):
            assert get(port) == Result(True)

    @pytest.mark.parametrize("code", [400, 404, 500, 503, 101])
    def test_anything_else_is_not(self, code):
        with serving(status(code)) as (port, _):
            assert get(port) == Result(False, f"HTTP status {code}")

    def test_what_is_asked(self):
        headers = [{"name": "X-Who", "value": "me"}, {"name": "host", "value": "shop"}]
        with serving(status(200)) as (port, asked):
            get(port, path="/health check?deep=1%20a", httpHeaders=headers)
        lines = asked[0].decode().split("\r\n")
        assert lines[0] == "GET /health%20check?deep=1%20a HTTP/1.1"
        assert sorted(lines[1:]) == sorted(
            ["User-Agent: kube9-probe", "Accept: */*", "X-Who: me", "host: shop", "Connection: close", "", ""]
        )

    def test_the_host_is_the_pod_itself_where_none_is_named(self):
        with serving(status(200), status(200)) as (port, asked):
            get(port)
            get(port, host="localhost", path="x")
        assert b"Host: 127.0.0.1:%d\r\n" % port in asked[0]
        assert b"GET /x HTTP/1.1\r\nHost: localhost:%d\r\n" % port in asked[1]

    def test_a_redirect_on_the_same_host_is_followed(self):
        with serving(status(302, "Location: /b?c=d"), status(500)) as (port, asked):
            assert get(port, path="/a") == Result(False, "HTTP status 500")
        assert asked[1].startswith(b"GET /b?c=d ")

    @pytest.mark.parametrize("where", ["http://other.example/", "https://10.1.2.3/x", "ftp://127.0.0.1/", ""])
    def test_a_redirect_to_another_host_is_an_answer(self, where):
        with serving(status(302, f"Location: {where}")) as (port, asked):
            assert get(port) == Result(True)
        assert len(asked) == 1

    def test_redirects_without_end_are_a_failure(self):
        with serving(*[status(302, "Location: /")] * 11) as (port, asked):
            assert get(port) == Result(False, "more than 10 redirects")
        assert len(asked) == 11

    def test_what_is_said_before_the_answer_is_not_the_answer(self):
        with serving(b"HTTP/1.1 100 Continue\r\n\r\n" + status(404)) as (port, _):
            assert get(port) == Result(False, "HTTP status 404")

    def test_a_body_without_end_is_not_read(self):
        def without_end(link):
            link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with suppress(OSError):
                while True:
                    link.sendall(b"x" * 65_536)

        with serving(without_end) as (port, _):
            assert get(port) == Result(True)

    def test_headers_without_end_are_a_failure(self):
        def without_end(link):
            link.sendall(b"HTTP/1.1 200 OK\r\n")
            with suppress(OSError):
                while True:
                    link.sendall(b"x: y\r\n" * 1_000)

        with serving(without_end) as (port, _):
            assert get(port) == Result(False, f"its headers are longer than {HEAD_BYTES_MAX} bytes")

    @pytest.mark.parametrize(
        "said", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x16\x03\x01\x02\x00\x01\x00" * 3, b"\n", b"HTTP/2 200\r\n\r\n"]
    )
    def test_garbage_is_no_answer_and_not_waited_on(self, said):
        def leave_open(link):
            link.sendall(said)

        with serving(leave_open) as (port, _):
            assert get(port) == Result(False, "the answer is not HTTP")

    @pytest.mark.parametrize("said", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nDate: to"])
    def test_half_an_answer_is_none(self, said):
        with serving(said) as (port, _):
            assert get(port) == Result(False, "closed the connection before it had answered")

    def test_silence_is_no_answer(self):
        with serving(lambda link: None) as (port, _):
            assert get(port, 50) == Result(False, "no answer within 0.05 s")

    def test_the_time_is_for_the_whole_of_it(self):
        """A byte now and then keeps no probe waiting beyond its time."""
        done = threading.Event()

        def drip(link):
            link.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            with suppress(OSError):
                while not done.wait(0.01):
                    link.sendall(b"y")

        with serving(drip) as (port, _):
            assert get(port, 100) == Result(False, "no answer within 0.1 s")
            done.set()

    def test_nobody_there(self):
        with ReservedPort() as port:
            assert get(port) == Result(False, "connection refused")

    def test_a_host_that_does_not_exist(self):
        assert get(80, host="kube9.invalid") == Result(False, "there is no host kube9.invalid")

    def test_a_lookup_that_hangs_is_not_waited_for(self):
        hung = threading.Event()
        with pytest.raises(TimeoutError):
            probes._addresses("slow.example", 80, time.monotonic() + 0.05, lambda *_: hung.wait(30))
        hung.set()

    def test_a_header_that_would_be_two_is_refused(self):
        with serving(status(200)) as (port, _):
            result = get(port, httpHeaders=[{"name": "X", "value": "a\r\nHost: b"}])
        assert result == Result(False, "the header 'X' has a line break")


class TestHttps:
    @pytest.fixture
    def context(self, tmp_path):
        """Of a server whose certificate is its own."""
        folder = tmp_path
        command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=nobody -keyout key.pem -out cert.pem"
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        return context

    def test_nobody_asks_whose_certificate_it_is(self, context):
        with serving(status(204), wrap=lambda link: context.wrap_socket(link, server_side=True)) as (port, _):
            assert get(port, scheme="HTTPS") == Result(True)

    def test_a_handshake_that_hangs_is_not_waited_for(self):
        with serving(lambda link: None) as (port, _):
            assert get(port, 100, scheme="HTTPS") == Result(False, "no answer within 0.1 s")

    def test_a_server_that_speaks_no_tls_is_a_failure(self):
        with serving(lambda link: link.sendall(status(200))) as (port, _):
            assert get(port, scheme="HTTPS").ok is False


class TestTcp:
    def test_an_open_port_is_well(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            action = {"tcpSocket": {"port": server.getsockname()[1]}}
            assert carry_out(action, PATIENT_MS, "127.0.0.1", no_command) == Result(True)

    def test_a_closed_one_is_not(self):
        with ReservedPort() as port:
            action = {"tcpSocket": {"port": port, "host": "127.0.0.1"}}
            assert carry_out(action, PATIENT_MS, "::1", no_command) == Result(False, "connection refused")

    def test_one_that_takes_nobody_is_not_waited_for(self):
        """A server whose backlog is full leaves who comes next half open."""
        with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
            port, waiting = server.getsockname()[1], []
            try:
                for _ in range(4):
                    link = socket.socket()
                    link.setblocking(False)
                    link.connect_ex(("127.0.0.1", port))
                    waiting.append(link)
                result = carry_out({"tcpSocket": {"port": port}}, 100, "127.0.0.1", no_command)
            finally:
                for link in waiting:
                    link.close()
        assert result == Result(False, "no answer within 0.1 s")


class TestExec:
    @pytest.mark.parametrize("code,result", [(0, Result(True)), (3, Result(False, "the command exited with code 3"))])
    def test_its_exit_code_says_how_it_is(self, code, result):
        ran = []

        def run(command, timeout_s):
            ran.append((command, timeout_s))
            return code

        assert carry_out({"exec": {"command": ["test", "-f", "/ready"]}}, 1_500, "", run) == result
        assert ran == [(["test", "-f", "/ready"], 1.5)]

    @pytest.mark.parametrize(
        "error,message", [(TimeoutError(), "no answer within 1 s"), (OSError("there is no test"), "there is no test")]
    )
    def test_one_that_does_not_end_or_begin_is_a_failure(self, error, message):
        def run(command, timeout_s):
            raise error

        assert carry_out({"exec": {"command": ["test"]}}, 1_000, "", run) == Result(False, message)
