from __future__ import annotations


def test_each_of_a_list_has_its_own_answer(api):
    api.node("n1", cpu="1")
    items = [
        api.pod_manifest("small"),
        api.pod_manifest("BAD"),
        api.pod_manifest("large", requests={"cpu": "16"}),
        api.pod_manifest("small", requests={"cpu": "1"}),
        "nonsense",
        api.document("Node", api.node_manifest("n9", cpu="1")),
        api.document("Pod", api.pod_manifest("said")),
    ]
    answer = api.post("/v1/pods", {"kind": "PodList", "items": items})
    assert answer.status_code == 200
    small, bad, large, taken, nonsense, node, said = answer.json["items"]
    assert (small["name"], small["nodeName"], small["created"]) == ("small", "n1", True)
    assert (large["phase"], large["nodeName"]) == ("Pending", None)
    assert large["reason"].startswith("0 of 1 nodes fit")
    assert bad["problem"]["problems"][0]["path"] == "items[1].metadata.name"
    assert taken["problem"]["status"] == 409
    assert nonsense["problem"]["problems"][0]["path"] == "items[4]"
    assert node["problem"]["problems"][0]["path"] == "items[5].kind"
    assert said["created"] is True


def test_a_list_under_a_key_is_created_once(api):
    body = {"kind": "List", "items": [api.pod_manifest(f"p{index}") for index in range(3)]}
    first, again = (api.post("/v1/pods", body, headers={"Idempotency-Key": "k"}).json["items"] for _ in range(2))
    assert [item["created"] for item in first] == [True] * 3
    assert [item["created"] for item in again] == [False] * 3
    assert [item["uid"] for item in first] == [item["uid"] for item in again]


def test_a_list_of_nothing_is_nothing(api):
    nothing = {"kind": "PodList", "items": []}
    assert api.post("/v1/pods", nothing).json == {"items": []}
    # It is read all the same.
    key = {"Idempotency-Key": "x" * 300}
    assert api.paths_of(api.post("/v1/pods", nothing, headers=key)) == ["Idempotency-Key"]


def test_a_list_may_not_be_longer_than_it_may(make_api):
    api = make_api(items=2)
    body = {"kind": "PodList", "items": [api.pod_manifest(f"p{index}") for index in range(3)]}
    assert api.paths_of(api.post("/v1/pods", body)) == ["items"]
    assert api.get("/v1/pods").json["items"] == []


def test_what_is_not_honoured_is_said_beside_its_answer(api):
    item = {"metadata": {"name": "web"}, "spec": {"serviceAccountName": "x", "requests": {"cpu": "1"}}}
    (answer,) = api.post("/v1/pods", {"kind": "PodList", "items": [item]}).json["items"]
    assert "serviceAccountName" in answer["warnings"][0]


def test_the_namespace_may_stand_in_the_query(api):
    (answer,) = api.post("/v1/pods?namespace=blue", {"kind": "List", "items": [api.pod_manifest("web")]}).json["items"]
    assert answer["namespace"] == "blue"
