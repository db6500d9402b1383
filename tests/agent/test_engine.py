from __future__ import annotations

import json
import socket
import threading
from contextlib import closing

import pytest

from kube9.agent.engine import Engine, EngineAway, EngineError
from kube9.agent.images import Images

VERSION = {"ApiVersion": "1.41", "MinAPIVersion": "1.12"}


def answer(value, status=200, headers=""):
    data = b"" if value is None else json.dumps(value).encode()
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(data)}\r\n\r\n".encode() + data


class Pretender:
    """Says what it was told to say to each request, in turn, and then closes the connection."""

    def __init__(self, folder, family=socket.AF_UNIX):
        self.heard, self.says = [], []
        self.connections = 0
        self._socket = socket.socket(family)
        self._socket.bind(str(folder / "engine.sock") if family == socket.AF_UNIX else ("127.0.0.1", 0))
        self._socket.listen()
        name = self._socket.getsockname()
        self.address = f"unix://{name}" if family == socket.AF_UNIX else f"tcp://127.0.0.1:{name[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rb") as lines:
                while self._heard(lines) and self.says:
                    connection.sendall(self.says.pop(0))

    def _heard(self, lines):
        first, length = lines.readline().decode().strip(), 0
        while first and (line := lines.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if first:
            self.heard.append((first.removesuffix(" HTTP/1.1"), lines.read(length)))
        return first

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def pretender(tmp_path):
    with closing(Pretender(tmp_path)) as pretender:
        yield pretender


@pytest.fixture
def asked(pretender):
    with closing(Engine(pretender.address, timeout_s=60)) as engine:
        yield engine


def test_over_tcp(tmp_path):
    with closing(Pretender(tmp_path, socket.AF_INET)) as pretender, closing(Engine(pretender.address)) as engine:
        pretender.says = [answer(VERSION), answer("there")]
        assert engine.ask("GET", "/x") == "there"


def test_speaks_the_version_that_both_know(pretender, asked):
    pretender.says = [answer(VERSION), answer([1]), answer(None, 204)]
    assert asked.ask("GET", "/containers/json", query={"all": True, "filters": {"label": ["a=b"]}, "x": None}) == [1]
    assert asked.ask("POST", "/containers/a b/start") is None
    assert [line for line, _ in pretender.heard] == [
        "GET /version",
        "GET /v1.41/containers/json?all=1&filters=%7B%22label%22%3A+%5B%22a%3Db%22%5D%7D",
        "POST /v1.41/containers/a%20b/start",
    ]
    assert pretender.connections == 1


@pytest.mark.parametrize(
    "newest, oldest, spoken", [("1.43", "1.12", (1, 43)), ("1.52", "1.44", (1, 45)), ("1.60", "1.50", (1, 50))]
)
def test_newer_engines(pretender, asked, newest, oldest, spoken):
    pretender.says = [answer({"ApiVersion": newest, "MinAPIVersion": oldest})]
    assert asked.api == spoken


def test_an_engine_that_is_too_old(pretender, asked):
    pretender.says = [answer({"ApiVersion": "1.40"})]
    with pytest.raises(EngineError, match="is too old: Docker 20.10 is the least"):
        asked.ask("GET", "/info")


@pytest.mark.parametrize(
    "refusal, status, message",
    [
        (answer({"message": "No such container: x"}, 404), 404, "No such container: x"),
        (b"HTTP/1.1 503 X\r\nContent-Length: 4\r\n\r\nbusy", 503, "busy"),
        (answer(None, 500), 500, "the engine gave no reason"),
    ],
)
def test_refusals(pretender, asked, refusal, status, message):
    pretender.says = [answer(VERSION), refusal, answer(1)]
    with pytest.raises(EngineError, match=message) as refused:
        asked.ask("GET", "/x")
    assert refused.value.status == status
    assert asked.ask("GET", "/y") == 1
    assert pretender.connections == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_no_fault(pretender, asked):
    pretender.says = [answer(VERSION)]
    assert asked.api == (1, 41)
    with pytest.raises(EngineAway):
        asked.ask("GET", "/x")
    # It was tried on the kept connection and on a new one.
    assert [line for line, _ in pretender.heard] == ["GET /version", "GET /v1.41/x", "GET /v1.41/x"]


def test_an_archive_and_a_body(pretender, asked):
    pretender.says = [answer(VERSION), answer(None), answer({"Id": "a"}, 201)]
    assert asked.ask("PUT", "/containers/a/archive", data=b"tar", query={"path": "/"}) is None
    assert asked.ask("POST", "/containers/create", {"Image": "x"}, query={"name": "n"}) == {"Id": "a"}
    assert pretender.heard[1:] == [
        ("PUT /v1.41/containers/a/archive?path=%2F", b"tar"),
        ("POST /v1.41/containers/create?name=n", b'{"Image": "x"}'),
    ]


def chunked(*parts):
    """An answer that comes in parts."""
    chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (*parts, ""))
    return f"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}".encode()


