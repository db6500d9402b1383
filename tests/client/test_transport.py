"""One request and its answer: what is sent again and what is not, and how each failure reads."""

from __future__ import annotations

import socket

import pytest

from kube9.client.address import Address
from kube9.client.transport import Transport
from kube9.core.errors import ApiError, Problem, ServerUnreachable

BUSY = (503, {"title": "Overloaded", "detail": "too much waits"}, {"Retry-After": "0"})
TOKEN = "a-token-that-is-long-enough"


@pytest.fixture
def connect():
    made = []

    def connect(url, **settings):
        transport = Transport(Address(url=url, token=TOKEN, token_sought="--token and /a/token"), **settings)
        made.append(transport)
        return transport

    yield connect
    for transport in made:
        transport.close()


def test_it_sends_the_token_and_who_it_is(serve, connect):
    server = serve((200, {"a": 1}), (204,))
    transport = connect(server.url)
    assert transport.json("POST", "/v1/x", json={"b": 2}, params={"c": 3}) == {"a": 1}
    assert transport.json("DELETE", "/v1/x") is None
    (method, path, headers, body), _ = server.asked
    assert (method, path, body) == ("POST", "/v1/x?c=3", {"b": 2})
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["User-Agent"].startswith("kube9/")


def test_no_netrc_takes_the_tokens_place(serve, connect, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\ndefault login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve((200, {}))
    connect(server.url).json("GET", "/v1/x")
    assert server.asked[0][2]["Authorization"] == f"Bearer {TOKEN}"


def test_no_proxy_comes_between_this_machine_and_itself(serve, connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert connect(serve((200, {"a": 1})).url).json("GET", "/v1/x") == {"a": 1}


def test_connections_are_kept(serve, connect):
    addresses = []

    def note(handler):
        addresses.append(handler.client_address)
        handler.reply(200, {})

    server = serve(note, note, note)
    transport = connect(server.url)
    for _ in range(3):
        transport.json("GET", "/v1/x")
    assert len(set(addresses)) == 1


def test_a_busy_server_is_asked_again(serve, connect):
    server = serve(BUSY, (429, {"title": "Slow down"}), (503, b"<html>"), (200, {"a": 1}))
    assert connect(server.url, retry_for_s=3600.0).json("GET", "/v1/x", repeatable=True) == {"a": 1}
    assert len(server.asked) == 4


def test_what_must_not_be_done_twice_is_not_asked_again(serve, connect):
    server = serve(BUSY, (200, {}))
    with pytest.raises(ApiError, match="too much waits") as caught:
        connect(server.url).json("POST", "/v1/x")
    assert (caught.value.status, caught.value.retry_after_s) == (503, 0.0)
    assert len(server.asked) == 1


def test_patience_ends_before_a_pause_that_would_be_too_long(serve, connect):
    server = serve((503, {"title": "Away"}, {"Retry-After": "3600"}), (200, {}))
    with pytest.raises(ApiError, match="Away"):
        connect(server.url, retry_for_s=60.0).json("GET", "/v1/x", repeatable=True)
    assert len(server.asked) == 1


def test_patience_ends(serve, connect):
    server = serve(*[BUSY] * 3)
    with pytest.raises(ApiError, match="too much waits"):
        connect(server.url, retry_for_s=0.0).json("GET", "/v1/x", repeatable=True)
    assert len(server.asked) < 3


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500])
def test_a_refusal_is_not_asked_again(serve, connect, status):
    server = serve((status, {"title": "No"}), (200, {}))
    with pytest.raises(ApiError) as caught:
        connect(server.url).json("GET", "/v1/x", repeatable=True)
    assert caught.value.status == status
    assert len(server.asked) == 1


def test_a_connection_that_breaks_is_made_again(serve, connect, hangs_up):
    server = serve((200, {}), hangs_up, (200, {"a": 1}))
    transport = connect(server.url)
    transport.json("GET", "/v1/x")
    assert transport.json("GET", "/v1/x", repeatable=True) == {"a": 1}


