from __future__ import annotations

import json

import pytest

from kube9.agent.configuration import (
    ConfigurationError,
    NodeConfiguration,
    ServerConfiguration,
    read_node,
    read_server,
)

NODE = {"node": "node-1", "nodeUid": "u-1", "cluster": "c-3f9a1b2c", "runtime": "docker"}
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def write(folder, node=NODE, server=None, token="secret\n"):
    (folder / "node.json").write_text(json.dumps(node))
    (folder / "server.json").write_text(json.dumps({"url": "http://10.0.0.1:9009"} if server is None else server))
    (folder / "token").write_text(token)
    return folder


def test_what_is_unsaid_of_a_node_has_a_default(tmp_path):
    assert read_node(write(tmp_path)) == NodeConfiguration(
        "node-1", "u-1", "c-3f9a1b2c", "docker", "unix:///var/run/docker.sock", None, "host", "", {}, str(tmp_path)
    )


def test_everything_that_can_be_said_of_a_node_is_read(tmp_path):
    told = NODE | {
        "engine": "unix:///run/other.sock",
        "network": "kube9-c-3f9a1b2c",
        "hostNetwork": "container:node-1",
        "sandboxImage": "busybox:1",
        "capacity": {"cpu": 2000, "memory": 2**30},
    }
    assert read_node(write(tmp_path, told)) == NodeConfiguration(
        "node-1",
        "u-1",
        "c-3f9a1b2c",
        "docker",
        "unix:///run/other.sock",
        "kube9-c-3f9a1b2c",
        "container:node-1",
        "busybox:1",
        {"cpu": 2000, "memory": 2**30},
        str(tmp_path),
    )


def test_where_the_server_is_and_the_token_are_read(tmp_path):
    assert read_server(write(tmp_path)) == ServerConfiguration("http://10.0.0.1:9009", "", "secret")
    write(tmp_path, server={"url": "https://kube9.example/k/", "certificate": PEM})
    assert read_server(tmp_path) == ServerConfiguration("https://kube9.example/k", PEM, "secret")


def test_all_that_is_wrong_is_told_at_once_and_of_which_file(tmp_path):
    told = {**NODE, "node": "", "cluster": 3, "capacity": {"cpu": "2"}, "network": "", "imgae": "x"}
    del told["nodeUid"]
    with pytest.raises(ConfigurationError) as caught:
        read_node(write(tmp_path, told))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/node.json: nodeUid: is missing; ")
    for wrong in (
        "node: expected a text that is not empty",
        "cluster: expected a text that is not empty",
        "capacity: expected an object of whole numbers",
        "network: expected a text or null",
        "imgae: unknown field; expected node, nodeUid, cluster, runtime, engine",
    ):
        assert wrong in message


@pytest.mark.parametrize("url", ["", "10.0.0.1:9009", "ftp://x", "http://", "http://x:99999", None, 7], ids=repr)
def test_a_server_must_have_an_address(tmp_path, url):
    with pytest.raises(ConfigurationError, match="url: expected the address of a server"):
        read_server(write(tmp_path, server={"url": url}))


def test_a_certificate_must_be_one(tmp_path):
    with pytest.raises(ConfigurationError, match="certificate: expected a certificate in PEM"):
        read_server(write(tmp_path, server={"url": "https://x", "certificate": "AAAA"}))


@pytest.mark.parametrize("token", ["", " \n", "two words", "two\nlines", "schlüssel"], ids=repr)
def test_a_token_is_one_word(tmp_path, token):
    with pytest.raises(ConfigurationError, match="token: expected one line of visible characters"):
        read_server(write(tmp_path, token=token))


@pytest.mark.parametrize(
    "content,message",
    [(b"[]", "expected an object"), (b"{", "is no JSON"), (b'{"\xff', "is no UTF-8"), (None, "cannot be read")],
    ids=repr,
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, message):
    path = write(tmp_path) / "server.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"server.json: {message}"):
        read_server(tmp_path)
