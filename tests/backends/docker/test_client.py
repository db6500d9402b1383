from __future__ import annotations

import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from docker.errors import DockerException
from docker.tls import TLSConfig

from kube9.backends.docker.client import Client

pytestmark = pytest.mark.once


class Versions(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"Version": "27.0", "ApiVersion": "1.41"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def made_in(folder):
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    files = str(folder / "cert.pem"), str(folder / "key.pem")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    try:
        subprocess.run(
            [*made, "-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("needs openssl to make a certificate: apt-get install openssl")
    return files


@pytest.fixture
def certificate(tmp_path_factory):
    return made_in(tmp_path_factory.mktemp("engine"))


@pytest.fixture
def another(tmp_path_factory):
    return made_in(tmp_path_factory.mktemp("another"))


@pytest.fixture
def url(certificate):
    """Of what answers like an engine those who have the certificate."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Versions)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.load_verify_locations(certificate[0])
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"tcp://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def client(url, certificate, ca_cert):
    tls = TLSConfig(client_cert=certificate, ca_cert=ca_cert, verify=True)
    return Client(base_url=url, version="auto", tls=tls, timeout=10)


def test_an_engine_is_trusted_by_its_certificate_whatever_the_environment_trusts(
    url, certificate, another, monkeypatch
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", another[0])
    found = client(url, certificate, certificate[0])
    assert found.version()["Version"] == "27.0"
    found.close()


def test_an_engine_is_not_trusted_because_the_environment_trusts_it(url, certificate, another, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate[0])
    with pytest.raises(DockerException, match="CERTIFICATE_VERIFY_FAILED"):
        client(url, certificate, another[0])
