from __future__ import annotations

import http.client
import json
import logging
import threading
from functools import partial

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from kube9.api import Limits, Tokens, create_app
from kube9.api.later import CAN_WAIT, Answerer, Later
from kube9.api.reply import json_reply
from kube9.controlplane import Request
from kube9.core.errors import Conflict

TOKEN = "the-token-that-may-do-everything"
PATIENCE_S = 60.0


def asked():
    """Something that the control plane was asked for and has not answered yet."""
    return Request(lambda turn: None)


def answered(result):
    request = asked()
    request.answer(result)
    return request


def refused(error):
    request = asked()
    request.refuse(error)
    return request


def broken(result):
    raise ZeroDivisionError("the inside of kube9")


def through_wsgi(later, **environ):
    return run_wsgi_app(later, {**EnvironBuilder().get_environ(), **environ})


def test_whoever_takes_no_later_answer_waits_for_it():
    request = asked()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(through_wsgi(Later(request, json_reply))))
    waiting.start()
    request.answer({"pod": "web"})
    waiting.join(PATIENCE_S)
    body, status, headers = answers[0]
    assert (b"".join(body), status) == (b'{"pod":"web"}', "200 OK")
    assert headers["Content-Length"] == "13"


def test_whoever_can_wait_gets_it_as_it_is_and_nothing_is_begun():
    later = Later(asked(), json_reply)
    begun = []
    assert later({CAN_WAIT: True}, lambda *given: begun.append(given)) is later
    assert begun == []


@pytest.mark.parametrize(
    "request_,reply,status,told",
    [
        (answered({"a": 1}), partial(json_reply, status=201), 201, '{"a":1}'),
        (refused(Conflict("it is being deleted")), json_reply, 409, "it is being deleted"),
        (refused(ZeroDivisionError("the inside of kube9")), json_reply, 500, "its log says what"),
        (answered({}), broken, 500, "its log says what"),
    ],
    ids=["answer", "refusal", "bug-in-the-cluster", "bug-in-the-view"],
)
def test_whatever_comes_of_it_is_an_answer_and_whoever_watches_hears_of_it(request_, reply, status, told):
    later, heard = Later(request_, reply), []
    later.watch = heard.append
    answer = later.answer()
    assert answer.status_code == status
    assert told in answer.get_data(as_text=True)
    assert "inside" not in answer.get_data(as_text=True)
    assert heard == [answer]


@pytest.fixture
def sent():
    """What an answerer sent, by request; a request named ``broken`` is of a client that has gone."""
    return {}


@pytest.fixture
def answerer(sent):
    def send(request, response):
        if request == "broken":
            raise BrokenPipeError("nobody is there")
        sent[request] = response.get_data()

    answerer = Answerer(send)
    answerer.start()
    yield answerer
    answerer.close()


def test_answers_are_sent_as_they_become_known(answerer, sent):
    first, second = asked(), asked()
    answerer.take("first", Later(first, json_reply))
    answerer.take("second", Later(second, json_reply))
    second.answer(2)
    first.answer(1)
    answerer.take("third", Later(answered(3), json_reply))
    answerer.close()
    assert list(sent.items()) == [("second", b"2"), ("first", b"1"), ("third", b"3")]


def test_a_client_that_has_gone_keeps_nobody_else_from_an_answer(answerer, sent, caplog):
    with caplog.at_level(logging.ERROR, "kube9.api.later"):
        answerer.take("broken", Later(answered(1), json_reply))
        answerer.take("there", Later(answered(2), json_reply))
        answerer.close()
    assert sent == {"there": b"2"}
    assert "nobody is there" in caplog.text


class GatedStore:
    """A store whose commits wait until they are let through."""

    def __init__(self, store):
        self._store = store
        self.held, self.open = threading.Event(), threading.Event()
        self.open.set()

    def __getattr__(self, name):
        return getattr(self._store, name)

    def commit(self, changes, events=()):
        if not self.open.is_set():
            self.held.set()
            assert self.open.wait(PATIENCE_S), "the test has not opened the gate"
        self._store.commit(changes, events)


class TestThroughARealServer:
    #: More than the server has threads.
    PODS = 6

    @pytest.fixture
    def store(self):
        return []

    @pytest.fixture
    def plane(self, make_plane, store):
        def gated(real):
            store.append(GatedStore(real))
            return store[0]

        return make_plane(around_store=gated)

    @pytest.fixture
    def gate(self, plane, store):
        yield store[0]
        store[0].open.set()

    @pytest.fixture
    def server(self, plane, kube9, serve):
        limits = Limits(streams=1)
        return serve(create_app(plane, plugins=kube9.plugins, tokens=Tokens.of(TOKEN), limits=limits), threads=1)

    def test_no_thread_waits_for_a_commit(self, server, gate):
        gate.open.clear()
        asking = [self.send(server, "POST", "/v1/pods", {"metadata": {"name": f"p{n}"}}) for n in range(self.PODS)]
        assert gate.held.wait(PATIENCE_S)
        # All wait, on fewer threads than they are; there still is one for whoever else asks.
        assert self.answer(self.send(server, "GET", "/healthz"))[0] == 200
        gate.open.set()
        answers = [self.answer(connection) for connection in asking]
        assert [status for status, _ in answers] == [201] * self.PODS
        assert [told["metadata"]["name"] for _, told in answers] == [f"p{n}" for n in range(self.PODS)]

    def test_they_are_counted_by_what_they_were_answered_with(self, server, plane):
        for cpu, status in (("1", 201), ("1", 200), ("2", 409)):
            pod = {"metadata": {"name": "web"}, "spec": {"requests": {"cpu": cpu}}}
            assert self.answer(self.send(server, "POST", "/v1/pods", pod))[0] == status
        connection = self.send(server, "GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        counted = [line for line in lines if line.startswith("kube9_request_duration_seconds_count{")]
        assert 'kube9_request_duration_seconds_count{endpoint="launch_pod",status="2xx"} 2.0' in counted
        assert 'kube9_request_duration_seconds_count{endpoint="launch_pod",status="4xx"} 1.0' in counted

    def test_a_client_that_does_not_wait_gets_its_pod_all_the_same(self, server, gate, plane):
        gate.open.clear()
        connection = self.send(server, "POST", "/v1/pods", {"metadata": {"name": "web"}})
        assert gate.held.wait(PATIENCE_S)
        connection.close()
        gate.open.set()
        assert self.answer(self.send(server, "POST", "/v1/pods", {"metadata": {"name": "web"}}))[0] == 200
        assert [pod.name for pod in plane.view.pods()] == ["web"]

    @staticmethod
    def send(server, method, path, document=None):
        """The connection over which the answer will come."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        body = None if document is None else json.dumps({"spec": {"requests": {"cpu": "1"}}, **document})
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        return connection

    @staticmethod
    def answer(connection):
        answer = connection.getresponse()
        status, told = answer.status, json.loads(answer.read())
        connection.close()
        return status, told
