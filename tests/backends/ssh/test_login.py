from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

import pytest

from kube9.backends.ssh.failures import MachineAway

pytest.importorskip("paramiko", reason="needs paramiko: pip install 'kube9[test]'")

PATIENCE_S = 90.0
#: What the first message of a server is, which offers ways to agree on a key by names that are no text.
OFFER = b"\x14" + bytes(16) + struct.pack(">I", 2) + b"\xff\xfe" + bytes(64)
NONSENSE = b"SSH-2.0-x\r\n" + struct.pack(">IB", len(OFFER) + 5, 4) + OFFER + bytes(4)


@pytest.fixture
def says():
    """Something that says this to whoever connects, and hangs up with them; its port."""
    listeners, threads = [], []

    def says(data):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer():
            link, _ = listener.accept()
            with link, suppress(ConnectionResetError):
                link.settimeout(PATIENCE_S)
                link.sendall(data)
                while link.recv(65_536):
                    pass

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        return listener.getsockname()[1]

    yield says
    for thread in threads:
        thread.join()
    for listener in listeners:
        listener.close()


@pytest.fixture
def log_in(tmp_path):
    """Log in to whatever listens at a port."""
    from kube9.backends.ssh.login import Login
    from kube9.backends.ssh.target import Target

    def log_in(port, timeout_ms=60_000):
        target = Target(name="box", host="127.0.0.1", port=port, user="ops", known_hosts=(tmp_path / "known_hosts",))
        login = Login(timeout_ms=timeout_ms, keepalive_ms=5_000, environment={"HOME": str(tmp_path)})
        return login.connect(target)

    return log_in


@pytest.mark.parametrize(
    "data", [NONSENSE, b"HTTP/1.1 400 Bad Request\r\n" * 200], ids=["an offer", "another protocol"]
)
def test_whoever_makes_no_sense_is_no_machine(says, log_in, data):
    port = says(data)
    with pytest.raises(MachineAway, match=f"ops@127.0.0.1:{port} could not be logged in to"):
        log_in(port)


@pytest.mark.parametrize("data", [b"", b"SSH-2.0-x\r\n"], ids=["nothing", "who it is"])
def test_whoever_says_no_more_than_that_did_not_answer_in_time(says, log_in, data):
    port = says(data)
    with pytest.raises(MachineAway, match=f"ops@127.0.0.1:{port} did not answer in time"):
        log_in(port, timeout_ms=300)
