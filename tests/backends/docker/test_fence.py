from __future__ import annotations

import threading

import pytest

from kube9.backends.docker.endpoint import Endpoint
from kube9.backends.docker.engine import Engine
from kube9.backends.docker.fence import Fence, runs
from kube9.backends.docker.marks import Marks
from kube9.core.errors import BackendError

docker = pytest.importorskip("docker", reason="needs docker-py: pip install 'kube9[test]'")


@pytest.mark.parametrize(
    "state,alive", [("running", True), ("paused", True), ("restarting", True), ("created", False), ("exited", False)]
)
def test_a_container_that_is_paused_runs_all_the_same(state, alive):
    assert runs({"State": state}) is alive


@pytest.fixture
def fence(bench):
    engine = Engine(Endpoint(url=bench.engine.address, source="the tests"), 30_000)
    yield Fence(engine, Marks(bench.mark), threading.Event())
    engine.close()


@pytest.mark.once
def test_what_runs_is_ended_and_what_does_not_cannot_be_started_late(bench, fence):
    node, other = bench.up(), bench.up("other")
    running, paused, ended = bench.run(node), bench.run(node), bench.run(node, command=("true",))
    paused.pause()
    bench.ended(ended)
    theirs = bench.run(other)
    left = fence.end_pods(node.uid)
    assert {each["Id"] for each in left} == {running.id, paused.id}
    for container in (running, paused):
        container.reload()
        assert container.status == "exited"
    # Whoever asked for its start just before the end comes too late.
    with pytest.raises(docker.errors.NotFound):
        ended.start()
    theirs.reload()
    assert theirs.status == "running"
    fence.remove_all(other.uid)


@pytest.mark.once
def test_what_belongs_to_no_node_that_is_there_is_removed(bench, fence):
    node, other = bench.up(), bench.node("other")
    kept, orphan = bench.run(node), bench.run(other)
    fence.remove_orphans()
    assert kept.id in {each for _, each in bench.engine.left(bench.mark)}
    bench.gone(orphan)


@pytest.mark.once
def test_a_close_leaves_it_unsure(bench):
    node = bench.up()
    bench.run(node)
    engine, closing = Engine(Endpoint(url=bench.engine.address, source="the tests"), 30_000), threading.Event()
    closing.set()
    try:
        with pytest.raises(BackendError, match="could not be ended"):
            Fence(engine, Marks(bench.mark), closing).end_pods(node.uid)
    finally:
        engine.close()


@pytest.mark.once
def test_what_is_still_in_use_is_said_to_be_there(bench, fence):
    bench.up()
    assert fence.remove_cluster() is False
