from __future__ import annotations

import http.client
import json
import threading

import pytest

from kube9.api.application import services_of
from kube9.client.frames import frames_in
from kube9.core.errors import NodeGone

AUTHORIZED = {"Authorization": "Bearer the-token-that-may-do-everything"}
BYTES = {"Content-Type": "application/octet-stream"}


def with_a_pod(api):
    api.node()
    api.pod("web", containers=[{"name": "main", "image": "nginx"}])
    api.until(lambda: api.plane.view.pod("default", "web").phase.value == "Running")
    return api


@pytest.fixture
def web(api):
    return with_a_pod(api)


def begin(api, *command, **more):
    answer = api.post("/v1/pods/web/exec", {"command": list(command), **more})
    assert answer.status_code == 201, answer.text
    assert answer.json["idleMillis"] == 30_000
    return f"/v1/exec/{answer.json['id']}"


def frames(api, path):
    """All that a command writes, read in this process."""
    answer = api.get(f"{path}/output")
    assert (answer.status_code, answer.content_type) == (200, "application/octet-stream")
    return list(frames_in([answer.data]))


def ask(server, method, path, body=None, headers=()):
    """Over a connection of its own; the answer is still to be read."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, body, {**AUTHORIZED, **dict(headers)})
    return connection, connection.getresponse()


class Output:
    """The frames of a command, as they come."""

    def __init__(self, server, path):
        self.connection, self.response = ask(server, "GET", f"{path}/output")
        self.frames = frames_in(iter(lambda: self.response.read1(65_536), b""))

    def next(self):
        return next(frame for frame in self.frames if frame != (0, b""))

    def close(self):
        self.response.close()
        self.connection.close()


@pytest.fixture
def output():
    opened = []

    def open_one(server, path):
        opened.append(Output(server, path))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def test_a_command_is_run_and_read_to_its_end(web):
    path = begin(web, "sh", "-c", "echo out; echo err >&2; exit 3", container="main")
    assert web.ask("HEAD", f"{path}/output").status_code == 200
    assert frames(web, path) == [(1, b"out\n"), (2, b"err\n"), (3, b"3")]
    # Then it is over, and known no more.
    web.problem_of(web.get(f"{path}/output"), 404)
    web.problem_of(web.delete(path), 404)


def test_its_input_is_what_is_sent(web):
    path = begin(web, "cat")
    for data in (b"one\n", b"\xff\x00"):
        assert web.ask("POST", f"{path}/input", data=data, headers=BYTES).status_code == 204
    assert web.ask("POST", f"{path}/input?close=true").status_code == 204
    assert frames(web, path) == [(1, b"one\n"), (1, b"\xff\x00"), (3, b"0")]


def test_input_may_come_with_its_end(web):
    path = begin(web, "cat")
    assert web.ask("POST", f"{path}/input?close=true", data=b"all", headers=BYTES).status_code == 204
    assert frames(web, path) == [(1, b"all"), (3, b"0")]


def test_input_that_is_no_bytes_is_refused(web):
    path = begin(web, "cat")
    told = web.problem_of(web.post(f"{path}/input", {"a": 1}), 415)
    assert "application/octet-stream" in told["detail"]
    web.delete(path)


def test_a_terminal_has_the_size_it_was_told(web):
    path = begin(web, "stty", "size", terminal=True)
    assert frames(web, path) == [(1, b"24 80\r\n"), (3, b"0")]
    path = begin(web, "sh", terminal=True, rows=50, columns=200)
    for size in (None, {"rows": 7, "columns": 9}):
        if size:
            assert web.post(f"{path}/resize", size).status_code == 204
        web.ask("POST", f"{path}/input", data=b"stty size\r", headers=BYTES)
    web.ask("POST", f"{path}/input", data=b"exit 4\r", headers=BYTES)
    shown = frames(web, path)
    text = b"".join(data for kind, data in shown if kind == 1)
    assert (b"50 200\r\n" in text, b"7 9\r\n" in text, shown[-1]) == (True, True, (3, b"4"))
    assert web.paths_of(web.post(f"{begin(web, 'cat')}/resize", {"rows": 0, "columns": 1})) == ["rows"]


def test_what_cannot_be_run_is_told(web):
    def refused(status, name="web", **body):
        return web.problem_of(web.post(f"/v1/pods/{name}/exec", {"command": ["ls"], **body}), status)["detail"]

    assert refused(400, container="db") == "pod 'web' has no container 'db'; it has main"
    assert "there is no pod 'no'" in refused(404, name="no")
    web.pod("waits", requests={"cpu": "100"})
    assert refused(409, name="waits") == "pod 'waits' is Pending on no node, and takes no commands"
    assert web.paths_of(web.post("/v1/pods/web/exec", {"command": [], "tty": True})) == ["tty"]
    assert web.paths_of(web.post("/v1/pods/web/exec", {})) == ["command"]


@pytest.mark.parametrize("method,path", [("GET", "output"), ("POST", "input"), ("POST", "resize"), ("DELETE", "")])
def test_only_who_may_do_everything_may_do_any_of_it(web, method, path):
    there = begin(web, "cat")
    token = web.post("/v1/nodes", web.node_manifest("n2")).json["ticket"]["token"]
    for given, status in (("nonsense", 401), (None, 401), (token, 403)):
        asked = f"{there}/{path}".rstrip("/")
        web.problem_of(web.ask(method, asked, token=given), status)
        web.problem_of(web.post("/v1/pods/web/exec", {"command": ["ls"]}, token=given), status)
    web.delete(there)


def test_there_are_only_so_many_commands(make_api):
    api = with_a_pod(make_api(commands=2))
    paths = [begin(api, "cat") for _ in range(2)]
    told = api.post("/v1/pods/web/exec", {"command": ["cat"]})
    assert (api.problem_of(told, 503)["title"], told.headers["Retry-After"]) == ("Overloaded", "1")
    assert api.delete(paths[0]).status_code == 204
    begin(api, "cat")


def test_a_command_that_nobody_reads_is_left(make_api):
    api = with_a_pod(make_api(command_idle_ms=20))
    answer = api.post("/v1/pods/web/exec", {"command": ["cat"]}).json
    waiting = threading.Event()
    for _ in range(6000):
        # Asking for its output would be reading it.
        if not services_of(api.app).sessions.count:
            break
        waiting.wait(0.01)
    api.problem_of(api.delete(f"/v1/exec/{answer['id']}"), 404)


def test_output_comes_as_it_is_written_and_is_read_once(web, serve, output):
    server = serve(web.app)
    path = begin(web, "cat")
    reader = output(server, path)
    web.ask("POST", f"{path}/input", data=b"one", headers=BYTES)
    assert reader.next() == (1, b"one")
    assert output(server, path).response.status == 409
    web.ask("POST", f"{path}/input?close=true", data=b"two", headers=BYTES)
    assert [reader.next(), reader.next()] == [(1, b"two"), (3, b"0")]


def test_a_silent_command_is_said_to_be_there(make_api, serve, output):
    api = with_a_pod(make_api(ping_ms=1))
    reader = output(serve(api.app), begin(api, "cat"))
    assert [next(reader.frames) for _ in range(3)] == [(0, b"")] * 3


def test_a_command_ends_with_its_pod(web, serve, output):
    reader = output(serve(web.app), begin(web, "cat"))
    web.delete("/v1/pods/web?gracePeriodSeconds=0")
    assert reader.next() == (3, b"137")


def test_a_command_whose_reader_goes_is_left(make_api, serve, output):
    api = with_a_pod(make_api(commands=1))
    server = serve(api.app)
    path = begin(api, "cat")
    output(server, path).close()
    waiting = threading.Event()
    for _ in range(6000):
        if api.post(f"{path}/resize", {"rows": 1, "columns": 1}).status_code == 404:
            break
        waiting.wait(0.01)
    begin(api, "cat")


def test_a_command_that_is_forgotten_is_read_no_more(web, serve, output):
    path = begin(web, "cat")
    reader = output(serve(web.app), path)
    assert web.delete(path).status_code == 204
    kind, why = reader.next()
    assert kind in (3, 4)
    assert why


def test_commands_are_left_when_the_server_ends(web, serve, output):
    server = serve(web.app)
    reader = output(server, begin(web, "cat"))
    assert server.stop(timeout_s=60) is True
    assert [frame for frame in reader.frames if frame != (0, b"")] == []


def test_an_error_on_the_way_is_told(web):
    session = services_of(web.app).sessions.begin(web.plane.view.pod("default", "web"), Broken)
    assert frames(web, f"/v1/exec/{session.id}") == [(1, b"some"), (4, b"the node is gone")]


class Broken:
    def output(self):
        yield 1, b"some"
        raise NodeGone("the node is gone")

    def close(self):
        """It has gone anyway."""


def test_the_size_of_its_body_has_a_limit(make_api):
    api = with_a_pod(make_api(body_bytes=1000))
    path = begin(api, "cat")
    api.problem_of(api.ask("POST", f"{path}/input", data=b"x" * 1001, headers=BYTES), 413)
    assert json.loads(api.delete(path).data or "null") is None
