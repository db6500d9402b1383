from __future__ import annotations

import socket
import threading

import pytest

from kube9.backends.docker.endpoint import Endpoint
from kube9.backends.docker.engine import Engine, EngineAway, EngineRefused
from kube9.testing.reservedport import ReservedPort

pytest.importorskip("docker", reason="needs docker-py: pip install 'kube9[test]'")


@pytest.fixture
def make():
    made = []

    def make(url, timeout_ms=60_000):
        made.append(Engine(Endpoint(url=url, source="the tests"), timeout_ms))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_nobody_at_a_socket_is_an_engine_that_is_away(make, tmp_path):
    with pytest.raises(EngineAway, match=f"the engine at unix://{tmp_path}/d.sock .* is it running"):
        make(f"unix://{tmp_path}/d.sock").info()


def test_nobody_at_a_port_is_an_engine_that_is_away(make):
    with ReservedPort() as port, pytest.raises(EngineAway, match="cannot be reached"):
        make(f"tcp://127.0.0.1:{port}").info()


def test_an_engine_that_says_nothing_is_away_after_its_time(make):
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(EngineAway, match="cannot be reached"):
        make(f"tcp://127.0.0.1:{listener.getsockname()[1]}", timeout_ms=1_000).info()


@pytest.mark.parametrize("status,raised", [(503, EngineAway), (500, EngineRefused), (403, EngineRefused)])
def test_answers_are_told_apart(make, status, raised):
    version = b'{"ApiVersion": "1.41"}'
    answers = [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(version), version),
        b'HTTP/1.1 %d No\r\nConnection: close\r\nContent-Length: 17\r\n\r\n{"message": "no"}' % status,
    ]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener, answers))
        thread.start()
        with pytest.raises(raised, match="no"):
            make(f"tcp://127.0.0.1:{listener.getsockname()[1]}").info()
        thread.join()


def answer(listener, answers):
    for each in answers:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(each)


def test_what_nobody_may_use_is_not_tried_again(make, tmp_path):
    class Forbidden(Engine):
        def _knock(self):
            raise PermissionError(13, "Permission denied")

    engine = Forbidden(Endpoint(url=f"unix://{tmp_path}/d.sock", source="the tests"), 1_000)
    with pytest.raises(EngineRefused, match="join the group that may use it"):
        engine.info()


def test_a_closed_engine_is_away(make, tmp_path):
    engine = make(f"unix://{tmp_path}/d.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/d.sock")
        listener.listen()
        engine.close()
        with pytest.raises(EngineAway, match="closed"):
            engine.info()


@pytest.mark.once
def test_small_files_go_in_and_out(make, bench):
    node = bench.up()
    container, engine = bench.container(node).id, make(bench.engine.address)
    assert engine.read_file(container, "/etc/kube9/token") == b"the-secret-token"
    assert engine.read_file(container, "/etc/kube9/nothing") is None
    assert engine.read_file("nobody", "/etc/passwd") is None
    assert engine.inspect("nobody") is None
    engine.kill("nobody")
    engine.remove("nobody")
    assert engine.last_lines("nobody") == ""