def test_what_may_have_been_done_is_said_to_be_so(serve, connect, hangs_up):
    server = serve(hangs_up)
    with pytest.raises(ServerUnreachable, match="broke the connection off; it may have done what it was asked"):
        connect(server.url).json("POST", "/v1/x")
    assert len(server.asked) == 1


def test_a_server_that_never_answered_is_not_waited_for(connect, reserved_port):
    url = f"http://127.0.0.1:{reserved_port}"
    with pytest.raises(ServerUnreachable, match=f"no server answers at {url}; start one with 'kube9 serve', or name"):
        connect(url, retry_for_s=3600.0).json("GET", "/v1/x", repeatable=True)


def test_a_server_that_is_being_restarted_is_waited_for(serve, connect, reserved_port):
    first = serve((200, {}, {"Connection": "close"}), port=reserved_port)
    transport = connect(first.url, retry_for_s=3600.0)
    transport.json("GET", "/v1/x")
    first.stop()
    second = None
    pauses = []

    def pass_time(pause_s):
        nonlocal second
        pauses.append(pause_s)
        if len(pauses) == 3:
            second = serve((200, {"a": 1}), port=reserved_port)

    transport.sleep = pass_time
    assert transport.json("GET", "/v1/x", repeatable=True) == {"a": 1}
    assert len(pauses) == 3
    assert pauses == sorted(pauses)


def test_a_server_that_says_nothing_is_given_up(connect):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ServerUnreachable, match="did not answer within 0.2 s"):
            connect(url, timeout_s=0.2).json("GET", "/v1/x")


@pytest.mark.parametrize("answer", [b"<html>", b"", b"[1", {"other": "json"}, ["list"], "text"], ids=repr)
def test_what_is_no_problem_document_is_told_by_its_status(serve, connect, answer):
    server = serve((502, answer))
    with pytest.raises(ApiError, match=r"answered 502 .* with something that is not kube9's; is that a kube9 server"):
        connect(server.url).json("GET", "/v1/x")


def test_what_is_no_json_is_told(serve, connect):
    with pytest.raises(ApiError, match="is that a kube9 server"):
        connect(serve((200, b"<html>hello</html>")).url).json("GET", "/v1/x")


def test_the_token_follows_no_redirect(serve, connect):
    other = serve((200, {}))
    server = serve((302, None, {"Location": other.url}))
    with pytest.raises(ApiError, match="answered 302"):
        connect(server.url).json("GET", "/v1/x")
    assert other.asked == []


def test_every_problem_is_told(serve, connect):
    problems = [{"path": "spec.image", "message": "expected text"}, {"message": "too long"}]
    server = serve((400, {"title": "Invalid request", "detail": "2 problems", "problems": problems}))
    with pytest.raises(ApiError) as caught:
        connect(server.url).json("POST", "/v1/x")
    assert caught.value.problems == (Problem("spec.image", "expected text"), Problem("", "too long"))
    assert str(caught.value) == "2 problems\n  spec.image: expected text\n  too long"


def test_a_problem_that_the_detail_says_is_said_once(serve, connect):
    server = serve(
        (400, {"title": "t", "detail": "name: too long", "problems": [{"path": "name", "message": "too long"}]})
    )
    with pytest.raises(ApiError, match="^name: too long$"):
        connect(server.url).json("POST", "/v1/x")


def test_who_has_no_token_is_told_where_it_was_looked_for(serve, connect):
    server = serve((401, {"title": "Access denied", "detail": "a token is needed"}))
    with pytest.raises(ApiError, match=r"^a token is needed \(looked for in --token and /a/token\)$"):
        connect(server.url).json("GET", "/v1/x")


def test_tls_where_there_is_none_is_explained(serve, connect):
    server = serve()
    with pytest.raises(ServerUnreachable, match="speaks no TLS; name it as http://"):
        connect(server.url.replace("http:", "https:")).json("GET", "/v1/x")
