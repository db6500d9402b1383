"""A server from its start to its end: state directory, store, control plane, API, signals."""

from __future__ import annotations

import gc
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import click
from attrs import evolve, field, frozen

from kube9 import __version__
from kube9.app import DEFAULT_HEALTH, DEFAULT_QUEUE, DEFAULT_SCHEDULER, App
from kube9.cli.signals import Signals
from kube9.cli.waiting import seconds
from kube9.client.address import is_loopback
from kube9.core.errors import DuplicateName, InvalidInput, StoreError
from kube9.statedir import ServerRecord, StateDir

if TYPE_CHECKING:
    from kube9.api import Server
    from kube9.controlplane import ControlPlane, PlaneSettings
    from kube9.core.nodes import NodeSpec

__all__ = ["Service"]

_log = logging.getLogger("kube9.serve")


@frozen(kw_only=True)
class Service:
    """What ``kube9 serve`` runs. The fields are its options."""

    app: App = field(kw_only=False)
    quiet: bool
    host: str
    port: int
    nodes: Sequence[str]
    schedulers: Sequence[str]
    queue: str | None
    backends: Sequence[str]
    health: str | None
    record_heartbeats: str | None
    lease: str | None
    db: str | None
    state_dir: str | None
    tls_cert: str | None
    tls_key: str | None
    stop_nodes: bool

    def run(self) -> None:
        """Serve until a signal comes.

        :raises StoreError: the database can no longer be used.
        :raises Kube9Error: whatever keeps it from starting.
        """
        if (self.tls_cert is None) is not (self.tls_key is None):
            raise InvalidInput("TLS needs both --tls-cert and --tls-key")
        wanted, settings = self._wanted_nodes(), self._plane_settings()
        folder = StateDir.find(self.state_dir)
        with Signals() as signals, folder.held(), self._listener() as listener:
            token = folder.make_token()
            port = listener.getsockname()[1]
            with self._plane(folder, signals, settings, port) as plane, self._server(plane, token, listener) as server:
                for spec in wanted:
                    _add(plane, spec)
                _spare_the_collector()
                with self._told(server.url, folder, plane):
                    signals.wait()
                _log.info("stopping: %s", signals.reason)
        if signals.failure:
            raise StoreError(signals.failure)
        _log.info("stopped")

    def _wanted_nodes(self) -> list[NodeSpec]:
        from kube9.simulator.nodespec import NodePlan, parse_nodes

        plan = NodePlan.join(map(parse_nodes, self.nodes))
        if plan.auto is not None:
            raise InvalidInput("--nodes: auto: is for simulations; say how many, as in 4xcpu=4,memory=8Gi")
        return [evolve(spec, backend="") for spec in plan.nodes]

    @contextmanager
    def _listener(self) -> Iterator[socket.socket]:
        """Where the server will listen: known before there are nodes, which are told of it."""
        from kube9.api.server import open_listener

        with closing(open_listener(self.host, self.port)) as listener:
            yield listener

    @contextmanager
    def _plane(self, folder: StateDir, signals: Signals, settings: PlaneSettings, port: int) -> Iterator[ControlPlane]:
        from kube9.heartbeats.recorder import Recorder
        from kube9.store import open_store

        scheduler, *others = self.schedulers or (DEFAULT_SCHEDULER,)
        scheme = "https" if self.tls_cert else "http"
        with ExitStack() as stack:
            store = open_store(self.db or str(folder.database_file))
            stack.callback(store.close)
            recorder = None if self.record_heartbeats is None else Recorder.create(self.record_heartbeats)
            if recorder is not None:
                stack.callback(recorder.close)
            plane = self.app.make_control_plane(
                store,
                scheduler=scheduler,
                others=others,
                queue=self.queue or DEFAULT_QUEUE,
                backends=self.backends,
                health=self.health or DEFAULT_HEALTH,
                plane_settings=settings,
                server_url=f"{scheme}://{_reachable(self.host)}:{port}",
                certificate=_text_of(self.tls_cert) if self.tls_cert else "",
                on_fatal=signals.fail,
                recorder=recorder,
            )
            plane.start()
            stack.pop_all()  # from here on it is the plane that closes them
        try:
            yield plane
        finally:
            plane.stop(stop_nodes=self.stop_nodes)

    def _plane_settings(self) -> PlaneSettings:
        """:raises InvalidInput: the lease is no time."""
        from kube9.controlplane import PlaneSettings

        lease_s = seconds("--lease", self.lease)
        if lease_s is None:
            return PlaneSettings()
        if lease_s <= 0:
            raise InvalidInput("--lease: expected a time above 0, such as 30s")
        return PlaneSettings(lease_ms=max(1, int(lease_s * 1000)))

    @contextmanager
    def _server(self, plane: ControlPlane, token: str, listener: socket.socket) -> Iterator[Server]:
        from kube9.api import Server, Tokens, create_app

        api = create_app(plane, plugins=self.app.plugins, tokens=Tokens.of(token))
        server = Server(api, host=self.host, listener=listener, tls_cert=self.tls_cert, tls_key=self.tls_key)
        server.start()
        try:
            yield server
        finally:
            server.stop()

    @contextmanager
    def _told(self, url: str, folder: StateDir, plane: ControlPlane) -> Iterator[None]:
        """Tell people and clients on this machine where the server is, as long as it is there."""
        certificate = str(Path(self.tls_cert).absolute()) if self.tls_cert else ""
        folder.write_server(ServerRecord(url, os.getpid(), certificate))
        try:
            if not is_loopback(self.host) and not self.tls_cert:
                _warn_of_plain_text(self.host)
            if not self.quiet:
                click.echo(_welcome(url, folder, plane), err=True)
            yield
        finally:
            folder.forget_server()


