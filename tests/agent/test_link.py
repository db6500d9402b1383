from __future__ import annotations

import socket

import pytest

from kube9.agent.link import HEAD_BYTES_MAX, Link, LinkClosed


@pytest.fixture
def ends():
    """Of one connection: ours, and the engine's."""
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    with ours, theirs:
        yield Link(ours), theirs


def answered(ends, data, *, closed=False):
    link, theirs = ends
    theirs.sendall(data)
    if closed:
        theirs.close()
    return link.status(), link.body(), link.reusable


@pytest.mark.parametrize(
    "data, found",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", (200, b"abc", True)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"", True)),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", (404, b"", True)),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nA: b\r\n\r\n",
            (200, b"abcd", True),
        ),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", (200, b"a", False)),
    ],
)
def test_answers(ends, data, found):
    assert answered(ends, data) == found


def test_an_answer_without_a_length_ends_with_the_connection(ends):
    assert answered(ends, b"HTTP/1.1 200 OK\r\n\r\nall there is", closed=True) == (200, b"all there is", False)


def test_two_answers_after_each_other(ends):
    one = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
    assert answered(ends, one + b"a" + one + b"b") == (200, b"a", True)
    assert answered(ends, b"") == (200, b"b", True)


@pytest.mark.parametrize(
    "data, wrong",
    [
        (b"", "closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na", "closed the connection"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na", "closed the connection"),
    ],
)
def test_one_that_is_closed_in_the_middle(ends, data, wrong):
    with pytest.raises(LinkClosed, match=wrong):
        answered(ends, data, closed=True)


@pytest.mark.parametrize(
    "data, wrong",
    [
        (b"SSH-2.0-x\r\n\r\n", "expected an answer in HTTP, got 'SSH-2.0-x'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "expected a length in the answer, got '-1'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "expected a length in the answer, got 'xyz'"),
        (b"x" * (HEAD_BYTES_MAX + 1), f"longer than {HEAD_BYTES_MAX} bytes"),
    ],
)
def test_what_is_no_answer(ends, data, wrong):
    with pytest.raises(ConnectionError, match=wrong):
        answered(ends, data)


def test_a_request_as_it_is_sent(ends):
    link, theirs = ends
    link.request("POST", "/v1.41/x?a=b", {"Content-Type": "application/json"}, b"{}")
    assert theirs.recv(1_000) == (
        b"POST /v1.41/x?a=b HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )
    link.request("GET", "/x", {}, b"")
    assert theirs.recv(1_000) == b"GET /x HTTP/1.1\r\nHost: docker\r\n\r\n"
