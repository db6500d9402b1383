from __future__ import annotations

import pytest

from kube9.agent.brain import PodUse


def phase_of(api, name):
    return api.get(f"/v1/nodes/{name}").json["status"]["phase"]


def test_a_node_is_added_and_gets_its_ticket_once(api):
    manifest = api.node_manifest("n1", cpu="4", memory="8Gi")
    first = api.post("/v1/nodes", manifest)
    assert first.status_code == 201
    assert first.headers["Location"] == "/v1/nodes/n1"
    assert first.json["node"]["metadata"]["uid"] == first.json["ticket"]["nodeUid"]
    assert first.json["ticket"]["serverUrl"] == "http://127.0.0.1:9009"
    again = api.post("/v1/nodes", manifest)
    assert again.status_code == 200
    assert again.json["ticket"] is None
    assert again.json["node"]["metadata"] == first.json["node"]["metadata"]


def test_another_node_of_the_name_is_refused(api):
    api.node("n1")
    told = api.problem_of(api.post("/v1/nodes", api.node_manifest("n1", cpu="8")), 409)
    assert "n1" in told["detail"]


def test_a_key_is_one_node(api):
    manifest, key = api.node_manifest("n1", cpu="4"), {"Idempotency-Key": "k"}
    first = api.post("/v1/nodes", manifest, headers=key)
    assert first.status_code == 201
    assert api.post("/v1/nodes", manifest, headers=key).status_code == 200
    api.problem_of(api.post("/v1/nodes", api.node_manifest("n2", cpu="4"), headers=key), 409)


def test_every_fault_of_a_manifest_is_told_with_its_path(api):
    manifest = {"kind": "Node", "metadata": {"name": "N"}, "spec": {"capacity": {"cpu": "4x"}, "colour": "red"}}
    assert api.paths_of(api.post("/v1/nodes", manifest)) == ["metadata.name", "spec.capacity.cpu", "spec.colour"]


def test_a_backend_that_is_not_there_is_told(api):
    manifest = api.node_manifest("n1", cpu="4")
    manifest["spec"]["backend"] = "memry"
    told = api.problem_of(api.post("/v1/nodes", manifest), 404)
    assert "memory" in told["detail"]


def test_what_is_used_and_free_of_a_node(api):
    api.node("n1", cpu="4", memory="8Gi", pods="10")
    api.pod("web", requests={"cpu": "1500m", "memory": "1Gi"})
    status = api.get("/v1/nodes/n1").json["status"]
    assert status["used"] == {"cpu": "1500m", "memory": "1Gi"}
    assert status["allocatable"] == {"cpu": "2500m", "memory": "7Gi", "pods": "9"}
    assert status["pods"] == 1


def test_nodes_are_listed_in_pages_and_by_label_and_phase(api):
    for index in range(5):
        manifest = api.node_manifest(f"n{index}", cpu="1")
        manifest["metadata"]["labels"] = {"zone": "ab"[index % 2]}
        api.post("/v1/nodes", manifest)
    api.until(lambda: all(node.phase.value == "Ready" for node in api.plane.view.nodes()))
    first = api.get("/v1/nodes?limit=2").json
    assert first["metadata"]["remainingItemCount"] == 3
    rest = api.get("/v1/nodes", query_string={"continue": first["metadata"]["continue"]}).json
    names = [node["metadata"]["name"] for node in first["items"] + rest["items"]]
    assert names == [f"n{index}" for index in range(5)]
    assert rest["metadata"] == {}
    zoned = api.get("/v1/nodes?labelSelector=zone+in+(b)").json["items"]
    assert [node["metadata"]["name"] for node in zoned] == ["n1", "n3"]
    assert len(api.get("/v1/nodes?phase=Ready").json["items"]) == 5
    assert api.get("/v1/nodes?phase=Lost").json["items"] == []


