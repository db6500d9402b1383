from __future__ import annotations

import http.client
import threading

import pytest

from kube9.api.podlogs import _follow
from kube9.api.relay import Relay
from kube9.core.errors import NodeGone


@pytest.fixture
def web(api):
    """A pod of two containers, which runs."""
    api.node()
    api.pod("web", containers=[{"name": "main", "image": "nginx"}, {"name": "proxy", "image": "nginx"}])
    api.until(lambda: api.plane.view.pod("default", "web").phase.value == "Running")
    return api


class Reader:
    """Follows a log over a connection of its own."""

    def __init__(self, server, query="follow=true"):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Authorization": "Bearer the-token-that-may-do-everything"}
        self.connection.request("GET", f"/v1/pods/web/logs?{query}", headers=headers)
        self.response = self.connection.getresponse()

    def line(self):
        return self.response.readline().decode()

    def rest(self):
        return self.response.read().decode()

    def close(self):
        self.response.close()
        self.connection.close()


@pytest.fixture
def follow():
    readers = []

    def open_one(server, *query):
        readers.append(Reader(server, *query))
        return readers[-1]

    yield open_one
    for reader in readers:
        reader.close()


@pytest.mark.parametrize("query,lines", [("", 2), ("?tail=1", 1), ("?tail=0", 0), ("?container=proxy&follow=false", 2)])
def test_a_log_is_read_as_is_asked(web, query, lines):
    answer = web.get(f"/v1/pods/web/logs{query}")
    assert (answer.status_code, answer.text.count("\n")) == (200, lines)


def test_what_cannot_be_asked_for_is_told(web):
    told = web.problem_of(web.get("/v1/pods/web/logs?container=db"), 400)
    assert told["detail"] == "pod 'web' has no container 'db'; it has main, proxy"
    web.problem_of(web.get("/v1/pods/web/logs?previous=true"), 400)
    web.problem_of(web.get("/v1/pods/web/logs?follow=true&container=db"), 400)
    assert web.paths_of(web.get("/v1/pods/web/logs?tail=-1&follow=yes&container=_")) == ["tail", "follow", "container"]
    assert web.get("/metrics").text.count("kube9_event_streams 0.0") == 1


def test_a_log_is_followed_until_its_pod_is_gone(web, serve, follow):
    reader = follow(serve(web.app))
    assert reader.response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert [reader.line().rpartition(": ")[2] for _ in range(2)] == ["asked to start\n", "running\n"]
    web.delete("/v1/pods/web")
    assert reader.rest().endswith("stopped\n")


def test_a_log_that_nobody_follows_any_more_makes_room(make_api, serve, follow):
    api = make_api(streams=1)
    api.node()
    api.pod("web", containers=[{"name": "main", "image": "nginx"}])
    api.until(lambda: api.plane.view.pod("default", "web").phase.value == "Running")
    server = serve(api.app)
    first = follow(server)
    first.line()
    assert follow(server).response.status == 503
    # Others are not kept from what ends by itself.
    assert api.get("/v1/pods/web/logs").status_code == 200
    first.close()
    waiting = threading.Event()
    for _ in range(6000):
        if (status := follow(server).response.status) == 200:
            break
        waiting.wait(0.01)
    assert status == 200


def test_logs_end_when_the_server_does(web, serve, follow):
    server = serve(web.app)
    reader = follow(server)
    reader.line()
    assert server.stop(timeout_s=60) is True
    assert reader.rest().count("\n") == 1


def test_a_log_ends_where_its_backend_forgets_to():
    """Whatever the backend does: a pod that is gone has no log to follow."""
    stuck, left = threading.Event(), []

    def pieces():
        yield b"one\n"
        stuck.wait(60)

    there = [True, False]
    log = _follow(Relay(pieces(), stuck.set), lambda: there.pop(0), lambda: False, lambda: left.append(True))
    # The empty piece is for noticing that nobody reads any more.
    assert list(log) == [b"one\n", b""]
    assert left == [True]
    stuck.set()


def test_what_breaks_on_the_way_breaks_the_answer_off():
    left = []

    def pieces():
        yield b"one\n"
        raise NodeGone("the node is gone")

    log = _follow(Relay(pieces(), lambda: None), lambda: True, lambda: False, lambda: left.append(True))
    assert next(log) == b"one\n"
    with pytest.raises(NodeGone):
        next(log)
    assert left == [True]