def test_lines_of_a_stream(pretender, asked):
    pretender.says = [answer(VERSION), chunked('{"a":', '1}\n{"b":', "2}\n")]
    with closing(asked.stream("GET", "/events")) as stream:
        assert list(stream.lines()) == [{"a": 1}, {"b": 2}]


def told_of_pulls(pretender, asked, *lines, status=200):
    """What is told of the fetching of an image, where the engine says so."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    body = answer(lines[0], status) if status >= 400 else chunked(text)
    told, over = [], threading.Semaphore(0)

    def tell(percent, is_over, error):
        told.append((percent, is_over, error and str(error)))
        if is_over:
            over.release()

    pretender.says = [answer(VERSION), body]
    images = Images(asked)
    images.pull("shop/web:1", tell)
    assert over.acquire(timeout=60)
    images.close()
    return told


def test_an_image_is_fetched_with_progress(pretender, asked):
    layer = {"id": "a", "status": "Downloading"}
    lines = [{**layer, "progressDetail": {"current": done, "total": 4}} for done in (1, 3, 4)]
    assert told_of_pulls(pretender, asked, *lines) == [(25, False, None), (75, False, None), (100, True, None)]
    assert pretender.heard[-1] == ("POST /v1.41/images/create?fromImage=shop%2Fweb&tag=1", b"")


@pytest.mark.parametrize("status", [200, 404])
def test_an_image_that_cannot_be_fetched(pretender, asked, status):
    refusal = {"message": "no such image"} if status == 404 else {"error": "no such image"}
    assert told_of_pulls(pretender, asked, refusal, status=status) == [(100, True, "no such image")]


def test_a_stream_that_breaks_off(pretender, asked):
    pretender.says = [answer(VERSION), b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"]
    stream = asked.stream("GET", "/events")
    parts = stream.parts()
    assert next(parts) == b"{}"
    for link in list(asked._idle):
        link.close()
    stream._link.sock.shutdown(socket.SHUT_RD)
    with closing(stream), pytest.raises(EngineAway, match="went away"):
        next(parts)


def test_nobody_there(tmp_path):
    engine = Engine(f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineAway, match=r"cannot reach the engine at unix://.*none.sock: .*No such file"):
        engine.ask("GET", "/info")


def test_one_that_says_nothing_in_time(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen()
        engine = Engine(f"unix://{tmp_path}/silent.sock", timeout_s=0.05)
        with pytest.raises(EngineAway, match="does not answer: no answer in time"):
            engine.ask("GET", "/info")


def test_no_address_of_an_engine():
    with pytest.raises(
        ValueError, match="expected an engine's address such as unix:///var/run/docker.sock, got 'ftp://x'"
    ):
        Engine("ftp://x")


@pytest.mark.once
def test_asked_for_many_at_once(engine):
    with closing(Engine(engine.address)) as asked:
        names = [f"/images/{engine.busybox}/json"] * 40
        found = asked.ask_each([*names, "/images/none:1/json"])
    assert len({each["Id"] for each in found[:-1]}) == 1
    assert found[-1] is None


@pytest.mark.once
def test_closing_a_stream_ends_the_waiting_for_it(engine):
    with closing(Engine(engine.address)) as asked:
        stream = asked.stream("GET", "/events", query={"filters": {"label": ["nothing=here"]}})
        waiting = threading.Thread(target=lambda: list(stream.lines()))
        waiting.start()
        stream.close()
        waiting.join(30)
        assert not waiting.is_alive()
