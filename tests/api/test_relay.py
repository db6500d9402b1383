from __future__ import annotations

import threading

import pytest

from kube9.api.relay import Relay

PATIENCE_S = 60.0


def nothing():
    pass


def everything(relay):
    came = []
    while not relay.ended:
        came += relay.take(PATIENCE_S)
    return came


def test_all_of_it_comes_in_its_order():
    assert everything(Relay(range(1000), nothing)) == list(range(1000))


def test_nothing_is_read_before_it_is_wanted_nor_more_than_there_is_room_for():
    read = []
    last = threading.Event()

    def pieces():
        for number in range(1000):
            read.append(number)
            if number == 64:
                last.set()
            yield number

    relay = Relay(pieces(), nothing)
    assert read == []
    first = relay.take(PATIENCE_S)
    while len(first) < 10:
        first += relay.take(PATIENCE_S)
    assert last.wait(PATIENCE_S)
    relay.leave()
    assert len(read) < 1000


def test_who_waits_for_what_does_not_come_gets_nothing():
    go_on = threading.Event()

    def pieces():
        go_on.wait(PATIENCE_S)
        yield 1

    relay = Relay(pieces(), nothing)
    assert (relay.take(0.01), relay.ended) == ([], False)
    go_on.set()
    assert everything(relay) == [1]


def test_an_error_comes_behind_what_came_before_it():
    def pieces():
        yield 1
        raise ValueError("broken")

    relay = Relay(pieces(), nothing)
    assert relay.take(PATIENCE_S) == [1]
    with pytest.raises(ValueError, match="broken"):
        everything(relay)


def test_whoever_waits_for_the_next_piece_is_sent_away():
    closed = threading.Event()

    def pieces():
        yield 1
        closed.wait(PATIENCE_S)

    relay = Relay(pieces(), closed.set)
    assert relay.take(PATIENCE_S) == [1]
    relay.leave()
    relay.leave()
    assert closed.is_set()
    assert relay.take(PATIENCE_S) == []


def test_a_generator_that_is_busy_ends_with_the_piece_after():
    began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def pieces():
        try:
            began.set()
            go_on.wait(PATIENCE_S)
            yield 1
            yield 2
        finally:
            ended.set()

    busy = pieces()
    relay = Relay(busy, busy.close)
    assert relay.take(0) == []
    assert began.wait(PATIENCE_S)
    relay.leave()
    go_on.set()
    del busy
    relay = None
    assert ended.wait(PATIENCE_S)
