"""A real control plane on SQLite and the memory backend, the app over it, and a server that listens."""

from __future__ import annotations

import time
from types import MappingProxyType

import pytest

from kube9.api import Limits, Server, Tokens, create_app
from kube9.app import App
from kube9.store import open_store

TOKEN = "the-token-that-may-do-everything"

#: How long whatever happens in the background may take.
PATIENCE_S = 60.0


@pytest.fixture(scope="session")
def kube9():
    """Plugins, loaded once: these tests change nothing of them."""
    return App.load(env={})


@pytest.fixture
def make_plane(kube9, tmp_path):
    """A function that starts a control plane; all are stopped at the end."""
    planes = []

    def make(*, around_store=lambda store: store, **options):
        store = around_store(open_store(str(tmp_path / f"{len(planes)}.db")))
        plane = kube9.make_control_plane(store, server_url="http://127.0.0.1:9009", **options)
        planes.append(plane)
        plane.start()
        return plane

    yield make
    for plane in planes:
        plane.stop()


@pytest.fixture
def plane(make_plane):
    return make_plane()


@pytest.fixture
def make_api(plane, kube9):
    """A function that makes a client of an app with the given limits."""

    def make(**limits):
        app = create_app(plane, plugins=kube9.plugins, tokens=Tokens.of(TOKEN), limits=Limits(**limits))
        return Api(app, plane)

    return make


@pytest.fixture
def api(make_api):
    return make_api()


@pytest.fixture
def serve():
    """A function that serves an app on the loopback; every server is stopped at the end."""
    servers = []

    def start(app, **options):
        server = Server(app, port=0, **{"threads": 8, **options})
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    import subprocess

    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    try:
        subprocess.run([*made, *names, "-keyout", key, "-out", cert], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl to make a certificate: apt-get install openssl")
    return cert, key


class Api:
    """Asks an app, with the token that may do everything unless told otherwise."""

    AUTHORIZED = MappingProxyType({"Authorization": f"Bearer {TOKEN}"})

    def __init__(self, app, plane):
        self.app, self.plane = app, plane
        self._client = app.test_client()

    def ask(self, method, path, json=None, *, token=TOKEN, headers=(), **options):
        given = dict(headers)
        if token is not None:
            given.setdefault("Authorization", f"Bearer {token}")
        return self._client.open(path, method=method, json=json, headers=given, **options)

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.ask("POST", path, json, **options)

    def patch(self, path, json=None, **options):
        return self.ask("PATCH", path, json, **options)

    def delete(self, path, **options):
        return self.ask("DELETE", path, **options)

    def node(self, name="n1", **capacity):
        """Add a node, and wait until it is ready."""
        document = self.node_manifest(name, **{"cpu": "4", "memory": "8Gi", **capacity})
        answer = self.post("/v1/nodes", document)
        assert answer.status_code == 201, answer.text
        self.until(lambda: self.plane.view.node(name).phase.value == "Ready")
        return answer.json

    def pod(self, name, **fields):
        """Launch a pod."""
        answer = self.post("/v1/pods", self.pod_manifest(name, **fields))
        assert answer.status_code == 201, answer.text
        return answer.json

    def until(self, holds):
        """Wait until something holds, looking whenever anything was committed."""
        view, deadline_s = self.plane.view, time.monotonic() + PATIENCE_S
        while True:
            revision = view.revision
            if holds():
                return
            assert time.monotonic() < deadline_s, "it never came to be"
            view.wait(revision, 0.2)

    # What to ask for, and what the answers say.

    @staticmethod
    def pod_manifest(name, *, namespace=None, labels=None, **spec):
        metadata = {"name": name}
        if namespace is not None:
            metadata["namespace"] = namespace
        if labels is not None:
            metadata["labels"] = labels
        return {"metadata": metadata, "spec": spec or {"requests": {"cpu": "100m"}}}

    @staticmethod
    def node_manifest(name, **capacity):
        return {"metadata": {"name": name}, "spec": {"capacity": capacity}}

    @staticmethod
    def deployment_manifest(name, replicas, **spec):
        template = {"spec": spec or {"requests": {"cpu": "100m"}}}
        return {"metadata": {"name": name}, "spec": {"replicas": replicas, "template": template}}

    @staticmethod
    def document(kind, manifest):
        """A manifest that says what it is."""
        return {"apiVersion": "kube9/v1", "kind": kind, **manifest}

    @staticmethod
    def problem_of(answer, status):
        """The problem document of an answer that must be one, of that status."""
        assert answer.status_code == status, answer.text
        assert answer.content_type == "application/problem+json"
        told = answer.get_json(force=True)
        assert told["status"] == status
        assert told["type"].startswith("urn:kube9:problem:")
        assert told["title"]
        assert told["detail"]
        return told

    @staticmethod
    def paths_of(answer, status=400):
        """The paths that a problem document complains of."""
        return [line["path"] for line in Api.problem_of(answer, status)["problems"]]
