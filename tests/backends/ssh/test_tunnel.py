from __future__ import annotations

import socket
import threading
from contextlib import closing

import pytest

from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.tunnel import Tunnel

pytestmark = [pytest.mark.once, pytest.mark.timeout(120)]


@pytest.fixture
def echo():
    """A server that gives back what it gets; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def give_back(link):
        with closing(link):
            while piece := link.recv(65_536):
                link.sendall(piece)

    def accept():
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=give_back, args=(link,)))
            threads[-1].start()

    thread = threading.Thread(target=accept)
    thread.start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for each in threads:
        each.join()


def answer_at(port, data):
    with socket.create_connection(("127.0.0.1", port), 30) as link:
        link.settimeout(30)
        link.sendall(data)
        answer = b""
        while len(answer) < len(data) and (piece := link.recv(65_536)):
            answer += piece
        return answer


def test_what_comes_there_is_carried_here_and_back(reach, echo):
    _, machine = reach()
    tunnel = Tunnel(machine.link, echo)
    port = tunnel.open()
    data = bytes(range(256)) * 4_000
    assert [answer_at(port, data) == data for _ in range(3)] == [True] * 3
    assert tunnel.open() == port
    assert machine.link.connections == 1


def test_it_ends_with_its_connection_and_is_opened_again_at_the_same_port(reach, echo):
    sshd, machine = reach()
    tunnel = Tunnel(machine.link, echo)
    port = tunnel.open()
    sshd.kill()
    waiting = threading.Event()
    while tunnel.alive:
        waiting.wait(0.01)
    sshd.start()
    assert tunnel.open() == port
    assert answer_at(port, b"again") == b"again"


def test_another_port_is_taken_where_that_is_not_to_be_had(reach, echo):
    _, machine = reach()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        tunnel = Tunnel(machine.link, echo, port)
        assert tunnel.open() not in (0, port)
    assert answer_at(tunnel.port, b"here") == b"here"


def test_a_machine_that_allows_none_is_said_so_with_what_to_do(reach, echo):
    _, machine = reach(more="AllowTcpForwarding no")
    with pytest.raises(MachineRefused, match="AllowTcpForwarding in its sshd_config"):
        Tunnel(machine.link, echo).open()
