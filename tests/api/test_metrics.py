from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from kube9.agent.brain import PodUse


def metrics_of(api):
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_cluster_in_numbers(api):
    api.node("n1", cpu="4")
    api.node("n2", cpu="4")
    api.post("/v1/nodes/n2/cordon")
    api.pod("web", requests={"cpu": "1500m"})
    api.pod("large", requests={"cpu": "64"})
    api.until(lambda: api.get("/v1/pods/web").json["status"]["phase"] == "Running")
    found = metrics_of(api)
    assert found["kube9_nodes", (("phase", "Ready"),)] == 2
    assert found["kube9_nodes", (("phase", "Lost"),)] == 0
    assert found["kube9_nodes_cordoned", ()] == 1
    assert found["kube9_pods", (("phase", "Running"),)] == 1
    assert found["kube9_pods_waiting", ()] == 1
    assert found["kube9_capacity", (("resource", "cpu"),)] == 8000
    assert found["kube9_allocated", (("resource", "cpu"),)] == 1500
    assert found["kube9_moves_held", ()] == 0
    assert found["kube9_ready", ()] == found["kube9_store_ok", ()] == 1
    assert found["kube9_commits_total", ()] >= 1
    assert found["kube9_events_total", ()] == api.get("/v1/status").json["lastEventId"]


def test_requests_are_timed_by_endpoint_and_kind_of_answer(api):
    api.get("/v1/pods")
    api.get("/v1/pods/nope")
    api.get("/nowhere")
    api.get("/v1/pods", token="wrong")
    found = metrics_of(api)

    def count(endpoint, status):
        return found["kube9_request_duration_seconds_count", (("endpoint", endpoint), ("status", status))]

    assert count("list_pods", "2xx") == 1
    assert count("list_pods", "4xx") == 1
    assert count("show_pod", "4xx") == 1
    assert count("none", "4xx") == 1


def test_no_label_can_be_made_from_outside(api):
    api.node("a-very-special-node")
    api.pod("a-very-special-pod")
    api.get("/a-very-special-path")
    assert "special" not in api.get("/metrics").text


def test_each_app_counts_for_itself(make_api):
    one, other = make_api(), make_api()
    one.get("/v1/pods")
    key = ("kube9_request_duration_seconds_count", (("endpoint", "list_pods"), ("status", "2xx")))
    assert metrics_of(one)[key] == 1
    assert key not in metrics_of(other)


def test_what_is_measured_is_told_where_anything_is(api):
    api.node()
    key = "kube9_measured", (("resource", "memory"),)
    assert key not in metrics_of(api)
    api.plane.usage.note(api.plane.view.node("n1").uid, (PodUse("p", 1, 250, 2**20), PodUse("q", 1, 50, 1)))
    found = metrics_of(api)
    assert (found[key], found["kube9_measured", (("resource", "cpu"),)]) == (2**20 + 1, 300)
    assert found["kube9_commands", ()] == 0
