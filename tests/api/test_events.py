from __future__ import annotations

import http.client
import json
import threading

import pytest

from kube9.store import open_store


def types(answer):
    assert answer.status_code == 200, answer.text
    return [event["type"] for event in answer.json["items"]]


@pytest.fixture
def busy(api):
    """A node and two pods, which run."""
    api.node()
    for name in ("web", "job"):
        api.pod(name)
    # What is seen of the pods is so a moment before the events are.
    api.until(lambda: types(api.get("/v1/events")).count("PodRunning") == 2)
    return api


def test_events_are_listed_in_their_order(busy):
    answer = busy.get("/v1/events")
    assert types(answer)[:2] == ["NodeAdded", "NodeReady"]
    assert sorted(types(answer)[2:]) == ["PodBound", "PodBound", "PodRunning", "PodRunning"]
    ids = [event["id"] for event in answer.json["items"]]
    assert ids == sorted(ids)
    assert answer.json["metadata"] == {"lastId": ids[-1]}
    bound = next(event for event in answer.json["items"] if event["type"] == "PodBound")
    assert (bound["kind"], bound["namespace"], bound["name"], bound["nodeName"]) == ("Pod", "default", "web", "n1")


@pytest.mark.parametrize(
    "query,count",
    [
        ("kind=Node", 2),
        ("kind=Deployment", 0),
        ("name=web", 2),
        ("namespace=default", 4),
        ("namespace=blue", 0),
        ("type=PodBound", 2),
        ("type=PodBound&name=job", 1),
        ("limit=3", 3),
        ("after=0&limit=2", 2),
        ("after=5", 1),
        ("after=999", 0),
    ],
)
def test_events_are_listed_by_what_is_asked(busy, query, count):
    assert len(types(busy.get(f"/v1/events?{query}"))) == count


def test_without_an_id_the_last_are_listed_and_with_one_those_behind_it(busy):
    every = busy.get("/v1/events").json["items"]
    assert busy.get("/v1/events?limit=2").json["items"] == every[-2:]
    assert busy.get("/v1/events?limit=2&after=1").json["items"] == every[1:3]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "kind=pod", "name=_", "since=1"])
def test_a_query_is_read_strictly(api, query):
    assert api.paths_of(api.get(f"/v1/events?{query}")) == [query.partition("=")[0]]
    api.problem_of(api.get(f"/v1/events/stream?{query}"), 400)


class Watcher:
    """Reads a stream over a connection of its own."""

    def __init__(self, server, query="", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        given = {"Authorization": "Bearer the-token-that-may-do-everything", **headers}
        self.connection.request("GET", f"/v1/events/stream{query}", headers=given)
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def event(self):
        """The next event, its id told twice: beside it and in it."""
        lines = []
        while not any(line.startswith("data:") for line in lines):
            line = self.line()
            lines = [*lines, line] if line else []
        told = json.loads(lines[-1].removeprefix("data:"))
        assert f"id: {told['id']}" in lines
        return told

    def line(self):
        line = self.response.readline()
        assert line, "the stream ended"
        return line.decode().rstrip("\n")

    def close(self):
        self.response.close()
        self.connection.close()


@pytest.fixture
def watch():
    watchers = []

    def open_one(server, query="", **headers):
        watchers.append(Watcher(server, query, **headers))
        return watchers[-1]

    yield open_one
    for watcher in watchers:
        watcher.close()


def test_a_stream_tells_events_as_they_happen(api, serve, watch):
    watcher = watch(serve(api.app))
    assert watcher.status == 200
    assert watcher.response.headers["Content-Type"] == "text/event-stream"
    watcher.line()
    api.node()
    assert [watcher.event()["type"] for _ in range(2)] == ["NodeAdded", "NodeReady"]


def test_a_stream_goes_on_where_it_was(busy, serve, watch):
    server = serve(busy.app)
    every = busy.get("/v1/events").json["items"]
    assert watch(server, "?after=2").event() == every[2]
    assert watch(server, "?after=2", **{"Last-Event-ID": "4"}).event() == every[4]
    assert watch(server, "?after=0&type=PodRunning").event()["type"] == "PodRunning"
    assert watch(server, **{"Last-Event-ID": "x"}).status == 400


def test_a_silent_stream_is_written_to(make_api, serve, watch):
    api = make_api(ping_ms=1)
    watcher = watch(serve(api.app))
    lines = [watcher.line() for _ in range(3)]
    assert lines == [": events follow", "", ": nothing new"]


def test_there_are_only_so_many_streams_and_one_that_ends_makes_room(make_api, serve, watch):
    api = make_api(streams=2, ping_ms=10)
    server = serve(api.app)
    first, _second = watch(server), watch(server)
    refused = watch(server)
    assert refused.status == 503
    assert refused.response.headers["Retry-After"] == "1"
    assert json.loads(refused.response.read())["title"] == "Overloaded"
    first.close()
    # Nobody is told that a client went; it is noticed by writing to it.
    waiting = threading.Event()
    for _ in range(6000):
        if (third := watch(server)).status == 200:
            break
        third.close()
        waiting.wait(0.01)
    assert third.status == 200


def test_streams_end_when_the_server_does(api, serve, watch):
    server = serve(api.app)
    watcher = watch(server)
    watcher.line()
    assert server.stop(timeout_s=60) is True
    assert watcher.response.read().decode().replace("\n", "") == ""


def test_events_of_an_earlier_life_are_found_in_the_store(kube9, tmp_path, make_plane):
    from kube9.api import Tokens, create_app

    path = str(tmp_path / "lives.db")
    for life in range(2):
        plane = kube9.make_control_plane(open_store(path))
        client = create_app(plane, plugins=kube9.plugins, tokens=Tokens.of("t")).test_client()
        head = {"Authorization": "Bearer t"}
        with plane:
            if not life:
                manifest = {"metadata": {"name": "web"}, "spec": {"requests": {"cpu": "1"}}}
                assert client.post("/v1/pods", json=manifest, headers=head).status_code == 201
            else:
                assert types(client.get("/v1/events", headers=head))[0] == "PodUnschedulable"
                assert types(client.get("/v1/events?after=0&name=web", headers=head))[0] == "PodUnschedulable"
