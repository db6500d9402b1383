from __future__ import annotations

import socket
import threading

import pytest

from kube9.backends.docker.relay import Relay
from kube9.testing.reservedport import ReservedPort

SLOW_S = 60


class Echo:
    """A server that says everything twice when it has heard it all, and counts its connections."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.closed = False
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            if self.closed:
                connection.close()
                return
            self.threads.append(threading.Thread(target=self.answer, args=(connection,)))
            self.threads[-1].start()

    def answer(self, connection):
        with connection:
            heard = b"".join(iter(lambda: connection.recv(65_536), b""))
            connection.sendall(heard * 2)

    def close(self):
        self.closed = True
        socket.create_connection(self.address).close()
        for thread in self.threads:
            thread.join()
        self.listener.close()


@pytest.fixture
def echo():
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def relay(echo):
    relay = Relay(("127.0.0.1", 0), echo.address)
    yield relay
    relay.close()


def ask(relay, said):
    with socket.create_connection(relay.address, timeout=SLOW_S) as connection:
        thread = threading.Thread(target=say, args=(connection, said))
        thread.start()
        heard = b"".join(iter(lambda: connection.recv(65_536), b""))
        thread.join()
        return heard


def say(connection, said):
    connection.sendall(said)
    connection.shutdown(socket.SHUT_WR)


def test_either_side_may_stop_speaking_and_go_on_to_listen(relay):
    assert ask(relay, b"once") == b"onceonce"


def test_much_goes_through_unchanged(relay):
    said = bytes(range(256)) * 20_000
    assert ask(relay, said) == said * 2


def test_many_at_a_time_do_not_mix(relay):
    heard = {}
    threads = [
        threading.Thread(target=lambda number=number: heard.update({number: ask(relay, b"%d," % number)}))
        for number in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {number: b"%d,%d," % (number, number) for number in range(50)}


def test_more_than_are_allowed_wait_for_their_turn(echo):
    relay = Relay(("127.0.0.1", 0), echo.address, connections_max=1)
    try:
        with socket.create_connection(relay.address, timeout=SLOW_S) as first:
            first.sendall(b"first")
            second = socket.create_connection(relay.address, timeout=SLOW_S)
            say(second, b"second")
            first.shutdown(socket.SHUT_WR)
            assert b"".join(iter(lambda: first.recv(100), b"")) == b"firstfirst"
        with second:
            assert b"".join(iter(lambda: second.recv(100), b"")) == b"secondsecond"
    finally:
        relay.close()


def test_whoever_comes_when_nobody_is_there_is_sent_away_and_the_next_is_not(echo):
    nobody = ReservedPort()
    relay = Relay(("127.0.0.1", 0), ("127.0.0.1", nobody.number))
    try:
        with socket.create_connection(relay.address, timeout=SLOW_S) as connection:
            assert heard_of(connection) == b""
        relay.forward_to = echo.address
        assert ask(relay, b"again") == b"againagain"
    finally:
        relay.close()
        nobody.close()


def heard_of(connection):
    try:
        return connection.recv(10)
    except ConnectionResetError:
        return b""


def test_another_port_is_taken_where_the_one_that_is_asked_for_is_not_free(echo):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        relay = Relay(taken.getsockname(), echo.address)
        try:
            assert relay.address[1] != taken.getsockname()[1]
            assert ask(relay, b"x") == b"xx"
        finally:
            relay.close()


def test_an_address_of_another_machine_cannot_be_listened_on():
    with pytest.raises(OSError):
        Relay(("192.0.2.1", 0), ("127.0.0.1", 1))


def test_a_close_ends_what_is_under_way_and_may_be_repeated(echo):
    relay = Relay(("127.0.0.1", 0), echo.address)
    with socket.create_connection(relay.address, timeout=SLOW_S) as connection:
        connection.sendall(b"half")
        relay.close()
        relay.close()
        assert heard_of(connection) == b""
