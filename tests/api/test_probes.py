from __future__ import annotations


def test_a_server_that_takes_work_says_so_to_anybody(api):
    for path in ("/healthz", "/readyz"):
        answer = api.get(path, token=None)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_a_server_that_is_ending_is_there_but_not_ready(api):
    api.plane.stop()
    assert api.get("/healthz", token=None).status_code == 200
    answer = api.get("/readyz", token=None)
    assert answer.status_code == 503
    assert answer.json == {"status": "unready", "reason": "the control plane is shutting down"}
    assert answer.headers["Retry-After"] == "2"


def test_a_server_that_is_ending_answers_questions_and_refuses_work(api):
    api.node()
    api.plane.stop()
    assert api.get("/v1/nodes/n1").status_code == 200
    for method, path, body in [
        ("POST", "/v1/pods", api.pod_manifest("web")),
        ("POST", "/v1/pods", {"kind": "List", "items": [api.pod_manifest("web")]}),
        ("POST", "/v1/nodes/n1/cordon", None),
        ("DELETE", "/v1/nodes/n1", None),
        ("POST", "/v1/plan", {"items": []}),
    ]:
        answer = api.ask(method, path, body)
        told = api.problem_of(answer, 503)
        assert told["title"] == "Not running"
        assert int(answer.headers["Retry-After"]) > 0
