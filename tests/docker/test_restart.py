"""A server that is killed while it starts pods, and started again."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]


def pod(name, image):
    container = {
        "name": "main",
        "image": image,
        "command": ["sleep", "600"],
        "resources": {"limits": {"cpu": "50m", "memory": "16Mi"}},
    }
    return {"metadata": {"name": name}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}


def test_after_a_kill_in_the_middle_every_pod_runs_once_and_none_is_an_orphan(engine, cluster):
    cluster.add_nodes("n1", "n2", "n3")
    names = sorted(f"web-{number}" for number in range(20))
    cluster.ask(lambda client: client.launch_pods([pod(name, engine.busybox) for name in names]))
    cluster.until(cluster.copies, "the first pod starts")
    cluster.kill()
    began = len(cluster.copies())
    assert began < 20, "the server was not killed in the middle"
    cluster.start()
    cluster.until(lambda: cluster.all_run(20), "twenty pods run")
    cluster.until(lambda: cluster.nodes() == dict.fromkeys(("n1", "n2", "n3"), "Ready"), "nodes are ready")
    assert [name for name, _, _ in cluster.copies()] == names
    assert cluster.copies() == cluster.as_known()
    known = {item["metadata"]["uid"] for item in cluster.ask(lambda client: list(client.pods()))}
    made = cluster.containers(f"kube9.cluster={cluster.mark}", "kube9.pod-uid")
    assert {container["Labels"]["kube9.pod-uid"] for container in made} == known