def _spare_the_collector() -> None:
    """Have Python look for cycles less often: the cluster is many values that live long and refer to no cycle.

    A look at all of them took a third of the time of a large batch.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def _add(plane: ControlPlane, spec: NodeSpec) -> None:
    """Add a node that ``--nodes`` asks for, unless one of its name is there."""
    try:
        plane.add_node(spec, uid=str(uuid4()))
    except DuplicateName as exc:
        _log.warning("--nodes: %s; it stays as it is", exc)


def _text_of(certificate: str) -> str:
    """:raises InvalidInput: it cannot be read."""
    try:
        return Path(certificate).read_text(encoding="ascii")
    except (OSError, UnicodeError) as exc:
        raise InvalidInput(f"cannot read the TLS certificate {certificate}: {exc}") from exc


def _reachable(host: str) -> str:
    """What to call this machine by, from itself, when it listens on ``host``."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104  (nothing is bound here)
    return everywhere.get(host, f"[{host}]" if ":" in host else host)


def _warn_of_plain_text(host: str) -> None:
    click.secho(
        f"WARNING: listening on {host} WITHOUT TLS. Whoever can see the network between can read the token, and then "
        "do everything.\nWARNING: Give --tls-cert and --tls-key, or listen on 127.0.0.1.",
        fg="red",
        bold=True,
        err=True,
    )


def _welcome(url: str, folder: StateDir, plane: ControlPlane) -> str:
    nodes, pods = len(plane.view.nodes()), len(plane.view.pods())
    there = f"{nodes} nodes and {pods} pods" if nodes or pods else "no nodes yet"
    elsewhere = f"--state-dir {folder.path} " if folder.path != StateDir.find(env={}).path else ""
    return "\n".join(
        [
            f"kube9 {__version__} listens at {url}",
            f"  state  {plane.store.place}, with {there}",
            f"  token  {folder.token_file}",
            "Next, in another terminal:",
            f"  kube9 node {'list' if nodes else 'add n1 --cpu 4 --memory 8Gi'} {elsewhere}".rstrip(),
            f"  kube9 pod run web --cpu 500m --memory 256Mi {elsewhere}".rstrip(),
            f'  curl -H "Authorization: Bearer $(cat {folder.token_file})" {url}/v1/nodes',
            "Ctrl-C stops the server; what it knows is kept.",
        ]
    )
