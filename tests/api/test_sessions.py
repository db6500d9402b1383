from __future__ import annotations

import threading

import pytest

from kube9.api.sessions import Sessions
from kube9.clocks import VirtualClock
from kube9.core.errors import BackendError, Conflict, Overloaded, UnknownName
from kube9.core.pods import Pod, PodSpec

POD = Pod(uid="p", spec=PodSpec(name="web"), ordinal=1, created_at_ms=0)


class Command:
    def __init__(self):
        self.told = []

    def write(self, data):
        self.told.append(data)

    def close_input(self):
        self.told.append("end")

    def close(self):
        self.told.append("closed")


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def sessions(clock):
    return Sessions(2, 1000, clock)


def test_there_are_as_many_as_there_may_be(sessions):
    first = sessions.begin(POD, Command)
    second = sessions.begin(POD, Command)
    assert first.id != second.id
    with pytest.raises(Overloaded, match="2 commands run"):
        sessions.begin(POD, Command)
    sessions.end(first)
    assert sessions.begin(POD, Command)


def test_one_that_cannot_begin_takes_no_place(sessions):
    def fail():
        raise Conflict("it does not run")

    for _ in range(5):
        with pytest.raises(Conflict):
            sessions.begin(POD, fail)
    assert sessions.begin(POD, Command)


def test_one_is_found_until_it_ends(sessions):
    session = sessions.begin(POD, Command)
    assert sessions.get(session.id) is session
    sessions.end(session)
    sessions.end(session)
    assert session.command.told == ["closed"]
    with pytest.raises(UnknownName, match=f"there is no command '{session.id}'"):
        sessions.get(session.id)


def test_one_that_nobody_cares_for_is_left(sessions, clock):
    kept, left = sessions.begin(POD, Command), sessions.begin(POD, Command)
    for _ in range(5):
        clock.advance(999)
        sessions.touch(kept)
    clock.advance(1)
    assert (kept.command.told, left.command.told) == ([], ["closed"])
    clock.advance(2000)
    assert kept.command.told == ["closed"]
    assert clock.next_at_ms is None


def test_its_output_is_read_once(sessions):
    session = sessions.begin(POD, Command)
    session.begin_reading()
    with pytest.raises(Conflict, match="being read already"):
        session.begin_reading()


def test_its_input_is_what_it_was_given(sessions):
    session = sessions.begin(POD, Command)
    session.write(b"a", close=False)
    session.write(b"", close=False)
    session.write(b"b", close=True)
    assert session.command.told == [b"a", b"b", "end"]


def test_its_input_is_given_one_part_at_a_time(sessions):
    taking, go_on = threading.Event(), threading.Event()

    class Slow(Command):
        def write(self, data):
            taking.set()
            go_on.wait(60)

    session = sessions.begin(POD, Slow)
    writer = threading.Thread(target=session.write, args=(b"a",), kwargs={"close": False})
    writer.start()
    assert taking.wait(60)
    with pytest.raises(Conflict, match="not taken its input so far"):
        session.write(b"b", close=False)
    go_on.set()
    writer.join()
    session.write(b"c", close=False)


class Reluctant(Command):
    """Tells how it ended only when it is asked once more."""

    def __init__(self, *codes):
        super().__init__()
        self.codes = [*codes]

    def exit_code(self):
        return self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]


def test_an_exit_code_that_is_known_a_moment_later_is_waited_for(sessions):
    session = sessions.begin(POD, lambda: Reluctant(None, None, 3))
    assert session.exit_code(threading.Event()) == 3


def test_one_that_is_never_known_is_not_waited_for_where_there_is_no_time(sessions):
    session = sessions.begin(POD, lambda: Reluctant(None))
    closing = threading.Event()
    closing.set()
    assert session.exit_code(closing) is None


class Deaf(Reluctant):
    def write(self, data):
        raise BackendError("it reads no more")


def test_who_has_ended_reads_nothing(sessions):
    ended, running = (sessions.begin(POD, lambda code=code: Deaf(code)) for code in (0, None))
    ended.write(b"a", close=True)
    with pytest.raises(BackendError, match="reads no more"):
        running.write(b"a", close=True)
