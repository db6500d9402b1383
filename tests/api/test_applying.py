from __future__ import annotations


def results(answer):
    assert answer.status_code == 200, answer.text
    return [(item["kind"], item["name"], item["result"]) for item in answer.json["items"]]


def test_documents_of_any_kind_in_any_order(api):
    items = [
        api.document("Deployment", api.deployment_manifest("web", 1)),
        api.document("Pod", api.pod_manifest("job")),
        api.document("Node", api.node_manifest("n1", cpu="4")),
    ]
    done = [("Deployment", "web", "created"), ("Pod", "job", "created"), ("Node", "n1", "created")]
    assert results(api.post("/v1/apply", {"items": items})) == done
    same = [(kind, name, "unchanged") for kind, name, _ in done]
    assert results(api.post("/v1/apply", {"kind": "List", "items": items})) == same
    items[0]["spec"]["replicas"] = 2
    assert results(api.post("/v1/apply", {"items": items}))[0] == ("Deployment", "web", "configured")


def test_a_pod_is_told_with_its_node_or_its_reason(api):
    api.node("n1", cpu="1")
    pods = [api.pod_manifest("small"), api.pod_manifest("large", requests={"cpu": "9"})]
    answer = api.post("/v1/apply", {"items": [api.document("Pod", pod) for pod in pods]})
    small, large = answer.json["items"]
    assert small["nodeName"] == "n1"
    assert (large["nodeName"], large["reason"]) == (None, "0 of 1 nodes fit: 1 insufficient cpu")


def test_nothing_is_done_where_anything_is_wrong(api):
    node = api.document("Node", {"metadata": {"name": "n2"}, "spec": {"capacity": {"cpu": "1"}, "backend": "nope"}})
    wrong = [
        api.document("Pod", api.pod_manifest("fine")),
        api.document("Pod", api.pod_manifest("BAD")),
        {"apiVersion": "v1", "kind": "Gadget", "metadata": {"name": "x"}},
        api.document("Pod", api.pod_manifest("fine")),
    ]
    assert api.paths_of(api.post("/v1/apply", {"items": wrong})) == [
        "items[1].metadata.name",
        "items[2].kind",
        "items[3].metadata.name",
    ]
    unknown = [
        api.document("Pod", api.pod_manifest("fine")),
        api.document("Pod", api.pod_manifest("lost", schedulerName="nope")),
        api.document("Deployment", api.deployment_manifest("web", 1, schedulerName="nope")),
        node,
    ]
    assert api.paths_of(api.post("/v1/apply", {"items": unknown})) == [
        "items[1].spec.schedulerName",
        "items[2].spec.template.spec.schedulerName",
        "items[3].spec.backend",
    ]
    assert api.get("/v1/pods").json["items"] == []


def test_what_is_left_out_is_said(api):
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {}}
    answer = api.post("/v1/apply", {"items": [service, api.document("Pod", api.pod_manifest("web"))]})
    assert results(answer) == [("Service", "web", "skipped"), ("Pod", "web", "created")]
    assert answer.json["warnings"][0].startswith("items[0]: ")


def test_configs_of_the_set_become_part_of_its_pods(api):
    config = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"word": "hunter2"}}
    container = {"name": "a", "image": "b", "envFrom": [{"secretRef": {"name": "login"}}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [container]}}
    answer = api.post("/v1/apply", {"items": [pod, config]})
    assert results(answer)[0] == ("Pod", "web", "created")
    shown = api.get("/v1/pods/web")
    assert "word" in shown.text
    assert "hunter2" not in shown.text + answer.text


def test_a_pod_cannot_be_changed(api):
    api.pod("web")
    changed = api.document("Pod", api.pod_manifest("web", requests={"cpu": "2"}))
    api.problem_of(api.post("/v1/apply", {"items": [changed]}), 409)


def test_the_namespace_of_all_may_stand_in_the_query(api):
    answer = api.post("/v1/apply?namespace=blue", {"items": [api.document("Pod", api.pod_manifest("web"))]})
    assert answer.json["items"][0]["namespace"] == "blue"
