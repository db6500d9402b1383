"""A server that is killed while it starts pods, and started again."""

from __future__ import annotations

from contextlib import suppress

import pytest

docker = pytest.importorskip("docker", reason="needs docker-py: pip install 'kube9[test]'")

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]


#: The last of them do not run before they are let go.
PODS, HELD = 20, 5


def pod(name, image, **more):
    container = {
        "name": "main",
        "image": image,
        "command": ["sleep", "600"],
        "resources": {"limits": {"cpu": "50m", "memory": "16Mi"}},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0, **more}
    return {"metadata": {"name": name}, "spec": spec}


def held_pod(name, image):
    """One whose init container waits, so that the server is killed in the middle however late that is."""
    command = ["sh", "-c", "until [ -e /go ]; do sleep 0.1; done"]
    return pod(name, image, initContainers=[{"name": "held", "image": image, "command": command}])


def let_go(engine, cluster):
    """Whether none is held any more; also of those that were made anew."""
    held = cluster.containers(f"kube9.cluster={cluster.mark}", "kube9.role=init")
    for one in held:
        if one["State"] == "running":
            with suppress(docker.errors.APIError):  # it has ended meanwhile
                engine.client.containers.get(one["Id"]).exec_run(["touch", "/go"])
    return cluster.all_run_once(PODS)


def test_after_a_kill_in_the_middle_every_pod_runs_once_and_none_is_an_orphan(engine, cluster):
    cluster.add_nodes("n1", "n2", "n3")
    names = sorted(f"web-{number}" for number in range(PODS))
    pods = [pod(name, engine.busybox) for name in names[:-HELD]]
    pods += [held_pod(name, engine.busybox) for name in names[-HELD:]]
    cluster.ask(lambda client: client.launch_pods(pods))
    cluster.until(cluster.copies, "the first pod starts")
    cluster.kill()
    began = len(cluster.copies())
    assert began < PODS, "the server was not killed in the middle"
    cluster.start()
    cluster.until(lambda: cluster.nodes() == dict.fromkeys(("n1", "n2", "n3"), "Ready"), "nodes are ready")
    cluster.until(lambda: let_go(engine, cluster), "twenty pods run, each once")
    assert sorted(cluster.pods()) == names
    known = {item["metadata"]["uid"] for item in cluster.ask(lambda client: list(client.pods()))}

    def made():
        containers = cluster.containers(f"kube9.cluster={cluster.mark}", "kube9.pod-uid")
        return {container["Labels"]["kube9.pod-uid"] for container in containers}

    cluster.until(lambda: made() == known, "no container is an orphan")
