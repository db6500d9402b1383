from __future__ import annotations

import threading

import pytest

from kube9.client import Client, Finished
from kube9.core.errors import ApiError, ServerUnreachable

FRAMES = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def client(live):
    live.add_nodes("n1")
    with Client() as client:
        client.launch_pod({"metadata": {"name": "web"}, "spec": {"containers": [{"name": "main", "image": "nginx"}]}})
        live.wait_for("PodRunning")
        yield client


@pytest.mark.parametrize(
    "command,input,finished",
    [
        (["sh", "-c", "echo out; echo err >&2; exit 3"], b"", Finished(3, b"out\n", b"err\n")),
        (["cat"], b"one\xff\x00\n", Finished(0, b"one\xff\x00\n", b"")),
        (["cat"], b"x" * 3_000_000, Finished(0, b"x" * 3_000_000, b"")),
        (["true"], b"x" * 3_000_000, Finished(0, b"", b"")),
        (["ls", "-l"], b"", Finished(0, b"ls -l\n", b"")),
    ],
)
def test_a_whole_command(client, command, input, finished):
    with client.exec_pod("web", command, container="main") as running:
        assert running.run(input) == finished


def test_one_that_is_talked_with(client):
    with client.exec_pod("web", ["cat"]) as command:
        output = command.output()
        command.write(b"one")
        assert next(output) == (1, b"one")
        command.write(b"two")
        assert (next(output), command.exit_code) == ((1, b"two"), None)
        command.close_input()
        assert list(output) == []
        assert command.exit_code == 0
        # It has ended, which is no trouble.
        command.write(b"three")
        command.resize(1, 2)
        command.close()


def test_a_terminal_has_a_size(client):
    with client.exec_pod("web", ["sh"], terminal=True, size=(30, 90)) as command:
        command.write(b"stty size\r")
        command.resize(31, 91)
        command.write(b"stty size\rexit 4\r")
        shown = b"".join(data for _, data in command.output())
    assert (b"30 90\r\n" in shown, b"31 91\r\n" in shown, command.exit_code) == (True, True, 4)


def test_one_that_is_left_is_over(client):
    with client.exec_pod("web", ["cat"]) as command:
        pass
    with pytest.raises(ApiError, match="there is no command") as told:
        list(command.output())
    assert told.value.status == 404


def test_one_that_cannot_be_run(client):
    with pytest.raises(ApiError, match="pod 'web' has no container 'db'; it has main"):
        client.exec_pod("web", ["ls"], container="db")
    with pytest.raises(ApiError, match="there is no pod 'web' in namespace 'other'"):
        client.exec_pod("web", ["ls"], namespace="other")


def test_one_whose_pod_goes(client, live):
    with client.exec_pod("web", ["cat"]) as command:
        output = command.output()
        command.write(b"a")
        assert next(output) == (1, b"a")
        client.delete_pod("web", grace_s=0)
        assert (list(output), command.exit_code) == ([], 137)


def test_a_server_that_ends_in_the_middle_is_told_of(client, live):
    command = client.exec_pod("web", ["cat"])
    output = command.output()
    command.write(b"a")
    assert next(output) == (1, b"a")
    stopping = threading.Thread(target=live.server.stop)
    stopping.start()
    with pytest.raises(ApiError, match="broke"):
        list(output)
    stopping.join()
    with pytest.raises(ServerUnreachable):
        command.close()


@pytest.mark.parametrize(
    "frames,error",
    [
        (b"\x04\x00\x00\x00\x03why", "why"),
        (b"\x01\x00\x00\x00\x03o", "broke the command's output off"),
        (b"", "broke the command's output off"),
    ],
)
def test_an_end_that_is_not_known(serve, frames, error):
    server = serve((201, {"id": "a1", "idleMillis": 1}), (200, frames, FRAMES | {"Content-Length": str(len(frames))}))
    with Client(server.url, "token") as client:
        command = client.exec_pod("web", ["ls"])
        with pytest.raises(ApiError, match=error):
            list(command.output())
        assert command.exit_code is None


def test_what_the_server_is_told(serve):
    server = serve((201, {"id": "a1", "idleMillis": 1}), (204,))
    with Client(server.url, "token") as client:
        client.exec_pod("a/b", ("ls", "-l"), namespace="n", container="c", terminal=True, size=(1, 2)).close()
    (method, path, _, body), (left, left_path, _, _) = server.asked
    assert (method, path) == ("POST", "/v1/pods/a%2Fb/exec?namespace=n")
    assert body == {"command": ["ls", "-l"], "container": "c", "terminal": True, "rows": 1, "columns": 2}
    assert (left, left_path) == ("DELETE", "/v1/exec/a1")
