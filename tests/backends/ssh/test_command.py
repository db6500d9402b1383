from __future__ import annotations

import threading
from contextlib import closing

import pytest

from kube9.backends.ssh.command import SshCommand
from kube9.backends.ssh.link import Session
from kube9.core.errors import BackendError, Conflict

BEGUN = b'{"begun": true}\n'


class Channel:
    """As paramiko has it, of a command that says this on its error output, and whose input is gone in some way."""

    def __init__(self, errors=BEGUN, fault=OSError, exit_status=0):
        self.errors, self.fault, self.exit_status = errors, fault, exit_status
        self.status_event = threading.Event()
        self.status_event.set()

    def settimeout(self, timeout_s):
        pass

    def recv(self, size):
        return b""

    def recv_stderr(self, size):
        piece, self.errors = self.errors[:size], self.errors[size:]
        return piece

    def sendall(self, data):
        raise self.fault("it is gone")

    def shutdown_write(self):
        raise self.fault("it is gone")


@pytest.fixture
def closed():
    return []


@pytest.fixture
def begin(closed):
    def begin(**about):
        return SshCommand(Session(channel=Channel(**about), close=lambda: closed.append(True)), None)

    return begin


@pytest.mark.parametrize("fault", [OSError, EOFError])
def test_a_command_whose_connection_broke_reads_no_more(begin, fault):
    with closing(begin(fault=fault)) as command:
        with pytest.raises(BackendError, match="reads no more"):
            command.write(b"x")
        command.close_input()


def test_what_comes_with_the_word_that_it_runs_is_its_own(begin, closed):
    command = begin(errors=BEGUN + b"early")
    assert list(command.output()) == [(2, b"early")]
    assert command.exit_code() == 0
    assert closed == [True]


@pytest.mark.parametrize(
    "said, kind, words",
    [
        (b'{"error": "Conflict", "message": "it does not run"}\n', Conflict, "it does not run"),
        (b"sh: no such thing\n", BackendError, "could not be run: b'sh: no such thing"),
        (b"", BackendError, "could not be run"),
        (b"[]\n", BackendError, "could not be run"),
    ],
)
def test_one_that_does_not_begin_says_why_and_lets_go_of_its_session(begin, closed, said, kind, words):
    with pytest.raises(kind, match=words):
        begin(errors=said)
    assert closed == [True]


def test_the_end_of_one_whose_connection_broke_is_not_known(begin):
    command = begin(exit_status=-1)
    with pytest.raises(BackendError, match="broke"):
        list(command.output())
    with pytest.raises(BackendError, match="broke"):
        command.exit_code()
