"""One scheduler over nodes of all three kinds: in memory, containers, and machines by SSH."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]

PODS = 3
#: One that says what it is only by its image.
BY_IMAGE = {"name": "main", "resources": {"limits": {"cpu": "100m", "memory": "32Mi"}}}


class Mixed:
    """A cluster with a node of each kind, called by it."""

    def __init__(self, cluster, engine, machine):
        self.cluster, self.engine, self.machine = cluster, engine, machine
        options = {**machine.options, "runtime": "process"}
        words = {"ssh": [f"--option={name}={value}" for name, value in options.items()]}
        for kind in ("memory", "docker", "ssh"):
            more = words.get(kind, ())
            cluster.kube9("node", "add", kind, "--backend", kind, "--cpu", "2", "--memory", "2Gi", *more)
        cluster.until(lambda: set(cluster.nodes().values()) == {"Ready"}, "nodes of all kinds are ready")
        uid = cluster.ask(lambda client: client.node("docker"))["metadata"]["uid"]
        (node,) = engine.client.api.containers(filters={"label": [f"kube9.node-uid={uid}", "kube9.role=node"]})
        self.mark = node["Labels"]["kube9.cluster"]

    def where(self):
        """On which node each pod is, when all run."""
        self.cluster.until(lambda: self.cluster.all_run(PODS), "the pods run")
        return sorted(pod["nodeName"] for pod in self.cluster.pods().values())

    def on_engine(self):
        labels = [f"kube9.cluster={self.mark}", "kube9.role=container"]
        return len(self.engine.client.api.containers(filters={"label": labels}))

    def said(self, names):
        return {self.cluster.kube9("pod", "logs", name) for name in names}

    def on_machine(self):
        return len(list(self.machine.root.glob("*/*/pods/*/files")))


@pytest.fixture
def mixed(ssh, engine, serve):
    kinds = ("memory", f"docker:base={engine.node_base}", "ssh")
    words = [word for kind in kinds for word in ("--backend", kind)]
    # A busy machine makes no node suspected, on which nothing would be put.
    words += ["--health", "heartbeat:suspect_ms=30000,fail_ms=60000"]
    cluster = serve(*words, "--scheduler", "worst-fit", env={**ssh.environment, "DOCKER_HOST": engine.address})
    mixed = Mixed(cluster, engine, ssh.machine())
    yield mixed
    cluster.delete_nodes()
    left = engine.left(mixed.mark)
    engine.remove(mixed.mark)
    assert (left, mixed.machine.root.exists()) == ({}, False)


def test_pods_are_drained_from_one_kind_of_node_to_the_others_and_one_that_fits_some_is_told_why(mixed):
    cluster = mixed.cluster
    container = {**BY_IMAGE, "image": mixed.engine.busybox, "command": ["sh", "-c", "echo here I am; exec sleep 1000"]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"terminationGracePeriodSeconds": 0}}
    template["spec"]["containers"] = [container]
    deployment = {"apiVersion": "kube9/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    cluster.ask(lambda client: client.apply([{**deployment, "spec": {"replicas": PODS, "template": template}}]))
    assert mixed.where() == ["docker", "memory", "ssh"]
    for kind in ("memory", "docker", "ssh"):
        cluster.kube9("node", "drain", kind)
        where = mixed.where()
        assert kind not in where
        assert len(set(where)) == 2
        there = where.count("docker"), where.count("ssh")
        cluster.until(lambda there=there: (mixed.on_engine(), mixed.on_machine()) == there, "no other copy is left")
        real = [name for name, pod in cluster.pods().items() if pod["nodeName"] != "memory"]
        cluster.until(lambda real=real: mixed.said(real) == {"here I am\n"}, "they say where they are")
        cluster.kube9("node", "uncordon", kind)
    check_what_a_process_cannot_be(mixed)


def check_what_a_process_cannot_be(mixed):
    """A pod without a command waits for another node, and says why."""
    cluster = mixed.cluster
    cluster.kube9("node", "cordon", "memory", "docker")
    plain = {"metadata": {"name": "plain"}, "spec": {"containers": [{**BY_IMAGE, "image": mixed.engine.busybox}]}}
    cluster.ask(lambda client: client.launch_pod(plain))
    told = cluster.ask(lambda client: client.explain_pod("plain"))
    why = {node["name"]: node["reason"] for node in told["nodes"]}
    process = "limited to processes while main has no command"
    assert why == {"memory": "cordoned", "docker": "cordoned", "ssh": process}
    assert process in cluster.kube9("pod", "explain", "plain")
    cluster.kube9("node", "uncordon", "docker")
    cluster.until(lambda: cluster.pods()["plain"]["nodeName"] == "docker", "the node of containers takes it")
