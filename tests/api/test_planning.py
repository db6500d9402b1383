from __future__ import annotations


def planned(answer):
    assert answer.status_code == 200, answer.text
    return [(item["name"], item["nodeName"], item["exists"]) for item in answer.json["items"]]


def test_a_plan_says_what_would_land_where_and_changes_nothing(api):
    api.node("n1", cpu="1")
    api.node("n2", cpu="2")
    items = [api.document("Pod", api.pod_manifest(name, requests={"cpu": "900m"})) for name in "abcd"]
    answer = api.post("/v1/plan", {"items": items})
    assert planned(answer) == [("a", "n1", False), ("b", "n2", False), ("c", "n2", False), ("d", None, False)]
    assert "insufficient cpu" in answer.json["items"][-1]["reason"]
    assert api.get("/v1/pods").json["items"] == []


def test_of_a_deployment_those_are_planned_that_it_has_not(api):
    api.node()
    assert planned(
        api.post("/v1/plan", {"items": [api.document("Deployment", api.deployment_manifest("web", 2))]})
    ) == [
        ("web-1", "n1", False),
        ("web-2", "n1", False),
    ]
    api.post("/v1/deployments", api.deployment_manifest("web", 2))
    more = {"items": [api.document("Deployment", api.deployment_manifest("web", 3))]}
    assert planned(api.post("/v1/plan", more)) == [("web-3", "n1", False)]


def test_what_is_there_is_told_with_its_node(api):
    api.node()
    api.pod("web")
    assert planned(api.post("/v1/plan", {"items": [api.document("Pod", api.pod_manifest("web"))]})) == [
        ("web", "n1", True)
    ]


def test_nodes_are_not_counted_on(api):
    items = [api.document("Node", api.node_manifest("n1", cpu="4")), api.document("Pod", api.pod_manifest("web"))]
    answer = api.post("/v1/plan", {"items": items})
    assert planned(answer) == [("web", None, False)]
    assert answer.json["warnings"] == ["items[0]: a node is not counted on before it is there"]


def test_a_plan_has_a_limit(make_api):
    api = make_api(items=10)
    body = {"items": [api.document("Deployment", api.deployment_manifest("web", 11))]}
    assert api.paths_of(api.post("/v1/plan", body)) == ["items[0].spec.replicas"]


def test_an_unknown_scheduler_is_a_reason(api):
    body = {"items": [api.document("Pod", api.pod_manifest("web", schedulerName="nope"))]}
    answer = api.post("/v1/plan", body)
    assert answer.status_code in (200, 404)
    assert "nope" in answer.text
