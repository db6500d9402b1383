from __future__ import annotations

import json
import os
import signal
import socket
import stat
from contextlib import closing, suppress

import pytest

from kube9.agent.proctable import start_of
from kube9.agent.wardenlink import WardenRefused, connect
from kube9.agent.wardenplace import SOCKET
from kube9.agent.wardentalk import Talk


@pytest.fixture
def link(warden):
    with closing(connect(str(warden.folder))) as link:
        link.settimeout(30)
        yield link


def answers(link, count):
    """The next ones, or as many as come before the end."""
    data = b""
    while data.count(b"\n") < count and (piece := link.recv(65_536)):
        data += piece
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.parametrize(
    "line", ["x", "[]", "7", "{}", '{"do": "no such thing"}', '{"do": "start"}', '{"do": "lease", "until": "soon"}']
)
def test_what_makes_no_sense_harms_nobody(link, line):
    link.sendall(f"{line}\n".encode() + b'{"do": "list", "id": 2}\n')
    *before, last = answers(link, 1)
    assert before == []
    assert last == {"id": 2, "runs": []}


def test_what_makes_no_sense_is_answered_to_whoever_wants_to_know(link):
    link.sendall(b'{"do": "start", "id": 5}\n')
    assert answers(link, 1) == [{"id": 5, "error": "not understood: KeyError: 'uid'"}]


def test_questions_may_come_in_pieces_and_many_at_once(link, warden):
    for piece in (b'{"do": "li', b'st", "id": 1}\n{"do": "use", "id": 2}\n{"do": "hel', b'lo", "id": 3}\n'):
        link.sendall(piece)
    first, second, third = answers(link, 3)
    assert (first["id"], second["use"], third["term"]) == (1, [], warden.term)


def test_a_line_without_an_end_is_not_taken_in_for_ever(link, warden):
    try:
        for _ in range(600):
            link.sendall(b"x" * 65_536)
        assert answers(link, 1) == []
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert warden.runs() == {}


def test_whoever_watches_is_told_of_runs_and_leases_and_nobody_else_is(warden):
    with closing(Talk(str(warden.folder))) as other:
        other.ask({"do": "watch"})
        run = warden.start("exit 3")["run"]
        while len(other.events) < 2:
            other.listen()
        assert [(event["run"], event["state"]) for event in other.events] == [(run, "running"), (run, "ended")]
        # The first may be told when the second is known already.
        assert other.events[1]["exitCode"] == 3
        warden.ask("killAll")
        while len(other.events) < 3:
            other.listen()
        assert other.events[2] == {"event": "term", "term": warden.term}
    assert warden.talk.events == []


def test_a_command_has_the_files_that_came_with_it(warden):
    warden.start("exec sleep 1000", env={"PATH": "/usr/bin:/bin", "MINE": "this"})
    reading, writing = os.pipe()
    void = os.open(os.devnull, os.O_RDWR)
    question = {"do": "command", "uid": "p", "epoch": 1, "container": "main"}
    try:
        question["argv"] = ["sh", "-c", 'echo "$MINE $(pwd)"; exit 4']
        warden.talk.ask(question, files=(void, writing, void))
        os.close(writing)
        with os.fdopen(reading) as output:
            assert output.read() == f"this {warden.folder}\n"
    finally:
        os.close(void)
    while not (ended := [event for event in warden.talk.events if event["state"] == "ended"]):
        warden.talk.listen()
    assert (ended[0]["exitCode"], ended[0]["command"]) == (4, True)
    assert list(warden.runs()) == ["p/1/main/1"]


def test_a_command_ends_with_whoever_asked_for_it(warden):
    warden.start("exec sleep 1000")
    with closing(Talk(str(warden.folder))) as other:
        about = {"do": "command", "uid": "p", "epoch": 1, "container": "main", "argv": ["sleep", "1000"]}
        pid = other.ask(about)["run"]["pid"]
        assert start_of(pid) is not None
    warden.until(lambda: start_of(pid) is None, "ended")
    assert warden.runs()["p/1/main/1"]["state"] == "running"


def test_no_command_runs_where_its_container_does_not(warden):
    warden.wait(warden.start("exit 0")["run"], "ended")
    with pytest.raises(WardenRefused, match="container 'main' of p epoch 1 does not run"):
        warden.ask("command", uid="p", epoch=1, container="main", argv=["true"])


def test_it_is_for_its_owner_alone_and_may_be_deep(warden):
    path = warden.folder / SOCKET
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    deep = warden.folder / ("d" * 120)
    deep.symlink_to(warden.folder)
    with closing(connect(str(deep))) as link:
        link.sendall(b'{"do": "list", "id": 1}\n')
        assert answers(link, 1) == [{"id": 1, "runs": []}]
    with closing(socket.socket(socket.AF_UNIX)) as plain, pytest.raises(OSError, match="too long"):
        plain.connect(str(deep / SOCKET))


def test_whoever_does_not_read_is_let_go(warden, link):
    warden.start("exec sleep 1000", uid="u" * 60_000, log=f"{warden.folder}/log")
    link.sendall(b'{"do": "list", "id": 2}\n' * 80)
    assert len(warden.runs()) == 1  # it has answered all of them, as far as it is willing to
    data = b""
    with suppress(ConnectionResetError):
        while piece := link.recv(65_536):
            data += piece
    assert 0 < data.count(b"\n") < 80


def test_nothing_is_begun_for_whoever_was_let_go_meanwhile(warden, link):
    warden.start("exec sleep 1000", uid="u" * 60_000, log=f"{warden.folder}/log")
    warden.start("exec sleep 1000")
    command = {"do": "command", "uid": "p", "epoch": 1, "container": "main", "argv": ["sleep", "1000"]}
    lists = b'{"do": "list", "id": 2}\n' * 80
    # Sent before it is read, so that it comes at once.
    os.kill(warden.about["pid"], signal.SIGSTOP)
    link.sendall(lists + json.dumps(command).encode() + b"\n")
    os.kill(warden.about["pid"], signal.SIGCONT)
    assert len(warden.runs()) == 2
