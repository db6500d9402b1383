from __future__ import annotations

import base64

import pytest

from kube9.api.application import RESOURCES

OPEN = {"/healthz", "/readyz"}
BEAT = "/v1/nodes/n1/heartbeat"


def every_endpoint():
    return [
        (endpoint.method, endpoint.path.replace("<name>", "n1"))
        for resource in RESOURCES
        for endpoint in resource.endpoints
    ]


@pytest.mark.parametrize("method,path", every_endpoint())
def test_nothing_answers_without_a_token_but_the_probes(api, method, path):
    answer = api.ask(method, path, token=None)
    if path in OPEN:
        assert answer.status_code == 200
    else:
        api.problem_of(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith(("Bearer ", "Basic "))


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
@pytest.mark.parametrize("path", ["/v1/pods", "/nowhere", "/"])
def test_without_a_token_nobody_learns_what_there_is(api, method, path):
    api.problem_of(api.ask(method, path, token=None), 401)


@pytest.mark.parametrize("token", ["wrong", "the-token-that-may-do-everythinG", "", "\u00e4"])
def test_a_wrong_token_is_none(api, token):
    api.problem_of(api.get("/v1/pods", token=token), 401)


def test_a_nodes_token_is_for_its_heartbeats_alone(api):
    token, other = (api.node(name)["ticket"]["token"] for name in ("n1", "n2"))
    assert api.post(BEAT, token=token).status_code == 200
    # Known, but not for this.
    told = api.problem_of(api.post(BEAT, token=other), 403)
    assert "'n2'" in told["detail"]
    for method, path in every_endpoint():
        if path not in OPEN and path != BEAT:
            api.problem_of(api.ask(method, path, token=token), 403)
    assert api.get("/v1/nodes").json["items"][0]["spec"]["unschedulable"] is False


def test_the_administrator_may_beat_for_any_node(api):
    api.node()
    assert api.post(BEAT).status_code == 200


def test_the_token_of_a_node_that_is_gone_is_none(api):
    token = api.node()["ticket"]["token"]
    assert api.delete("/v1/nodes/n1").status_code == 200
    api.until(lambda: api.plane.view.nodes() == [])
    api.problem_of(api.post(BEAT, token=token), 401)


def basic(token):
    return {"Authorization": "Basic " + base64.b64encode(f"anybody:{token}".encode()).decode()}


def test_a_browser_may_look_at_the_documentation_and_at_nothing_else(api):
    right = basic("the-token-that-may-do-everything")
    assert api.get("/docs", token=None, headers=right).status_code == 200
    assert api.get("/openapi.json", token=None, headers=right).status_code == 200
    api.problem_of(api.get("/docs", token=None, headers=basic("wrong")), 401)
    # A browser sends it along by itself, also where a page of a stranger made it ask.
    api.problem_of(api.get("/v1/nodes", token=None, headers=right), 401)
    api.problem_of(api.post("/v1/nodes/n1/drain", token=None, headers=right), 401)


def test_a_browser_is_asked_for_a_password_only_where_it_helps(api):
    assert api.get("/docs", token=None).headers["WWW-Authenticate"].startswith("Basic ")
    assert api.get("/v1/nodes", token=None).headers["WWW-Authenticate"].startswith("Bearer ")
