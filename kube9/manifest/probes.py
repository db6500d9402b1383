"""Probes: what is asked of a container again and again."""

from __future__ import annotations

from typing import Any

from kube9.core.containers import SCHEMES, ExecAction, HttpGetAction, Probe, TcpSocketAction
from kube9.core.frozen import FrozenMap
from kube9.core.limits import PORT_MAX
from kube9.manifest.reader import NOTHING, Read, Reader
from kube9.manifest.scalars import choice, filled_text, list_of, seconds, text, texts, unique, whole
from kube9.manifest.shape import Shape, honoured, refused

__all__ = ["EXEC", "HTTP_GET", "HTTP_HEADER", "PROBE", "TCP_SOCKET", "read_probe", "read_single_probe"]


def _port(reader: Reader, value: Any) -> Any:
    """A number, or the name of one of the container's ports."""
    if not isinstance(value, str):
        return whole(1, PORT_MAX)(reader, value)
    if value not in reader.ports:
        known = ", ".join(sorted(reader.ports)) or "none has a name"
        return reader.expected(f"a number or the name of one of the container's ports ({known})", value)
    return reader.ports[value]


def _command(reader: Reader, value: Any) -> Any:
    if value == []:
        return reader.expected("a command", value, " without anything in it")
    return texts(reader, value)


HTTP_HEADER = Shape(
    "header of httpGet",
    honoured("name", filled_text, "text", required=True),
    honoured("value", text, "text", required=True, private=True),
)


def _read_header(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = HTTP_HEADER.read(reader, value)
    return NOTHING if found is None or reader.faults != before else (found["name"], found["value"])


def _read_headers(reader: Reader, value: Any) -> Any:
    found = list_of(_read_header)(reader, value)
    if found is NOTHING:
        return NOTHING
    unique(reader, value, "header")
    return FrozenMap(found)


EXEC = Shape("exec", honoured("command", _command, "list of texts", required=True))
HTTP_GET = Shape(
    "httpGet",
    honoured("port", _port, "number or name of a port", required=True),
    honoured("path", filled_text, "text", says="`/` where it is unsaid."),
    honoured("host", text, "text", says="The pod itself where it is unsaid."),
    honoured("scheme", choice({name: name for name in SCHEMES}), "`HTTP` or `HTTPS`"),
    honoured("httpHeaders", _read_headers, "list of headers", to="headers"),
)
TCP_SOCKET = Shape(
    "tcpSocket",
    honoured("port", _port, "number or name of a port", required=True),
    honoured("host", text, "text", says="The pod itself where it is unsaid."),
)


def _action(shape: Shape, kind: type) -> Read:
    def read(reader: Reader, value: Any) -> Any:
        before = reader.faults
        found = shape.read(reader, value)
        return NOTHING if found is None else reader.made(kind, found, before)

    return read


_ACTIONS = ("exec", "httpGet", "tcpSocket")

PROBE = Shape(
    "probe",
    honoured("exec", _action(EXEC, ExecAction), "exec", says="Healthy while the command ends with 0."),
    honoured("httpGet", _action(HTTP_GET, HttpGetAction), "httpGet", says="Healthy while it answers 200 to 399."),
    honoured("tcpSocket", _action(TCP_SOCKET, TcpSocketAction), "tcpSocket", says="Healthy while the port is open."),
    refused("grpc", "kube9 probes by exec, httpGet and tcpSocket"),
    honoured("initialDelaySeconds", seconds(), "seconds", to="initial_delay_ms"),
    honoured("periodSeconds", seconds(1), "seconds", to="period_ms"),
    honoured("timeoutSeconds", seconds(1), "seconds", to="timeout_ms"),
    honoured("successThreshold", whole(1), "whole number", to="success_threshold"),
    honoured("failureThreshold", whole(1), "whole number", to="failure_threshold"),
    refused("terminationGracePeriodSeconds", "all of a pod has the pod's terminationGracePeriodSeconds"),
)


def read_probe(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = PROBE.read(reader, value)
    if found is None:
        return NOTHING
    actions = [found.pop(name) for name in _ACTIONS if name in found]
    if len(actions) != 1:
        if reader.faults == before:
            reader.problem(f"expected exactly one of {', '.join(_ACTIONS)}, got {len(actions) or 'none'}")
        return NOTHING
    return reader.made(Probe, {"action": actions[0], **found}, before)


def read_single_probe(reader: Reader, value: Any) -> Any:
    """A probe that one success satisfies, as those that restart a container are."""
    found = read_probe(reader, value)
    if found is not NOTHING and found.success_threshold != 1:
        reader.problem(f"must be 1 for this probe, got {found.success_threshold}", "successThreshold")
    return found