@pytest.mark.parametrize(
    "query,path",
    [
        ("limit=0", "limit"),
        ("continue=x", "continue"),
        ("labelSelector=a==", None),
        ("labelSelector=,", "labelSelector"),
        ("phase=ready", "phase"),
        ("colour=red", "colour"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_query_is_read_strictly(api, query, path):
    answer = api.get(f"/v1/nodes?{query}")
    if path is None:
        assert answer.status_code == 200
    else:
        assert api.paths_of(answer) == [path]


def test_a_node_that_is_not_there(api):
    for method, path in [("GET", ""), ("DELETE", ""), *(("POST", verb) for verb in ("/cordon", "/drain", "/fail"))]:
        told = api.problem_of(api.ask(method, f"/v1/nodes/nope{path}"), 404)
        assert "nope" in told["detail"]


def test_what_cannot_be_a_name_is_said_to_be_none(api):
    assert api.paths_of(api.get("/v1/nodes/N_1")) == ["name"]


def test_cordon_and_uncordon(api):
    api.node()
    assert api.post("/v1/nodes/n1/cordon").json["spec"]["unschedulable"] is True
    waiting = api.pod("web")["status"]
    assert waiting["phase"] == "Pending"
    assert "0 of 1 nodes" in waiting["reason"]
    assert api.post("/v1/nodes/n1/uncordon", {}).json["spec"]["unschedulable"] is False
    api.until(lambda: api.get("/v1/pods/web").json["status"]["nodeName"] == "n1")


def test_drain_moves_pods(api):
    api.node("n1")
    api.pod("web")
    api.node("n2")
    answer = api.post("/v1/nodes/n1/drain", {"gracePeriodSeconds": 0})
    assert answer.status_code == 200
    assert answer.json["spec"]["unschedulable"] is True
    api.until(lambda: api.get("/v1/pods/web").json["status"]["nodeName"] == "n2")
    api.until(lambda: api.get("/v1/nodes/n1").json["status"]["drain"] is None)
    assert api.get("/v1/nodes/n1").json["spec"]["unschedulable"] is True


def test_a_drain_tells_how_far_it_is_and_can_be_undone(api):
    api.node("n1")
    api.pod("web")
    answer = api.post("/v1/nodes/n1/drain", {"deadlineSeconds": 60}).json["status"]["drain"]
    assert (answer["total"], answer["left"], answer["moving"]) == (1, 1, 0)
    assert answer["waitingFor"] == "room for web: 0 of 1 nodes fit: 1 cordoned"
    assert answer["deadline"] > answer["startedAt"]
    assert api.post("/v1/nodes/n1/drain", {"noDeadline": True}).json["status"]["drain"]["deadline"] is None
    kept = api.ask("DELETE", "/v1/nodes/n1/drain?keepCordoned=true").json
    assert (kept["status"]["drain"], kept["spec"]["unschedulable"]) == (None, True)
    assert api.ask("DELETE", "/v1/nodes/n1/drain").json["spec"]["unschedulable"] is False
    assert api.get("/v1/pods/web").json["status"]["nodeName"] == "n1"


@pytest.mark.parametrize(
    "path,body,wrong",
    [
        ("drain", {"gracePeriodSeconds": -1}, "gracePeriodSeconds"),
        ("drain", {"gracePeriodSeconds": "5"}, "gracePeriodSeconds"),
        ("drain", {"grace": 5}, "grace"),
        ("drain", {"deadlineSeconds": 604_801}, "deadlineSeconds"),
        ("drain", {"deadlineSeconds": 1, "noDeadline": True}, "noDeadline"),
        ("drain", {"parallel": True}, "parallel"),
        ("drain", {"intervalSeconds": "1s"}, "intervalSeconds"),
        ("drain", {"moveBatch": 1}, "moveBatch"),
        ("fail", {"permanent": "yes"}, "permanent"),
        ("fail", {"downForSeconds": [1]}, "downForSeconds"),
    ],
)
def test_options_are_read_strictly(api, path, body, wrong):
    api.node()
    assert api.paths_of(api.post(f"/v1/nodes/n1/{path}", body)) == [wrong]


def test_a_node_that_fails_is_found_out_and_can_be_struck_out(make_plane, make_api):
    api = make_api()
    api.node("n1")
    api.problem_of(api.delete("/v1/nodes/n1?force=true"), 409)
    assert api.post("/v1/nodes/n1/fail", {"permanent": True}).status_code == 200
    api.until(lambda: phase_of(api, "n1") in ("Failed", "Recovering", "Lost"))
    # Its backend is sure that nothing runs there any more, and says so once it takes the node down.
    api.until(lambda: api.delete("/v1/nodes/n1?force=true").status_code == 204)
    api.problem_of(api.get("/v1/nodes/n1"), 404)


def test_a_node_is_taken_away(api):
    api.node()
    assert api.delete("/v1/nodes/n1").json["status"]["deleting"] is True
    api.until(lambda: api.get("/v1/nodes/n1").status_code == 404)


def test_health_of_all_at_a_glance(api):
    api.node("n1")
    api.node("n2")
    told = api.get("/v1/health").json
    assert told["movesHeld"] is None
    found = told["items"]
    assert [(each["name"], each["phase"], each["failures"]) for each in found] == [
        ("n1", "Ready", 0),
        ("n2", "Ready", 0),
    ]


def test_a_heartbeat_is_told_when_the_next_is_due(api):
    api.node()
    told = api.post("/v1/nodes/n1/heartbeat").json
    assert 0 < told["intervalMillis"] < told["leaseMillis"]


def test_what_its_pods_take_is_told_where_it_is_measured(api):
    api.node()
    api.pod("web")
    api.until(lambda: api.get("/v1/pods/web").json["status"]["phase"] == "Running")
    shown = [api.get(path).json["status"] for path in ("/v1/nodes/n1", "/v1/pods/web")]
    assert ["usage" in status for status in shown] == [False, False]
    pod = api.plane.view.pod("default", "web")
    api.plane.usage.note(pod.node_uid, (PodUse(pod.uid, pod.epoch, 1500, 3 * 2**20), PodUse("other", 1, 500, 0)))
    assert api.get("/v1/pods/web").json["status"]["usage"] == {"cpu": "1500m", "memory": "3Mi"}
    assert api.get("/v1/nodes/n1").json["status"]["usage"] == {"cpu": "2", "memory": "3Mi"}
    assert api.get("/v1/nodes").json["items"][0]["status"]["usage"] == {"cpu": "2", "memory": "3Mi"}
    # What was measured of a node that is gone is not true any more.
    api.post("/v1/nodes/n1/fail", {"permanent": True})
    api.until(lambda: "usage" not in api.get("/v1/nodes/n1").json["status"])
