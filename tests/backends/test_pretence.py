from __future__ import annotations

import threading

import pytest

from kube9.backends.pretence import KILLED, PretendedCommand


def ran(command, *written, terminal=False):
    """What a command wrote to stdout and to stderr, and its exit code, once its input has ended."""
    session = PretendedCommand(command, terminal=terminal)
    for data in written:
        session.write(data)
    session.close_input()
    output = list(session.output())
    return *(b"".join(data for stream, data in output if stream == number) for number in (1, 2)), session.exit_code()


@pytest.mark.parametrize(
    "command,written,out,err,code",
    [
        (["true"], (), b"", b"", 0),
        (["false"], (), b"", b"", 1),
        (["exit", "7"], (), b"", b"", 7),
        (["echo", "hello", "you"], (b"unread",), b"hello you\n", b"", 0),
        (["sh", "-c", "echo out; echo err >&2; exit 3"], (), b"out\n", b"err\n", 3),
        (["sh", "-c", "false"], (), b"", b"", 1),
        (["sh", "-c"], (), b"", b"", 0),
        (["sh"], (b"echo a\nec", b"ho b\nfal", b"se"), b"a\nb\n", b"", 1),
        (["sh"], (b"exit 5\necho a\n",), b"", b"", 5),
        (["sh"], (), b"", b"", 0),
        (["cat"], (b"a", b"\xff\x00\n"), b"a\xff\x00\n", b"", 0),
        (["cat"], (), b"", b"", 0),
        (["psql", "-c", "a b"], (), b"psql -c 'a b'\n", b"", 0),
        (["psql"], (b"select",), b"select", b"", 0),
    ],
)
def test_what_each_command_does(command, written, out, err, code):
    assert ran(command, *written) == (out, err, code)


@pytest.mark.parametrize(
    "command,keys,shown,code",
    [
        (["sh"], b"echo a\rexit 4\r", b"echo a\r\na\r\nexit 4\r\n", 4),
        (["sh"], b"stty size\r\x04", b"stty size\r\n24 80\r\n", 0),
        (["cat"], b"ab\rc\x04", b"ab\r\nab\r\ncc", 0),
        (["cat"], b"ab\x03after", b"ab^C\r\n", 130),
        (["sh", "-c", "echo out; echo err >&2"], b"", b"out\r\nerr\r\n", 0),
    ],
)
def test_a_terminal_shows_what_is_typed_and_knows_two_keys(command, keys, shown, code):
    assert ran(command, keys, terminal=True) == (shown, b"", code)


def test_another_size_is_told_to_who_asks():
    session = PretendedCommand(["sh"], terminal=True)
    session.resize(5, 6)
    session.write(b"stty size\r\x04")
    assert b"5 6\r\n" in b"".join(data for _, data in session.output())


def test_it_runs_until_its_input_ends():
    session = PretendedCommand(["cat"])
    session.write(b"a")
    output = session.output()
    assert (next(output), session.exit_code()) == ((1, b"a"), None)
    session.close_input()
    assert (list(output), session.exit_code()) == ([], 0)


def test_what_it_wrote_before_it_was_killed_can_be_read():
    session = PretendedCommand(["cat"])
    session.write(b"a")
    session.kill()
    session.write(b"b")
    assert (list(session.output()), session.exit_code()) == ([(1, b"a")], KILLED)
    session.close_input()
    assert session.exit_code() == KILLED


def test_one_that_ended_is_killed_in_vain():
    session = PretendedCommand(["exit", "3"])
    session.kill()
    assert session.exit_code() == 3


@pytest.mark.parametrize("make_room", [lambda session: next(session.output()), PretendedCommand.close])
def test_who_writes_waits_until_there_is_room_or_nobody_reads(make_room):
    session = PretendedCommand(["cat"])
    session.write(b"x" * 2_000_000)
    written = threading.Event()

    def write():
        session.write(b"y")
        written.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert not written.wait(0.05)
    make_room(session)
    assert written.wait(60)
    writer.join()
