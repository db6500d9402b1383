from __future__ import annotations

import threading

import pytest

from kube9.backends.ssh.failures import MachineAway
from kube9.backends.ssh.link import Done

pytestmark = [pytest.mark.once, pytest.mark.timeout(120)]


def test_a_command_has_its_input_and_tells_all_of_it(reach):
    _, machine = reach()
    data = bytes(range(256)) * 20_000
    done = machine.link.run("wc -c; echo to stderr >&2; exit 3", data)
    assert (done.exit_code, done.output, done.errors) == (3, b"5120000\n", b"to stderr\n")
    assert machine.link.run("head -c 5120000 /dev/zero").output == bytes(5_120_000)


def test_many_at_once_have_one_connection_and_leave_no_session(reach):
    sshd, machine = reach(more="MaxSessions 2")
    answers = []
    threads = [
        threading.Thread(target=lambda number=number: answers.append(machine.link.run(f"echo {number}").output))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, answers)) == list(range(12))
    assert machine.link.connections == 1
    assert machine.link.turns.used == 0
    assert sshd.log.count("Accepted publickey") == 1


def test_a_command_that_takes_too_long_is_not_waited_for(reach):
    _, machine = reach()
    with pytest.raises(MachineAway, match="did not answer"):
        machine.link.run("sleep 30", timeout_ms=200)
    assert machine.link.run("echo on").output == b"on\n"
    assert machine.link.connections == 1


def test_a_connection_that_broke_is_made_again(reach):
    sshd, machine = reach()
    machine.link.run("true")
    sshd.kill()
    with pytest.raises(MachineAway):
        machine.link.run("true")
    sshd.start()
    assert machine.link.run("echo back").output == b"back\n"
    assert machine.link.connections == 2


def test_one_that_is_closed_is_not_made_again(reach):
    _, machine = reach()
    machine.link.run("true")
    machine.close()
    with pytest.raises(MachineAway, match="was closed"):
        machine.link.run("true")
    assert not machine.link.alive


def test_a_session_gives_its_turn_back_once(reach):
    _, machine = reach()
    session = machine.link.open("cat", lasting=True)
    assert machine.link.turns.used == 1
    session.close()
    session.close()
    assert machine.link.turns.used == 0


@pytest.mark.parametrize(
    "done,words",
    [
        (Done(1, b"out\n", b"first\nlast\n"), "last"),
        (Done(1, b"out\n", b""), "out"),
        (Done(7, b" \n", b""), "it ended with code 7 and said nothing"),
    ],
)
def test_last_words_are_the_end_of_what_was_said(done, words):
    assert done.last_words == words
