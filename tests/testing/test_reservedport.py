from __future__ import annotations

import errno
import socket

import pytest

from kube9.testing.reservedport import ReservedPort


def test_nobody_answers_there_until_a_server_listens():
    with ReservedPort() as port:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_who_asks_for_that_port_without_being_meant_does_not_get_it():
    with ReservedPort() as port, socket.socket() as other:
        with pytest.raises(OSError, match="in use") as caught:
            other.bind(("127.0.0.1", port))
        assert caught.value.errno == errno.EADDRINUSE


def test_afterwards_it_is_anybodys():
    port = ReservedPort()
    port.close()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port.number))
        assert other.getsockname()[1] == port.number
