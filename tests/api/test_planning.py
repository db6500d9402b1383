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


class TestWhatIsSupposed:
    def test_pods_of_nodes_that_fail_or_are_drained_are_told_with_where_they_would_go(self, api):
        for name in ("n1", "n2", "n3"):
            api.node(name, cpu="1")
        for name in "abc":
            api.pod(name, requests={"cpu": "600m"})
        answer = api.post("/v1/plan", {"fail": ["n1"], "add": [api.node_manifest("n4", cpu="1")]})
        assert answer.status_code == 200, answer.text
        assert answer.json["items"] == []
        assert answer.json["moves"] == [
            {
                "name": "a",
                "namespace": "default",
                "cause": "failed",
                "fromNode": "n1",
                "toNode": "n4",
                "reason": "",
            }
        ]
        assert answer.json["stillWaiting"] == 0
        losses = answer.json["losses"]
        assert (losses["nodes"], losses["inARow"], losses["then"]["nodeName"]) == (3, 0, "n2")
        assert losses["alone"][0] == {
            "nodeName": "n2",
            "pods": [{"name": "b", "namespace": "default"}],
            "reason": "0 of 4 nodes fit: 2 insufficient cpu, 2 recovering",
        }
        assert [pod["status"]["nodeName"] for pod in api.get("/v1/pods").json["items"]] == ["n1", "n2", "n3"]
        assert len(api.get("/v1/nodes").json["items"]) == 3

    def test_together_with_pods_that_are_asked_for(self, api):
        api.node("n1", cpu="1")
        api.node("n2", cpu="1")
        api.pod("a", requests={"cpu": "600m"})
        wanted = [api.document("Pod", api.pod_manifest(name, requests={"cpu": "300m"})) for name in ("a", "b", "c")]
        answer = api.post("/v1/plan", {"items": wanted, "drain": ["n1"], "losses": False})
        assert planned(answer) == [("a", "n1", True), ("b", "n2", False), ("c", None, False)]
        assert [move["toNode"] for move in answer.json["moves"]] == ["n2"]
        assert answer.json["losses"] is None

    def test_what_could_be_lost_without_anything_else(self, api):
        api.node("n1")
        answer = api.post("/v1/plan", {"losses": True})
        assert answer.json == {
            "items": [],
            "moves": [],
            "stillWaiting": 0,
            "losses": {"nodes": 1, "alone": [], "inARow": 1, "then": None},
            "warnings": [],
        }

    def test_an_answer_to_a_plan_alone_is_what_it_was(self, api):
        assert api.post("/v1/plan", {"items": []}).json.keys() == {"items", "warnings"}
        assert api.paths_of(api.post("/v1/plan", {})) == ["items"]
