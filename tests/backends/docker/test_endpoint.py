from __future__ import annotations

import hashlib
import json

import pytest

from kube9.backends.docker.endpoint import Tls, find_endpoint
from kube9.core.errors import InvalidInput


def write_context(home, name, host, *, current=True, files=(), **engine):
    config = home / ".docker"
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    document = {"Name": name, "Endpoints": {"docker": {"Host": host, **engine}}}
    (meta / "meta.json").write_text(json.dumps(document), encoding="utf-8")
    if current:
        (config / "config.json").write_text(json.dumps({"currentContext": name}), encoding="utf-8")
    folder = config / "contexts" / "tls" / digest / "docker"
    for file in files:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{file}.pem").write_text("PEM", encoding="utf-8")
    return folder


def test_what_is_said_goes_before_the_environment_and_that_before_the_context(tmp_path):
    write_context(tmp_path, "far", "tcp://10.0.0.1:2375")
    env = {"DOCKER_HOST": "tcp://10.0.0.2:2375"}
    assert find_endpoint("unix:///run/own.sock", env, tmp_path).url == "unix:///run/own.sock"
    assert find_endpoint("", env, tmp_path).url == "tcp://10.0.0.2:2375"
    assert str(find_endpoint("", {}, tmp_path)) == "tcp://10.0.0.1:2375 (docker context 'far')"


def test_the_usual_socket_is_the_last_resort(tmp_path):
    found = find_endpoint("", {}, tmp_path)
    assert (found.url, found.socket_path, found.tls) == ("unix:///var/run/docker.sock", "/var/run/docker.sock", None)


def test_a_context_may_be_named_by_the_environment(tmp_path):
    write_context(tmp_path, "far", "ssh://me@far", current=False)
    found = find_endpoint("", {"DOCKER_CONTEXT": "far"}, tmp_path)
    assert (found.url, found.scheme, found.socket_path) == ("ssh://me@far", "ssh", None)
    assert find_endpoint("", {"DOCKER_CONTEXT": "default"}, tmp_path).scheme == "unix"


def test_the_folder_of_the_configuration_may_be_elsewhere(tmp_path):
    write_context(tmp_path, "far", "tcp://10.0.0.1:2375")
    env = {"DOCKER_CONFIG": str(tmp_path / ".docker")}
    assert find_endpoint("", env, tmp_path / "nobody").url == "tcp://10.0.0.1:2375"


@pytest.mark.parametrize("skip,verify", [(False, True), (True, False)])
def test_a_context_brings_its_certificates(tmp_path, skip, verify):
    folder = write_context(tmp_path, "far", "tcp://10.0.0.1:2376", files=("ca", "cert", "key"), SkipTLSVerify=skip)
    expected = Tls(ca=str(folder / "ca.pem"), cert=str(folder / "cert.pem"), key=str(folder / "key.pem"), verify=verify)
    assert find_endpoint("", {}, tmp_path).tls == expected


def test_certificates_may_be_named_by_the_environment(tmp_path):
    for name in ("ca", "cert", "key"):
        (tmp_path / f"{name}.pem").write_text("PEM", encoding="utf-8")
    env = {"DOCKER_HOST": "tcp://far:2376", "DOCKER_CERT_PATH": str(tmp_path), "DOCKER_TLS_VERIFY": "1"}
    tls = find_endpoint("", env, tmp_path).tls
    assert tls is not None
    assert (tls.ca, tls.verify) == (str(tmp_path / "ca.pem"), True)
    del env["DOCKER_TLS_VERIFY"]
    assert find_endpoint("", env, tmp_path).tls.verify is False
    # They are for connections over a network.
    assert find_endpoint("unix:///run/own.sock", env, tmp_path).tls is None


@pytest.mark.parametrize("env", [{"DOCKER_TLS_VERIFY": "1"}, {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/none"}])
def test_what_is_to_be_verified_needs_something_to_verify_it_with(tmp_path, env):
    if "DOCKER_CERT_PATH" not in env:
        assert find_endpoint("tcp://far:2376", env, tmp_path).tls == Tls()
        return
    with pytest.raises(InvalidInput, match="there is no file /none/ca.pem"):
        find_endpoint("tcp://far:2376", env, tmp_path)


def test_half_a_client_certificate_is_refused(tmp_path):
    write_context(tmp_path, "far", "tcp://10.0.0.1:2376", files=("ca", "cert"))
    with pytest.raises(InvalidInput, match="expected cert.pem and key.pem"):
        find_endpoint("", {}, tmp_path)


@pytest.mark.parametrize("host", ["npipe:////./pipe/docker_engine", "unix://", "tcp://", "gopher://far"])
def test_an_address_that_is_none_is_refused(tmp_path, host):
    with pytest.raises(InvalidInput, match="option 'host' must be the address of an engine"):
        find_endpoint(host, {}, tmp_path)


def test_an_address_without_a_scheme_is_one_of_a_network(tmp_path):
    assert find_endpoint("far:2375", {}, tmp_path).url == "tcp://far:2375"


def test_a_context_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidInput, match="there is no docker context 'far'"):
        find_endpoint("", {"DOCKER_CONTEXT": "far"}, tmp_path)


def test_a_configuration_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInput, match="config.json cannot be read"):
        find_endpoint("", {}, tmp_path)
