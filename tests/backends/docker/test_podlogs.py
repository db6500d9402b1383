from __future__ import annotations

import threading
import time

import pytest

from kube9.backends.docker.podlogs import _last_start
from kube9.core.containers import Container
from kube9.core.errors import InvalidInput, NodeGone
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.ports import LogOptions

NEVER = "0001-01-01T00:00:00Z"


def pod_of(*names, init=()):
    spec = PodSpec(
        name="p",
        containers=tuple(Container(name=name) for name in names),
        init_containers=tuple(Container(name=name) for name in init),
    )
    return Pod(uid="pod-1", spec=spec, ordinal=1, created_at_ms=0, phase=PodPhase.RUNNING, node_uid="n", epoch=1)


def test_the_first_run_of_a_container_has_nothing_before_it():
    assert _last_start(None) is None
    assert _last_start({"State": {"StartedAt": "2026-01-01T00:00:10.5Z", "FinishedAt": NEVER}}) is None


def test_a_run_begins_where_the_one_before_ended():
    state = {"Running": True, "StartedAt": "1970-01-01T00:00:10.5Z", "FinishedAt": "1970-01-01T00:00:09.25Z"}
    assert _last_start({"State": state}) == 9.25


@pytest.mark.parametrize(
    "created,began", [("1970-01-01T00:00:05Z", pytest.approx(9.5)), ("1970-01-01T00:00:10Z", None)]
)
def test_a_run_that_has_ended_began_a_little_before_the_engine_noted_it(created, began):
    state = {"StartedAt": "1970-01-01T00:00:10.5Z", "FinishedAt": "1970-01-01T00:00:11Z"}
    assert _last_start({"State": state, "Created": created}) == began


@pytest.fixture
def node(bench):
    return bench.up()


def read(bench, node, pod, **options):
    return b"".join(bench.backend.logs(node, pod, LogOptions(**options)))


@pytest.mark.once
def test_each_container_is_read_by_its_name_and_the_first_by_none(bench, node):
    for name, role in (("init", "init"), ("one", "container"), ("two", "container")):
        bench.run(node, name, ("echo", name), role=role).wait()
    bench.run(node, "one", ("echo", "of another epoch"), epoch=2).wait()
    pod = pod_of("one", "two", init=("init",))
    assert read(bench, node, pod) == b"one\n"
    assert read(bench, node, pod, container="two") == b"two\n"
    assert read(bench, node, pod, container="init") == b"init\n"
    with pytest.raises(InvalidInput, match="no container 'three'; it has init, one, two"):
        bench.backend.logs(node, pod, LogOptions(container="three"))


def lines_of(container, count):
    """Its first lines, once they are there."""
    until_s = time.monotonic() + 60
    while (lines := container.logs()).count(b"\n") < count:
        assert time.monotonic() < until_s, f"there is no more than {lines!r}"
    return lines.splitlines(keepends=True)


@pytest.mark.once
def test_only_the_latest_run_is_read_or_the_one_before_it(bench, node):
    container = bench.run(node, command=("sh", "-c", "echo run $$ $(date); exec sleep 1000"))
    lines_of(container, 1)
    container.kill()
    container.wait()
    container.start()
    first, second = lines_of(container, 2)
    assert read(bench, node, pod_of("main")) == second
    assert read(bench, node, pod_of("main"), previous=True) == first


@pytest.mark.once
def test_a_container_that_runs_for_the_first_time_has_no_earlier_run(bench, node):
    bench.run(node)
    with pytest.raises(InvalidInput, match="has not run before"):
        bench.backend.logs(node, pod_of("main"), LogOptions(previous=True))


@pytest.mark.once
def test_the_last_lines_are_read_and_what_follows_until_it_ends(bench, node):
    container = bench.run(
        node, command=("sh", "-c", "for i in 1 2 3; do echo $i; done; read x; echo end"), stdin_open=True
    )
    pause = threading.Event()
    while container.logs() != b"1\n2\n3\n":
        pause.wait(0.02)
    assert read(bench, node, pod_of("main"), tail=2) == b"2\n3\n"
    following = bench.backend.logs(node, pod_of("main"), LogOptions(tail=1, follow=True))
    assert next(following) == b"3\n"
    container.kill()
    assert list(following) == []


@pytest.mark.once
def test_a_pod_of_which_nothing_was_made_yet_has_written_nothing(bench, node):
    assert read(bench, node, pod_of("main")) == b""


@pytest.mark.once
def test_a_node_that_is_not_there_has_no_logs(bench, node):
    with pytest.raises(NodeGone):
        bench.backend.logs(bench.node("other"), pod_of("main"))
