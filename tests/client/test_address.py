"""Where a client looks for its server, its token and whom to trust."""

from __future__ import annotations

import pytest

from kube9.client.address import Address, is_loopback
from kube9.core.errors import InvalidInput, ServerUnreachable
from kube9.statedir import ServerRecord, StateDir


@pytest.fixture
def local(tmp_path):
    """A server in a state directory, with its token and certificate."""
    folder = StateDir(tmp_path / "local")
    certificate = tmp_path / "own.pem"
    certificate.write_text("x")
    with folder.held():
        folder.make_token()
        folder.write_server(ServerRecord("http://10.0.0.5:9009", 4711, str(certificate)))
    return folder


def find(folder, env=None, **given):
    return Address.find(state_dir=str(folder.path), env=env or {}, **given)


def test_the_server_on_this_machine_is_found_with_its_token_and_certificate(local, tmp_path):
    address = find(local)
    assert (address.url, address.pid, address.ca_cert) == ("http://10.0.0.5:9009", 4711, str(tmp_path / "own.pem"))
    assert address.token == local.token()


def test_what_is_given_goes_before_variables_and_those_before_the_state_directory(local, tmp_path):
    (tmp_path / "given.pem").write_text("x")
    env = {"KUBE9_SERVER": "http://b:1", "KUBE9_TOKEN": "env", "KUBE9_CA_CERT": str(tmp_path / "own.pem")}
    told = find(local, env)
    assert (told.url, told.token, told.ca_cert) == ("http://b:1", "env", str(tmp_path / "own.pem"))
    given = find(local, env, server="http://a:1/", token="arg", ca_cert=str(tmp_path / "given.pem"))
    assert (given.url, given.token, given.ca_cert) == ("http://a:1", "arg", str(tmp_path / "given.pem"))


@pytest.mark.parametrize(
    "server,sent",
    [
        ("http://10.0.0.5:9009", True),
        ("http://10.0.0.5:9009/", True),
        ("http://127.0.0.1:1", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("http://10.0.0.6:9009", False),
        ("https://example.org", False),
        ("http://localhost.example.org", False),
    ],
)
def test_the_token_in_the_state_directory_is_for_its_server_and_for_this_machine(local, server, sent):
    address = find(local, server=server)
    assert (address.token == local.token()) is sent
    assert ("token" in address.token_sought.rpartition("/")[2]) is sent or not sent
    assert (str(local.token_file) in address.token_sought) is sent


def test_the_certificate_in_the_state_directory_is_for_its_server_alone(local):
    assert find(local, server="https://127.0.0.1:1").ca_cert is None


def test_without_any_server_it_says_where_it_looked_and_what_to_do(tmp_path):
    with pytest.raises(ServerUnreachable) as caught:
        find(StateDir(tmp_path / "none"))
    assert str(tmp_path / "none" / "server.json") in str(caught.value)
    assert "start one with 'kube9 serve', or name it with --server or KUBE9_SERVER" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:9009",
        "ftp://h",
        "http://",
        "http://h:port",
        "http://h:70000",
        "http://h:0",
        "http://h?x=1",
        "http://h#x",
        "http://me:secret@h",
        "http://[::1",
    ],
)
def test_what_is_no_url_is_misuse(local, url):
    with pytest.raises(InvalidInput, match="--server: expected a URL such as http://127.0.0.1:9009"):
        find(local, server=url)


def test_certificates_that_are_not_there_are_misuse(local):
    with pytest.raises(InvalidInput, match="no file 'none.pem' of certificates"):
        find(local, ca_cert="none.pem")


def test_the_token_is_not_in_what_is_printed(local):
    assert local.token() not in repr(find(local))


@pytest.mark.parametrize(
    "host,expected",
    [("localhost", True), ("127.8.0.1", True), ("::1", True), ("[::1]", True), ("0.0.0.0", False), ("h", False)],
)
def test_loopback(host, expected):
    assert is_loopback(host) is expected
