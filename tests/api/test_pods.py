from __future__ import annotations

import pytest


def test_a_pod_is_answered_with_its_node(api):
    api.node()
    answer = api.post("/v1/pods", api.pod_manifest("web"))
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/v1/pods/web?namespace=default"
    assert answer.json["status"]["nodeName"] == "n1"
    assert answer.json["status"]["epoch"] == 1


def test_a_pod_without_room_is_answered_with_the_counted_reason(api):
    api.node("n1", cpu="1")
    api.node("n2", cpu="2")
    status = api.pod("web", requests={"cpu": "16"})["status"]
    assert (status["phase"], status["nodeName"]) == ("Pending", None)
    assert status["reason"] == "0 of 2 nodes fit: 2 insufficient cpu"


def test_the_same_pod_again_is_the_same_pod(api):
    first = api.pod("web")
    again = api.post("/v1/pods", api.pod_manifest("web"))
    assert again.status_code == 200
    assert again.json["metadata"]["uid"] == first["metadata"]["uid"]
    api.problem_of(api.post("/v1/pods", api.pod_manifest("web", requests={"cpu": "2"})), 409)


def test_a_key_is_one_pod(api):
    key = {"Idempotency-Key": "k"}
    first = api.post("/v1/pods", api.pod_manifest("web"), headers=key)
    again = api.post("/v1/pods", api.pod_manifest("web"), headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["metadata"]["uid"] == again.json["metadata"]["uid"]
    api.problem_of(api.post("/v1/pods", api.pod_manifest("other"), headers=key), 409)
    assert api.paths_of(api.post("/v1/pods", api.pod_manifest("x"), headers={"Idempotency-Key": "x" * 300})) == [
        "Idempotency-Key"
    ]


def test_kubernetes_own_pods_are_taken_and_what_is_not_honoured_is_said(api):
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"serviceAccountName": "robot", "containers": [{"name": "main", "image": "busybox"}]},
    }
    answer = api.post("/v1/pods", manifest)
    assert answer.status_code == 201
    (warning,) = answer.headers.getlist("Warning")
    assert warning.startswith('299 kube9 "spec.serviceAccountName: ')


def test_every_fault_is_told_with_its_path(api):
    manifest = {"metadata": {"name": "-"}, "spec": {"containers": [{"name": "a", "imgae": "x", "args": "-v"}]}}
    assert set(api.paths_of(api.post("/v1/pods", manifest))) == {
        "metadata.name",
        "spec.containers[0].imgae",
        "spec.containers[0].args",
    }


def test_a_scheduler_that_is_not_there_is_told(api):
    told = api.problem_of(api.post("/v1/pods", api.pod_manifest("web", schedulerName="bestfit")), 404)
    assert "best-fit" in told["detail"]


def test_the_namespace_may_stand_in_the_query(api):
    answer = api.post("/v1/pods?namespace=blue", api.pod_manifest("web"))
    assert answer.json["metadata"]["namespace"] == "blue"
    assert api.get("/v1/pods/web?namespace=blue").status_code == 200
    api.problem_of(api.get("/v1/pods/web"), 404)
    wrong = api.post("/v1/pods?namespace=blue", api.pod_manifest("web", namespace="red"))
    assert api.paths_of(wrong) == ["metadata.namespace"]


@pytest.fixture
def crowd(api):
    """Six pods on two nodes, in two namespaces, with labels; one waits."""
    api.node("n1", cpu="1")
    api.node("n2", cpu="2")
    for index in range(6):
        namespace, tier = ("blue", "front") if index % 2 else ("red", "back")
        manifest = api.pod_manifest(
            f"p{index}", namespace=namespace, labels={"tier": tier}, requests={"cpu": "600m" if index < 5 else "3"}
        )
        assert api.post("/v1/pods", manifest).status_code == 201
    return api


def names(answer):
    assert answer.status_code == 200, answer.text
    return [pod["metadata"]["name"] for pod in answer.json["items"]]


