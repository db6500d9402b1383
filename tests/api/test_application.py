from __future__ import annotations

import logging

import pytest

from kube9.api import Limits, Tokens, create_app
from kube9.api.application import RESOURCES, services_of


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/pods/", "//v1/pods", "/v1/pods/a/b", "/v1/pods/%2e%2e", "/api"]
)
def test_there_is_nothing_elsewhere(api, path):
    told = api.problem_of(api.get(path), 404 if "%" not in path else 400)
    assert "<" not in told["detail"]


def test_a_method_that_is_not_there_is_answered_with_those_there_are(api):
    answer = api.ask("PUT", "/v1/pods")
    api.problem_of(answer, 405)
    assert {"GET", "HEAD", "OPTIONS", "POST"} == set(answer.headers["Allow"].split(", "))


def test_head_is_get_without_the_body(api):
    api.node()
    got, head = api.get("/v1/nodes/n1"), api.ask("HEAD", "/v1/nodes/n1")
    assert head.status_code == 200
    assert head.data == b""
    assert head.content_length == got.content_length


def test_options_tell_the_methods(api):
    answer = api.ask("OPTIONS", "/v1/nodes")
    assert answer.status_code == 200
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/v1/pods", "/healthz", "/metrics", "/nowhere", "/docs"])
def test_every_answer_says_how_it_may_be_used(api, path):
    answer = api.get(path)
    assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers.getlist("Cache-Control") == ["no-store"]
    assert "Set-Cookie" not in answer.headers


def test_a_body_that_is_too_large_is_refused(make_api):
    api = make_api(body_bytes=1000)
    api.problem_of(api.post("/v1/pods", {"items": "x" * 1000}), 413)


def test_a_body_of_another_kind_is_refused(api):
    told = api.problem_of(api.ask("POST", "/v1/pods", data="name=x"), 415)
    assert "Content-Type: application/json" in told["detail"]


def test_a_bug_is_answered_without_its_details(api, caplog):
    app = api.app

    @app.get("/bug")
    def bug():
        raise ZeroDivisionError("the inside of kube9")

    with caplog.at_level(logging.ERROR):
        answer = api.get("/bug")
    api.problem_of(answer, 500)
    assert "inside" not in answer.text
    assert "the inside of kube9" in caplog.text


def test_two_apps_live_in_one_process(plane, kube9, api):
    other = create_app(plane, plugins=kube9.plugins, tokens=Tokens.of("another"), limits=Limits(body_bytes=10))
    client = other.test_client()
    assert client.get("/v1/nodes", headers={"Authorization": "Bearer another"}).status_code == 200
    assert api.get("/v1/nodes").status_code == 200
    assert api.get("/v1/nodes", token="another").status_code == 401
    assert services_of(other) is not services_of(api.app)


def test_each_resource_and_endpoint_has_a_name_of_its_own():
    names = [resource.name for resource in RESOURCES]
    assert len(set(names)) == len(names)
    endpoints = [endpoint.name for resource in RESOURCES for endpoint in resource.endpoints]
    assert len(set(endpoints)) == len(endpoints)


def test_what_is_logged_says_nothing_secret(api, caplog):
    with caplog.at_level(logging.DEBUG):
        api.node()
        api.get("/v1/pods", token="a-wrong-token")
        api.post("/v1/pods", {"metadata": {"name": "secret-body"}, "spec": {"requests": {"cpu": "wrong-quantity"}}})
    assert "a-wrong-token" not in caplog.text
    assert "wrong-quantity" not in caplog.text
    assert "the-token-that-may-do-everything" not in caplog.text
