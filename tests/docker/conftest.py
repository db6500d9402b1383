"""Whole clusters on a real engine: `kube9 serve` as a process, its command line, and nodes that are containers."""

from __future__ import annotations

import json
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest


def served():
    """What a whole cluster is, from beside this folder, which is no package."""
    spec = spec_from_file_location("kube9_tests_served", Path(__file__).parents[1] / "served.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Served


class LiveCluster(served()):
    """One with an engine."""

    def __init__(self, engine, folder):
        self.engine, self.mark = engine, None
        backend = f"docker:base={engine.node_base}"
        # A busy machine makes no node suspected; of one that died the engine tells.
        health = ("--health", "heartbeat:suspect_ms=30000,fail_ms=60000")
        super().__init__(folder, "--backend", backend, *health, env={"DOCKER_HOST": engine.address})

    def state(self):
        return f"{super().state()}\n{json.dumps(self.copies(), indent=1)}"

    def add_nodes(self, *names):
        self.kube9("node", "add", *names, "--cpu", "2", "--memory", "2Gi", "--wait")
        uid = self.ask(lambda client: client.node(names[0]))["metadata"]["uid"]
        (container,) = self.containers(f"kube9.node-uid={uid}", "kube9.role=node")
        self.mark = container["Labels"]["kube9.cluster"]

    def containers(self, *labels):
        """Those with all these labels, also when they have ended."""
        return self.engine.client.api.containers(all=True, filters={"label": list(labels)})

    def copies(self):
        """The containers of pods that run, as ``(pod, node, epoch)``: one for each, where all is well."""
        found = self.containers(f"kube9.cluster={self.mark}", "kube9.role=container")
        running = [container["Labels"] for container in found if container["State"] == "running"]
        return sorted((one["kube9.pod"], one["kube9.node"], int(one["kube9.epoch"])) for one in running)

    def as_known(self):
        """The containers that there should be, by what the server says."""
        return sorted((name, pod["nodeName"], pod["epoch"]) for name, pod in self.pods().items())

    def all_run_once(self, number):
        """Whether so many pods run, each in one container."""
        return self.all_run(number) and self.copies() == self.as_known()


@pytest.fixture
def live_on(tmp_path):
    """Start a cluster without nodes on an engine; it and its nodes are gone afterwards, and leave nothing there."""

    @contextmanager
    def live_on(engine):
        cluster = LiveCluster(engine, tmp_path)
        try:
            cluster.start()
            yield cluster
        finally:
            try:
                cluster.close()
            finally:
                left = engine.left(cluster.mark) if cluster.mark else {}
                engine.remove(cluster.mark) if left else None
        assert left == {}, "the cluster left something on the engine"

    return live_on


@pytest.fixture
def cluster(engine, live_on):
    """A cluster without nodes on the engine that all tests share."""
    with live_on(engine) as cluster:
        yield cluster


@pytest.fixture
def own_cluster(own_engine, live_on):
    """A cluster without nodes on an engine of its own."""
    with live_on(own_engine) as cluster:
        yield cluster