@pytest.mark.parametrize(
    "query,expected",
    [
        ("", ["p0", "p1", "p2", "p3", "p4", "p5"]),
        ("namespace=blue", ["p1", "p3", "p5"]),
        ("namespace=green", []),
        ("labelSelector=tier%3Dfront", ["p1", "p3", "p5"]),
        ("labelSelector=!tier", []),
        ("phase=Pending&namespace=blue", ["p5"]),
        ("nodeName=n1", ["p0"]),
        ("nodeName=n2&labelSelector=tier!%3Dback", ["p1", "p3"]),
        ("owner=nobody", []),
        ("limit=2", ["p0", "p1"]),
    ],
)
def test_pods_are_listed_by_what_is_asked(crowd, query, expected):
    assert names(crowd.get(f"/v1/pods?{query}")) == expected


def test_pages_go_on_where_they_ended_whatever_came_and_went(crowd):
    first = crowd.get("/v1/pods?limit=2").json
    assert first["metadata"]["remainingItemCount"] == 4
    assert crowd.delete("/v1/pods/p0?namespace=red&gracePeriodSeconds=0").status_code == 200
    crowd.until(lambda: crowd.get("/v1/pods/p0?namespace=red").status_code == 404)
    crowd.pod("late")
    answer = crowd.get("/v1/pods", query_string={"continue": first["metadata"]["continue"]})
    assert names(answer) == ["p2", "p3", "p4", "p5", "late"]


def test_a_list_shows_each_pod_as_it_is_now(api):
    api.node()
    api.pod("web")
    api.until(lambda: api.get("/v1/pods/web").json["status"]["phase"] == "Running")
    (listed,) = api.get("/v1/pods").json["items"]
    assert listed == api.get("/v1/pods/web").json
    assert listed["status"]["phase"] == "Running"
    api.delete("/v1/pods/web")
    api.until(lambda: api.get("/v1/pods").json["items"] == [])


def test_a_node_that_is_not_there_lists_nothing_but_says_so(api):
    api.problem_of(api.get("/v1/pods?nodeName=nope"), 404)


def test_a_pod_is_deleted(api):
    api.node()
    api.pod("web")
    assert api.delete("/v1/pods/web?gracePeriodSeconds=1.5").json["status"]["deleting"] is True
    api.until(lambda: api.get("/v1/pods/web").status_code == 404)
    api.problem_of(api.delete("/v1/pods/web"), 404)
    assert api.paths_of(api.delete("/v1/pods/web?gracePeriodSeconds=-1")) == ["gracePeriodSeconds"]


def test_a_pod_is_explained_node_by_node(api):
    api.node("n1", cpu="1")
    api.node("n2", cpu="8")
    api.pod("web", requests={"cpu": "2"})
    told = api.get("/v1/pods/web/explain").json
    assert (told["scheduler"], told["nodeName"], told["winner"]) == ("best-fit", "n2", "n2")
    one, two = told["nodes"]
    assert (one["name"], one["fits"], one["reason"], one["score"]) == ("n1", False, "insufficient cpu", None)
    assert (two["name"], two["fits"], two["reason"]) == ("n2", True, "")
    assert isinstance(two["score"], float)


def test_logs_are_text(api):
    api.node()
    api.pod("web")
    api.until(lambda: api.get("/v1/pods/web").json["status"]["phase"] == "Running")
    answer = api.get("/v1/pods/web/logs")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text.endswith("running\n")


def test_a_pod_that_waits_has_no_logs(api):
    api.pod("web")
    api.problem_of(api.get("/v1/pods/web/logs"), 409)


def test_a_secret_is_never_shown(api):
    config = {"name": "login", "secret": True, "data": {"password": "hunter2"}}
    api.node()
    launched = api.post("/v1/pods", api.pod_manifest("web", configs=[config]))
    assert launched.status_code == 201, launched.text
    shown = [launched, *(api.get(path) for path in ("/v1/pods", "/v1/pods/web", "/v1/events", "/v1/pods/web/explain"))]
    assert all("hunter2" not in answer.text for answer in shown)
    assert launched.json["spec"]["configs"][0]["data"] == {"password": None}
    broken = api.post("/v1/pods", api.pod_manifest("other", configs=[{**config, "data": {"password": ["hunter2"]}}]))
    assert "hunter2" not in broken.text
