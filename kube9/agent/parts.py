"""What a node has to know of a pod to look after it, from the words of its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Container", "PodParts", "Probe", "read_parts"]


class Probe(NamedTuple):
    """A question asked of a container again and again. The defaults are those of Kubernetes."""

    #: What is asked, in the manifest's words: ``{"httpGet": {"port": 80}}``, likewise ``exec`` and ``tcpSocket``.
    action: Mapping[str, Any]
    initial_delay_ms: int = 0
    period_ms: int = 10_000
    timeout_ms: int = 1_000
    success_threshold: int = 1
    failure_threshold: int = 3
    #: How long the container gets to end where this probe has it killed; ``None`` for as long as the pod says.
    grace_ms: int | None = None


class Container(NamedTuple):
    name: str
    startup: Probe | None = None
    liveness: Probe | None = None
    readiness: Probe | None = None


class PodParts(NamedTuple):
    containers: tuple[Container, ...]
    #: Run one after the other, each to its end, before the others start.
    init_containers: tuple[Container, ...] = ()
    #: Always, OnFailure or Never.
    restart_policy: str = "Always"
    #: How long a container gets to end when it is told to.
    grace_ms: int = 30_000


def read_parts(spec: Mapping[str, Any]) -> PodParts:
    """:param spec: of a pod, as its manifest has it; whoever sent it has checked it."""
    return PodParts(
        tuple(_container(each) for each in spec.get("containers", ())),
        # No probe is asked of what runs to its end.
        tuple(Container(each["name"]) for each in spec.get("initContainers", ())),
        spec.get("restartPolicy", "Always"),
        _ms(spec.get("terminationGracePeriodSeconds", 30)),
    )


def _container(container: Mapping[str, Any]) -> Container:
    probes = (_probe(container.get(name)) for name in ("startupProbe", "livenessProbe", "readinessProbe"))
    return Container(container["name"], *probes)


def _probe(probe: Mapping[str, Any] | None) -> Probe | None:
    if probe is None:
        return None
    grace_s = probe.get("terminationGracePeriodSeconds")
    return Probe(
        {name: probe[name] for name in ("exec", "httpGet", "tcpSocket") if name in probe},
        _ms(probe.get("initialDelaySeconds", 0)),
        _ms(probe.get("periodSeconds", 10)),
        _ms(probe.get("timeoutSeconds", 1)),
        probe.get("successThreshold", 1),
        probe.get("failureThreshold", 3),
        None if grace_s is None else _ms(grace_s),
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
