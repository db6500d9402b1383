"""The plugin that offers kube9's own backends."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube9.core.hookspecs import hookimpl
from kube9.core.ports import Clock, NodeBackend
from kube9.core.stimuli import Stimulus

if TYPE_CHECKING:
    from kube9.core.hookspecs import RegisterBackend


@hookimpl
def kube9_register_backends(register: RegisterBackend) -> None:
    register("memory", memory_backend)
    register("docker", docker_backend)
    register("ssh", ssh_backend)


def memory_backend(
    clock: Clock, deliver: Callable[[Stimulus], None], heartbeat_ms: int | str = 0, **options: Any
) -> NodeBackend:
    """Make the in-memory backend; the options are the fields of its two behaviours, as text.

    :param heartbeat_ms: how often nodes that are up are heard; 0 for never.
    :raises InvalidInput: there is no such option, or its value cannot be used.
    """
    from kube9.backends.behaviour import read_behaviours, read_whole
    from kube9.backends.memory import MemoryBackend

    beats_ms = read_whole("heartbeat_ms", str(heartbeat_ms))
    pods, nodes = read_behaviours(options)
    return MemoryBackend(clock, deliver, behaviour=pods, node_behaviour=nodes, heartbeat_ms=beats_ms)


def docker_backend(
    clock: Clock,
    deliver: Callable[[Stimulus], None],
    cluster: str = "",
    server_url: str = "",
    certificate: str = "",
    **options: Any,
) -> NodeBackend:
    """Make the Docker backend; the options are the fields of its settings, as text.

    :param server_url: where the API server listens, as seen from its own machine; empty to learn it from tickets.
    :param certificate: of the API server, in PEM; empty where it serves no TLS.
    :raises InvalidInput: there is no such option, or its value cannot be used.
    :raises MissingExtra: docker-py is not installed.
    """
    from kube9.backends.docker.backend import DockerBackend
    from kube9.backends.docker.endpoint import find_endpoint
    from kube9.backends.docker.engine import require_docker
    from kube9.backends.docker.settings import DockerSettings
    from kube9.backends.optionfields import check_mark, read_options
    from kube9.backends.serverat import ServerAt

    settings = read_options(DockerSettings, options)
    endpoint = find_endpoint(settings.host, os.environ, Path.home())
    require_docker(endpoint)
    return DockerBackend(
        clock,
        deliver,
        cluster=check_mark(cluster),
        endpoint=endpoint,
        settings=settings,
        server=ServerAt(url=server_url, certificate=certificate),
    )


def ssh_backend(
    clock: Clock,
    deliver: Callable[[Stimulus], None],
    cluster: str = "",
    server_url: str = "",
    certificate: str = "",
    **options: Any,
) -> NodeBackend:
    """Make the SSH backend; the options are the fields of its settings, as text.

    :param server_url: where the API server listens, as seen from its own machine; empty to learn it from tickets.
    :param certificate: of the API server, in PEM; empty where it serves no TLS.
    :raises InvalidInput: there is no such option, or its value cannot be used.
    :raises MissingExtra: paramiko is not installed.
    """
    from kube9.backends.optionfields import check_mark, read_options
    from kube9.backends.serverat import ServerAt
    from kube9.backends.ssh.backend import make_backend
    from kube9.backends.ssh.login import require_paramiko
    from kube9.backends.ssh.settings import SshSettings

    settings = read_options(SshSettings, options)
    require_paramiko()
    return make_backend(
        clock,
        deliver,
        cluster=check_mark(cluster),
        settings=settings,
        server=ServerAt(url=server_url, certificate=certificate),
    )
