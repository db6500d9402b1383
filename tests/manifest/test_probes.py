from __future__ import annotations

import pytest

from kube9.core.containers import ExecAction, HttpGetAction, Probe, TcpSocketAction
from kube9.manifest import parse_document

PORTS = [{"containerPort": 8080, "name": "http"}]


@pytest.mark.parametrize(
    "written, probe",
    [
        ({"exec": {"command": ["a", "b"]}}, Probe(action=ExecAction(command=("a", "b")))),
        ({"tcpSocket": {"port": "http"}}, Probe(action=TcpSocketAction(port=8080))),
        ({"tcpSocket": {"port": 5, "host": "h"}}, Probe(action=TcpSocketAction(port=5, host="h"))),
        (
            {
                "httpGet": {
                    "path": "/x",
                    "port": "http",
                    "scheme": "HTTPS",
                    "host": "h",
                    "httpHeaders": [{"name": "A", "value": "b"}],
                }
            },
            Probe(action=HttpGetAction(port=8080, path="/x", scheme="HTTPS", host="h", headers={"A": "b"})),
        ),
        (
            {
                "exec": {"command": ["a"]},
                "initialDelaySeconds": 1,
                "periodSeconds": 2,
                "timeoutSeconds": 3,
                "successThreshold": 4,
                "failureThreshold": 5,
            },
            Probe(
                action=ExecAction(command=("a",)),
                initial_delay_ms=1000,
                period_ms=2000,
                timeout_ms=3000,
                success_threshold=4,
                failure_threshold=5,
            ),
        ),
    ],
)
def test_probes(running, written, probe):
    # The ports stand after the probe here: their order does not matter.
    (container,) = parse_document(running("v1", readinessProbe=written, ports=PORTS)).spec.containers
    assert container.readiness == probe


def test_the_names_of_ports_are_those_of_the_same_container(problems_of, pod):
    one = {"name": "a", "image": "x:1", "ports": PORTS}
    other = {"name": "b", "image": "x:1", "livenessProbe": {"tcpSocket": {"port": "http"}}}
    found = problems_of(pod({"containers": [one, other]}))
    assert list(found) == ["spec.containers[1].livenessProbe.tcpSocket.port"]
    assert "(none has a name)" in found["spec.containers[1].livenessProbe.tcpSocket.port"]


@pytest.mark.parametrize(
    "written, path, part",
    [
        ({}, "", "expected exactly one of exec, httpGet, tcpSocket, got none"),
        ({"exec": {"command": ["a"]}, "tcpSocket": {"port": 1}}, "", "got 2"),
        ({"exec": {"command": []}}, ".exec.command", "expected a command"),
        ({"exec": {}}, ".exec.command", "is required"),
        ({"grpc": {"port": 1}}, ".grpc", "is not supported"),
        ({"httpGet": {"port": "web"}}, ".httpGet.port", "the name of one of the container's ports (http)"),
        ({"httpGet": {"port": 1, "scheme": "ftp"}}, ".httpGet.scheme", "HTTP, HTTPS"),
        ({"httpGet": {"port": 1, "httpHeaders": {"a": "b"}}}, ".httpGet.httpHeaders", "expected a list"),
        (
            {"httpGet": {"port": 1, "httpHeaders": [{"name": "a", "value": "b"}] * 2}},
            ".httpGet.httpHeaders[1].name",
            "another header 'a'",
        ),
        ({"exec": {"command": ["a"]}, "periodSeconds": 0}, ".periodSeconds", "from 1"),
        ({"exec": {"command": ["a"]}, "successThreshold": 2}, ".successThreshold", "must be 1"),
        (
            {"exec": {"command": ["a"]}, "terminationGracePeriodSeconds": 2},
            ".terminationGracePeriodSeconds",
            "not supp",
        ),
    ],
)
def test_faults_of_a_probe(problems_of, running, written, path, part):
    found = problems_of(running("v1", livenessProbe=written, ports=PORTS))
    where = f"spec.containers[0].livenessProbe{path}"
    assert part in found[where]
