from __future__ import annotations

import array
import os
import socket
import stat
from contextlib import closing

import pytest

from kube9.agent.wardenclient import Client, accept, listen


@pytest.fixture
def ends():
    near, far = socket.socketpair()
    with closing(Client(near)) as client, closing(far):
        far.settimeout(30)
        yield client, far


def test_lines_are_taken_once_they_are_whole(ends):
    client, far = ends
    assert client.receive() == []
    far.sendall(b"one\ntw")
    assert client.receive() == [b"one"]
    far.sendall(b"o\n\n")
    assert client.receive() == [b"two", b""]
    far.close()
    assert client.receive() is None


def test_a_line_without_an_end_is_no_line(ends):
    client, far = ends
    piece, taken = b"x" * 65_536, []
    while taken is not None and len(taken) == 0:
        far.sendall(piece)
        taken = client.receive()
    assert taken is None


def test_what_is_not_read_is_kept_up_to_a_size(ends):
    client, far = ends
    assert client.send({"id": 1})
    assert (far.recv(100), client.is_behind) == (b'{"id": 1}\n', False)
    sent = 0
    while client.send({"text": "x" * 65_536}):
        sent += 1
    assert sent * 65_536 > 2**20
    while client.is_behind:
        assert far.recv(2**20)
        client.flush()
    assert client.send({})


def test_files_are_closed_with_whoever_sent_them(ends):
    client, far = ends
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as output:
        far.sendmsg([b"{}\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writing]))])
        os.close(writing)
        assert client.receive() == [b"{}"]
        (file,) = client.files
        os.write(file, b"mine")
        client.close()
        assert output.read() == b"mine"
    assert (client.files, client.gone, client.receive(), client.send({})) == ([], True, None, False)


def test_who_comes_to_the_socket_is_let_in_if_it_is_its_owner(tmp_path):
    path = tmp_path / "socket"
    with closing(listen(str(path))) as listener:
        assert accept(listener) is None
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with closing(socket.socket(socket.AF_UNIX)) as far:
            far.connect(str(path))
            with closing(accept(listener)) as client:
                far.sendall(b"hello\n")
                assert client.receive() == [b"hello"]
