"""A cluster's life on an engine: from nothing, through the death of a node, to nothing."""

from __future__ import annotations

import io

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]


@pytest.fixture
def greeter(own_engine):
    """An image that was built on this engine and is nowhere else."""
    tag = "kube9-test/greeter:1"
    dockerfile = f'FROM {own_engine.busybox}\nCMD ["sh", "-c", "echo here I am; exec sleep 600"]\n'
    own_engine.client.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=tag, rm=True, forcerm=True)
    yield tag
    own_engine.client.images.remove(tag)


def test_nodes_come_pods_run_a_node_dies_its_pods_move_and_at_the_end_all_is_as_before(
    own_engine, own_cluster, greeter
):
    before = own_engine.left()
    own_cluster.add_nodes("n1", "n2", "n3")
    pods = [f"web-{number}" for number in range(6)]
    for pod in pods:
        own_cluster.kube9("pod", "run", pod, "--image", greeter, "--cpu", "100m", "--memory", "32Mi", "--wait")
    own_cluster.until(lambda: own_cluster.all_run(6), "six pods run")
    own_cluster.until(lambda: own_cluster.kube9("pod", "logs", "web-0") == "here I am\n", "a pod says where it is")
    killed = own_cluster.pods()["web-0"]["nodeName"]
    (node,) = own_cluster.containers(f"kube9.node={killed}", "kube9.role=node")
    own_engine.client.api.kill(node["Id"])
    own_cluster.until(lambda: own_cluster.pods()["web-0"]["nodeName"] not in ("", killed), "a pod moves")
    own_cluster.until(lambda: own_cluster.all_run_once(6), "six pods run again, each once")
    assert killed not in {node for _, node, _ in own_cluster.copies()}
    own_cluster.until(lambda: own_cluster.nodes()[killed] == "Ready", "the node is back")
    own_cluster.kube9("pod", "delete", *pods, "--wait")
    own_cluster.kube9("node", "delete", "n1", "n2", "n3", "--wait")
    assert own_engine.left() == before
    assert own_cluster.stop() == 0
    assert own_engine.left() == before


@pytest.mark.parametrize("how", ["restart", "crash"])
def test_an_engine_that_starts_again_has_every_pod_once(own_engine, own_cluster, how):
    own_cluster.add_nodes("n1", "n2")
    pods = [f"web-{number}" for number in range(4)]
    for pod in pods:
        own_cluster.kube9("pod", "run", pod, "--image", own_engine.busybox, "--cpu", "100m", "--", "sleep", "600")
    own_cluster.until(lambda: own_cluster.all_run(4), "four pods run")
    if how == "crash":
        own_engine.kill()
    else:
        own_engine.stop()
    own_engine.start()

    def converged():
        return own_cluster.nodes() == {"n1": "Ready", "n2": "Ready"} and own_cluster.all_run_once(4)

    own_cluster.until(converged, "nodes are ready, and every pod runs once")
    assert sorted(own_cluster.pods()) == pods
