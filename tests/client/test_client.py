"""The client against a real server: every method, pages, keys, and events across a restart."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

import kube9
from kube9.client import Client
from kube9.core.errors import ApiError, ServerUnreachable


def pod(name, cpu="500m", **metadata):
    return {"metadata": {"name": name, **metadata}, "spec": {"requests": {"cpu": cpu}}}


def names(documents):
    return [document["metadata"]["name"] for document in documents]


@pytest.fixture
def client(live):
    with Client() as client:
        yield client


def test_it_is_public():
    assert kube9.Client is Client


def test_nodes_from_their_coming_to_their_going(live, client):
    answer = client.add_node({"metadata": {"name": "n1", "labels": {"zone": "a"}}, "spec": {"capacity": {"cpu": "4"}}})
    assert answer["node"]["metadata"]["name"] == "n1"
    assert answer["ticket"]["token"]
    live.wait_for("NodeReady")
    live.add_nodes("n2")
    assert names(client.nodes()) == ["n1", "n2"]
    assert names(client.nodes(selector="zone=a")) == ["n1"]
    assert client.node("n1")["status"]["phase"] == "Ready"
    assert [each["name"] for each in client.node_health()["items"]] == ["n1", "n2"]
    assert client.cordon_node("n1")["spec"]["unschedulable"] is True
    assert client.uncordon_node("n1")["spec"]["unschedulable"] is False
    assert client.drain_node("n1", grace_s=1.5)["spec"]["unschedulable"] is True
    assert client.cancel_drain("n1", keep_cordoned=True)["spec"]["unschedulable"] is True
    assert client.cancel_drain("n1")["spec"]["unschedulable"] is False
    pace = {"parallel": 2, "interval_s": 0.5, "move_batch": True}
    assert client.drain_node("n1", no_deadline=True, **pace)["spec"]["unschedulable"] is True
    assert client.drain_node("n1", deadline_s=0)["status"]["drain"] is None
    assert client.fail_node("n2", for_s=0.5)["metadata"]["name"] == "n2"
    client.delete_node("n1")
    live.wait_for("NodeDeleted")
    assert names(client.nodes()) == ["n2"]


def test_a_node_that_is_gone_for_good_can_be_forgotten(live, client):
    live.add_nodes("n1")
    client.fail_node("n1", permanent=True)
    live.wait_for("NodeFenced")
    assert client.delete_node("n1", force=True) is None
    assert list(client.nodes()) == []


def test_pods_from_their_coming_to_their_going(live, client):
    live.add_nodes("n1")
    assert client.launch_pod(pod("web", labels={"app": "web"}))["status"]["nodeName"] == "n1"
    assert client.launch_pod(pod("big", cpu="64"))["status"]["reason"] == "0 of 1 nodes fit: 1 insufficient cpu"
    client.launch_pod(pod("web", namespace="other"))
    assert names(client.pods()) == ["web", "big", "web"]
    assert names(client.pods(namespace="default", phase="Pending")) == ["big"]
    assert names(client.pods(selector="app")) == ["web"]
    assert len(list(client.pods(node="n1"))) == 2
    assert client.pod("web", namespace="other")["metadata"]["namespace"] == "other"
    assert client.explain_pod("big")["nodes"][0]["reason"] == "insufficient cpu"
    live.wait_for("PodRunning", 2)
    assert b"running" in b"".join(client.pod_logs("web"))
    client.delete_pod("web", grace_s=0)
    live.wait_for("PodDeleted")
    with pytest.raises(ApiError, match="there is no pod 'web'") as caught:
        client.pod("web")
    assert caught.value.status == 404


def test_many_pods_are_answered_one_by_one(live, client):
    live.add_nodes("n1")
    first, wrong, waits = client.launch_pods([pod("a"), pod("a", cpu="1"), pod("b", cpu="64")])
    assert (first["nodeName"], first["created"]) == ("n1", True)
    assert wrong["problem"]["status"] == 409
    assert waits["phase"] == "Pending"


def test_lists_are_read_page_by_page(live, client):
    count = 1_203
    answers = client.launch_pods([pod(f"p{number}") for number in range(count)])
    assert len(answers) == count
    assert names(client.pods()) == [f"p{number}" for number in range(count)]
    begun = client.pods()
    assert names(islice(begun, 3)) == ["p0", "p1", "p2"]


def test_one_page_says_how_to_go_on(live, client):
    live.add_nodes("n1", "n2", "n3")
    page = client.node_page(limit=2)
    assert names(page["items"]) == ["n1", "n2"]
    assert names(client.node_page(limit=2, after=page["metadata"]["continue"])["items"]) == ["n3"]
    assert names(client.node_page(limit=2, phase="Lost")["items"]) == []
    client.launch_pods([pod("a"), pod("b", labels={"app": "web"}), pod("c", cpu="99"), pod("d", namespace="team")])
    page = client.pod_page(limit=1, namespace="default")
    assert names(page["items"]) == ["a"]
    page = client.pod_page(limit=1, namespace="default", after=page["metadata"]["continue"])
    assert names(page["items"]) == ["b"]
    assert page["metadata"]["remainingItemCount"] == 1
    assert names(client.pod_page(limit=9, phase="Pending")["items"]) == ["c"]
    assert names(client.pod_page(limit=9, selector="app=web")["items"]) == ["b"]
    placed = client.pod("b")["status"]["nodeName"]
    assert "b" in names(client.pod_page(limit=9, node=placed)["items"])


def test_a_key_makes_one_of_two(live, client):
    live.add_nodes("n1")
    first = client.launch_pod(pod("web"), key="deploy-7")
    assert client.launch_pod(pod("web"), key="deploy-7")["metadata"]["uid"] == first["metadata"]["uid"]
    with pytest.raises(ApiError, match="already") as caught:
        client.launch_pod(pod("web", cpu="1"))
    assert caught.value.status == 409


def test_what_would_become_of_the_cluster(live, client):
    live.add_nodes("n1", "n2")
    client.launch_pod(pod("web"))
    new = {"metadata": {"name": "new"}, "spec": {"capacity": {"cpu": "64"}}}
    answer = client.plan([pod("big", cpu="64") | {"apiVersion": "kube9/v1", "kind": "Pod"}], fail=["n1"], add=[new])
    assert [(each["name"], each["toNode"]) for each in answer["moves"]] == [("web", "n2")]
    assert [each["nodeName"] for each in answer["items"]] == ["new"]
    assert answer["losses"]["nodes"] == 2
    assert client.plan(drain=["n1"], losses=False)["losses"] is None
    assert client.plan(losses=True)["losses"]["nodes"] == 2
    assert "moves" not in client.plan()


def test_deployments(live, client):
    live.add_nodes("n1")
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "nginx"}]},
            },
        },
    }
    planned = client.plan([document])["items"]
    assert [(each["name"], each["nodeName"]) for each in planned] == [("web-1", "n1"), ("web-2", "n1")]
    assert list(client.pods()) == []
    assert client.apply([document])["items"][0]["result"] == "created"
    assert client.apply([document])["items"][0]["result"] == "unchanged"
    live.wait_for("PodRunning", 2)
    uid = client.deployment("web")["metadata"]["uid"]
    assert len(list(client.pods(owner=uid))) == 2
    assert client.scale_deployment("web", 3)["spec"]["replicas"] == 3
    assert names(client.deployments(namespace="default")) == ["web"]
    document["spec"]["replicas"] = 1
    assert client.apply_deployment(document)["spec"]["replicas"] == 1
    client.delete_deployment("web")
    live.wait_for("DeploymentDeleted")
    assert list(client.deployments()) == []


def test_what_is_wrong_with_documents_is_told_with_its_place(client):
    with pytest.raises(ApiError) as caught:
        client.apply([pod("a") | {"kind": "Pod", "apiVersion": "v1"}, {"kind": "Pod"}])
    assert caught.value.status == 400
    assert any(problem.path.startswith("items[1]") for problem in caught.value.problems)


def test_a_name_leads_to_no_other_place(client):
    with pytest.raises(ApiError) as caught:
        client.pod("../nodes")
    assert caught.value.status in (400, 404)


def test_the_server_tells_of_itself(live, client):
    assert client.status()["defaultScheduler"] == "best-fit"
    assert "plugins" in client.plugins()
    assert client.ready()
    assert client.url == live.url


def test_a_wrong_token_is_told_where_it_was_looked_for(live):
    with (
        Client(token="x" * 40) as client,
        pytest.raises(ApiError, match="looked for in --token, KUBE9_TOKEN and") as it,
    ):
        list(client.nodes())
    assert it.value.status == 401


def test_threads_share_one(live, client):
    live.add_nodes("n1", cpu_milli=64_000)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda number: client.launch_pod(pod(f"p{number}", cpu="10m")), range(64)))
    assert len({each["metadata"]["uid"] for each in done}) == len(list(client.pods())) == 64


class TestEvents:
    def test_the_last_and_those_behind_one(self, live, client):
        assert client.events() == []
        assert client.last_event_id() == 0
        live.add_nodes("n1", "n2")
        everything = client.events()
        assert [each["id"] for each in everything] == list(range(1, len(everything) + 1))
        assert client.events(limit=1) == everything[-1:]
        assert client.events(after=2) == everything[2:]
        assert {each["name"] for each in client.events(name="n2")} == {"n2"}
        assert {each["type"] for each in client.events(type="NodeReady")} == {"NodeReady"}

    def test_they_are_watched_from_an_id_on_and_across_a_restart(self, live, client):
        live.add_nodes("n1")
        watched = client.watch_events(after=0)
        seen = list(islice(watched, 2))
        live.stop()
        live.start()
        client.launch_pod(pod("web"))
        for event in watched:
            seen.append(event)
            if event["type"] == "PodBound":
                break
        assert [each["id"] for each in seen] == list(range(1, len(seen) + 1)), "none is missing and none comes twice"
        watched.close()

    def test_they_are_watched_from_now_on(self, live, client):
        live.add_nodes("n1")
        watched = client.watch_events(kind="Pod")
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(next, watched)
            while not live.server._streams.open:
                client.status()
            client.launch_pod(pod("web"))
            assert first.result(timeout=60)["type"] == "PodBound"
        watched.close()

    def test_a_server_that_was_never_there_is_not_waited_for(self, live):
        live.server.stop()
        with Client(server="http://127.0.0.1:9") as client, pytest.raises(ServerUnreachable):
            next(client.watch_events(after=0))

    def test_patience_with_one_that_went_away_ends(self, live, client):
        live.add_nodes("n1")
        watched = client.watch_events(after=0, patience_s=0.3)
        next(watched)
        live.server.stop()
        with pytest.raises(ServerUnreachable):
            list(watched)


def test_creation_is_sent_again_under_the_same_key(serve, hangs_up):
    server = serve((200, {}), hangs_up, (201, {"metadata": {"name": "web"}}))
    with Client(server=server.url, token="t") as client:
        client.status()
        client.launch_pod(pod("web"))
    first, second = (headers["Idempotency-Key"] for _, path, headers, _ in server.asked if path == "/v1/pods")
    assert first == second


@pytest.mark.parametrize(
    "act",
    [lambda c: c.fail_node("n1"), lambda c: c.delete_pod("web"), lambda c: c.drain_node("n1")],
    ids=["fail", "delete", "drain"],
)
def test_what_may_not_be_done_twice_is_sent_once(serve, hangs_up, act):
    server = serve((200, {}), hangs_up, (200, {}))
    with Client(server=server.url, token="t") as client:
        client.status()
        with pytest.raises(ServerUnreachable, match="may have done"):
            act(client)
    assert len(server.asked) == 2


def test_an_unready_server_is_no_error(serve):
    server = serve((503, {"status": "unready", "reason": "the database is away"}), (200, {"status": "ok"}))
    with Client(server=server.url, token="t") as client:
        assert client.ready() is False
        assert client.ready() is True
    with Client(server="http://127.0.0.1:9", token="t") as client:
        assert client.ready() is False


def test_a_stream_in_one_piece_is_read_as_it_comes(serve):
    """As a proxy of old might send it: no chunks, and no length."""
    event = json.dumps({"id": 7, "type": "PodBound"})

    def stream(handler):
        handler.close_connection = True
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(f"id: 7\ndata: {event}\n\n".encode())
        handler.wfile.flush()
        handler.rfile.read(1)  # until the client goes away

    server = serve(stream)
    with Client(server=server.url, token="t") as client:
        watched = client.watch_events(after=6)
        assert next(watched)["id"] == 7
        watched.close()
    assert server.asked[0][2]["Last-Event-ID"] == "6"


def test_a_log_is_followed_until_its_pod_is_gone(live, client):
    live.add_nodes("n1")
    client.launch_pod(pod("web"))
    live.wait_for("PodRunning")
    assert b"".join(client.pod_logs("web", tail=1)).count(b"\n") == 1
    log = client.pod_logs("web", follow=True)
    assert b"asked to start" in next(log)
    client.delete_pod("web", grace_s=0)
    assert b"".join(log).endswith(b"stopped\n")
    client.launch_pod(pod("web"))
    with pytest.raises(ApiError, match="keeps no log of earlier runs"):
        list(client.pod_logs("web", previous=True))
    with pytest.raises(ApiError, match="has no container 'db'"):
        list(client.pod_logs("web", container="db"))
