from __future__ import annotations

import pytest
from flask import Flask, Response

from kube9.api import Limits, Tokens
from kube9.api import parameters as p
from kube9.api.endpoint import Answer, Endpoint, Resource
from kube9.api.errors import error_reply
from kube9.api.services import Services
from kube9.core.errors import Kube9Error

THINGS = Resource("things", "Of a test.")


@THINGS.endpoint(
    "POST", "/v1/things/<name>", query=(p.LIMIT, p.switch("force", "So that it may.")), keyed=True, answers={}
)
def change_thing(call, name):
    """Change a thing."""
    return told_as({"name": name, "key": call.key, **call.query, "json": call.json()})


@THINGS.endpoint("GET", "/v1/things", answers={200: Answer("All of them.", "ThingList")})
def list_things(call):
    """List things."""
    return told_as({"key": call.key, **call.query})


@THINGS.endpoint("POST", "/v1/things/<name>/stop", body="StopOptions", body_required=False, answers={})
def stop_thing(call, name):
    """Stop a thing."""
    return told_as(call.fields("after"))


def told_as(told):
    return Response(repr(told))


@pytest.fixture
def ask(plane, kube9):
    services = Services(
        plane=plane, plugins=kube9.plugins, tokens=Tokens.of("t"), limits=Limits(depth=3), resources=(THINGS,)
    )
    app = Flask("test")
    app.register_blueprint(THINGS.blueprint(services))
    app.register_error_handler(Kube9Error, error_reply)
    return app.test_client().open


def problems_of(answer):
    assert answer.status_code == 400
    return [problem["path"] for problem in answer.get_json(force=True)["problems"]]


def test_a_view_gets_all_of_a_request_as_values(ask):
    answer = ask("/v1/things/a?limit=3&force=true", method="POST", json={"b": 1}, headers={"Idempotency-Key": "k"})
    assert answer.text == repr({"name": "a", "key": "k", "limit": 3, "force": True, "json": {"b": 1}})


def test_what_is_not_given_has_its_default(ask):
    answer = ask("/v1/things/a", method="POST", json={})
    expected = {"name": "a", "key": None, "limit": p.LIMIT.default, "force": False, "json": {}}
    assert answer.text == repr(expected)


@pytest.mark.parametrize(
    "path,headers,document,wrong",
    [
        ("/v1/things/A_1", {}, {}, ["name"]),
        ("/v1/things/a?limit=x&force=x&more=1", {}, {}, ["limit", "force", "more"]),
        ("/v1/things/a", {"Idempotency-Key": ""}, {}, ["Idempotency-Key"]),
        ("/v1/things/a", {}, [], [""]),
        ("/v1/things/a", {}, {"a": [[[]]]}, [""]),
    ],
    ids=["name", "query", "key", "body", "limit-of-a-body"],
)
def test_what_cannot_be_used_never_comes_to_a_view(ask, path, headers, document, wrong):
    assert problems_of(ask(path, method="POST", json=document, headers=headers)) == wrong


def test_a_key_is_read_only_where_it_means_something(ask):
    assert ask("/v1/things", headers={"Idempotency-Key": "k"}).text == repr({"key": None})


def test_a_body_may_be_missing_where_all_of_its_fields_may(ask):
    assert ask("/v1/things/a/stop", method="POST").text == "{}"
    assert ask("/v1/things/a/stop", method="POST", json={"after": 1}).text == repr({"after": 1})
    assert problems_of(ask("/v1/things/a/stop", method="POST", json={"afterr": 1})) == ["afterr"]


def test_what_an_endpoint_is_called_and_where_it_is():
    endpoint = Endpoint(method="GET", path="/v1/<kind>/<string:name>/logs", view=change_thing, answers={}, tag="things")
    assert endpoint.name == "change_thing"
    assert endpoint.path_parameters == ("kind", "name")
    assert endpoint.template == "/v1/{kind}/{name}/logs"


def test_a_resource_has_its_endpoints_in_their_order():
    assert [endpoint.name for endpoint in THINGS.endpoints] == ["change_thing", "list_things", "stop_thing"]
    assert {endpoint.tag for endpoint in THINGS.endpoints} == {"things"}
