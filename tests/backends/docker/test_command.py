from __future__ import annotations

import threading

import pytest

from kube9.core.containers import Container
from kube9.core.errors import Conflict, InvalidInput, NodeGone
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.ports import CommandRunner, CommandSession

pytestmark = pytest.mark.once

SPEC = PodSpec(name="p", containers=(Container(name="main"),))
POD = Pod(uid="pod-1", spec=SPEC, ordinal=1, created_at_ms=0, phase=PodPhase.RUNNING, node_uid="n", epoch=1)


@pytest.fixture
def node(bench):
    return bench.up()


@pytest.fixture
def begin(bench, node):
    bench.run(node)
    begun = []

    def begin(*command, **options) -> CommandSession:
        begun.append(bench.backend.run_command(node, POD, "", command, **options))
        return begun[-1]

    yield begin
    for session in begun:
        session.close()


def heard(session):
    both = {1: b"", 2: b""}
    for stream, piece in session.output():
        both[stream] += piece
    return both


def ended(session):
    pause = threading.Event()
    while (code := session.exit_code()) is None:
        pause.wait(0.02)
    return code


def test_the_backend_runs_commands(bench):
    assert isinstance(bench.backend, CommandRunner)


def test_what_it_writes_is_told_apart_and_its_exit_code_known(begin):
    session = begin("sh", "-c", "echo out; echo err >&2; exit 3")
    assert heard(session) == {1: b"out\n", 2: b"err\n"}
    assert ended(session) == 3


def test_what_is_quick_to_write_is_not_lost(begin):
    for _ in range(10):
        assert heard(begin("echo", "quick"))[1] == b"quick\n"


def test_much_comes_through_whole(begin):
    assert heard(begin("dd", "if=/dev/zero", "bs=1000", "count=3000"))[1] == b"\0" * 3_000_000


def test_it_reads_what_it_is_given_up_to_the_end(begin):
    session = begin("cat")
    session.write(b"one ")
    session.write(b"two")
    assert session.exit_code() is None
    session.close_input()
    assert heard(session) == {1: b"one two", 2: b""}
    assert ended(session) == 0


def test_a_terminal_has_a_size_and_one_stream(begin):
    session = begin("sh", "-c", "read x; stty size; echo err >&2", terminal=True)
    session.resize(33, 77)
    session.write(b"\n")
    shown = heard(session)
    assert b"33 77" in shown[1]
    assert b"err" in shown[1]
    assert shown[2] == b""


def test_a_close_lets_go_of_a_command_that_runs(begin):
    session = begin("sleep", "1000")
    reading = threading.Thread(target=heard, args=(session,))
    reading.start()
    session.close()
    session.close()
    reading.join(60)
    assert not reading.is_alive()


def test_a_program_that_is_not_there_ends_with_an_exit_code(begin):
    session = begin("/no/such/program")
    heard(session)
    assert ended(session) in (126, 127)


def test_only_a_container_that_runs_can_run_a_command(bench, node):
    with pytest.raises(Conflict, match="does not run just now"):
        bench.backend.run_command(node, POD, "", ["true"])
    bench.ended(bench.run(node, command=("true",)))
    with pytest.raises(Conflict, match="does not run just now"):
        bench.backend.run_command(node, POD, "main", ["true"])
    with pytest.raises(InvalidInput, match="no container 'other'"):
        bench.backend.run_command(node, POD, "other", ["true"])
    with pytest.raises(NodeGone):
        bench.backend.run_command(bench.node("other"), POD, "", ["true"])
