"""The composition root: the one module that knows plugins and the core by name, and puts them together."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import frozen

from kube9.core.cluster import Cluster
from kube9.core.errors import DuplicateName, InvalidInput, PluginError
from kube9.core.pipeline import Pipeline
from kube9.core.registry import split_step
from kube9.core.settings import Settings
from kube9.core.watch import beat_interval_ms
from kube9.plugins import sources
from kube9.plugins.manager import Plugins
from kube9.plugins.selection import Selection
from kube9.plugins.strategy import make, make_step, parameters_of
from kube9.simulator.tracefile import read_traces

if TYPE_CHECKING:
    from kube9.controlplane import ControlPlane, PlaneSettings
    from kube9.core.ports import Clock, Filter, HealthCheck, NodeBackend, Trace
    from kube9.core.stimuli import Stimulus
    from kube9.heartbeats.recorder import Recorder
    from kube9.plugins.door import Door
    from kube9.plugins.registries import Registries
    from kube9.store import Store

__all__ = ["DEFAULT_DEVICES", "DEFAULT_HEALTH", "DEFAULT_QUEUE", "DEFAULT_SCHEDULER", "App"]

_log = logging.getLogger(__name__)

DEFAULT_SCHEDULER = "best-fit"
DEFAULT_QUEUE = "priority"
DEFAULT_DEVICES = "least-left"
DEFAULT_HEALTH = "heartbeat"


@frozen(kw_only=True)
class App:
    """Plugins, loaded, and what is made of them. Several may live in one process and know nothing of each other.

    A strategy is named by a step, ``name`` or ``name:key=value,...``. Wherever one is made, ``UnknownName`` is raised
    for a name that no plugin offers, ``InvalidInput`` for options it refuses, and ``PluginError`` where it fails.
    """

    plugins: Plugins
    #: What it was loaded with, so that another process can load the same again.
    plugin_files: tuple[str, ...] = ()
    strict: bool = False

    @classmethod
    def load(cls, plugin_files: Iterable[str] = (), strict: bool = False, env: Mapping[str, str] = os.environ) -> App:
        """Load every plugin that is installed and wanted by ``env``, and those of ``plugin_files``.

        :param plugin_files: files, or names of modules, in the order to load them.
        :param strict: any fault of a plugin is an error; also said by ``KUBE9_STRICT_PLUGINS`` in ``env``.
        :raises InvalidInput: a file or module is not there, or a variable of ``env`` cannot be read.
        :raises PluginError: a plugin is broken, and plugins are strict.
        """
        files = tuple(dict.fromkeys(plugin_files))
        selection = Selection.from_env(env)
        selection = Selection(selection.only, selection.off, strict=strict or selection.strict)
        given = [sources.given(file) for file in files]
        plugins = Plugins.load(sources.installed(), given, selection)
        return cls(plugins=plugins, plugin_files=files, strict=selection.strict)

    @property
    def registries(self) -> Registries:
        return self.plugins.registries

    @property
    def door(self) -> Door:
        """Where events are announced to plugins."""
        return self.plugins.door

    def make_pipeline(
        self, step: str = DEFAULT_SCHEDULER, *, devices: str = DEFAULT_DEVICES, seed: int | None = None
    ) -> Pipeline:
        """What a pod goes through with the scheduler of ``step``: every filter there is, then it.

        :param seed: for schedulers that take one; one that is in ``step`` goes first.
        """
        return self._pipeline(step, self._filters(), devices, seed)

    def make_cluster(
        self,
        *,
        scheduler: str = DEFAULT_SCHEDULER,
        others: Iterable[str] = (),
        queue: str = DEFAULT_QUEUE,
        devices: str = DEFAULT_DEVICES,
        seed: int | None = None,
        settings: Settings | None = None,
    ) -> Cluster:
        """An empty cluster.

        :param scheduler: for pods that name none.
        :param others: more schedulers, which pods may name.
        :raises DuplicateName: two of the schedulers have one name.
        """
        filters = self._filters()
        pipelines: dict[str, Pipeline] = {}
        for step in (scheduler, *others):
            pipeline = self._pipeline(step, filters, devices, seed)
            if pipeline.name in pipelines:
                raise DuplicateName(
                    f"scheduler {pipeline.name!r} is asked for twice; a pod could not say which it means"
                )
            pipelines[pipeline.name] = pipeline
        discipline = make_step(self.registries.queue_disciplines, queue)
        return Cluster(
            pipelines=pipelines, default=next(iter(pipelines)), discipline=discipline, settings=settings or Settings()
        )

    def make_health_check(self, step: str = DEFAULT_HEALTH) -> HealthCheck:
        """The health check of ``step``."""
        check: HealthCheck = make_step(self.registries.health_checks, step)
        return check

    def make_control_plane(
        self,
        store: Store,
        *,
        scheduler: str = DEFAULT_SCHEDULER,
        others: Iterable[str] = (),
        queue: str = DEFAULT_QUEUE,
        devices: str = DEFAULT_DEVICES,
        health: str = DEFAULT_HEALTH,
        backends: Sequence[str] = (),
        seed: int | None = None,
        settings: Settings | None = None,
        plane_settings: PlaneSettings | None = None,
        clock: Clock | None = None,
        server_url: str = "",
        certificate: str = "",
        on_fatal: Callable[[str], None] | None = None,
        recorder: Recorder | None = None,
    ) -> ControlPlane:
        """A live cluster on ``store``, not started yet. What is given is closed with it.

        :param scheduler: for pods that name none.
        :param others: schedulers with options, which pods may name; every other that needs no options is there too.
        :param backends: steps of those that are made at the start, the first of which makes nodes that name none; every
            other is made without options when a node first names it.
        :param clock: ``None`` for the time of day.
        :param server_url: where nodes are to report, as this machine sees it.
        :param certificate: the server's, in PEM; empty where it serves plain HTTP.
        :param on_fatal: called once, with the reason, should it have to stop by itself.
        :param recorder: notes every heartbeat; ``None`` for nobody.
        """
        from kube9.clocks import RealClock
        from kube9.controlplane import ControlPlane, PlaneSettings, Tickets

        check = self.make_health_check(health)
        options = self._backend_options(backends)
        cluster = self.make_cluster(
            scheduler=scheduler,
            others=self._every_scheduler(scheduler, others, seed),
            queue=queue,
            devices=devices,
            seed=seed,
            settings=settings,
        )
        clock = clock or RealClock()
        offered = {
            "cluster": store.cluster,
            "server_url": server_url,
            "certificate": certificate,
            "heartbeat_ms": beat_interval_ms(check, (plane_settings or PlaneSettings()).heartbeat_ms),
        }
        return ControlPlane(
            cluster=cluster,
            store=store,
            clock=clock,
            make_backend=partial(self._make_live_backend, clock, options, offered),
            backends=self._backend_names(backends),
            at_start=tuple(options),
            health=check,
            announce=self.door.announce,
            settings=plane_settings,
            tickets=Tickets(server_url, certificate),
            on_fatal=on_fatal,
            recorder=recorder,
        )

    def make_backend(self, name: str, clock: Clock, deliver: Callable[[Stimulus], None], **options: Any) -> NodeBackend:
        """The backend ``name``, which reads time from ``clock`` and reports to ``deliver``."""
        return make(self.registries.backends, name, clock=clock, deliver=deliver, **options)

    def read_trace(self, path: str, trace_format: str | None = None) -> tuple[Trace, ...]:
        """The traces in the file at ``path``, at least one.

        :param trace_format: the step of the reader; ``None`` for the first registered that recognises the file.
        :raises FileError: the file cannot be read, is malformed, or no reader recognises it.
        """
        return read_traces(path, self.registries.trace_readers, trace_format or "")

    def _every_scheduler(self, first: str, others: Iterable[str], seed: int | None) -> Iterator[str]:
        """Those asked for besides the first, then each that nobody asked for and that can be made by its name alone."""
        asked = tuple(others)
        yield from asked
        names = {split_step(step)[0] for step in (first, *asked)}
        for entry in self.registries.schedulers:
            if entry.name in names:
                continue
            try:
                make_step(self.registries.schedulers, entry.name, seed=seed)
            except InvalidInput:
                _log.debug("scheduler %s needs options and is left out", entry.name)
            except PluginError as exc:
                _log.warning("scheduler %s is left out: %s", entry.name, exc)
            else:
                yield entry.name

    def _backend_names(self, steps: Sequence[str]) -> list[str]:
        """All there are, those that were asked for first."""
        asked = (split_step(step)[0] for step in steps)
        return list(dict.fromkeys((*asked, *(entry.name for entry in self.registries.backends))))

    def _backend_options(self, steps: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The options of each backend by name.

        :raises UnknownName: there is no such backend.
        :raises DuplicateName: one is given twice.
        """
        options: dict[str, dict[str, Any]] = {}
        for step in steps:
            name, given = split_step(step)
            if self.registries.backends.entry(name).name in options:
                raise DuplicateName(f"backend {name!r} is asked for twice; its nodes could not say which they mean")
            options[name] = dict(given)
        return options

    def _make_live_backend(
        self,
        clock: Clock,
        options: Mapping[str, Mapping[str, Any]],
        offered: Mapping[str, Any],
        name: str,
        deliver: Callable[[Stimulus], None],
    ) -> NodeBackend:
        """:param offered: what a backend is given if it has a parameter of that name."""
        wanted = parameters_of(self.registries.backends.entry(name))
        given = {key: value for key, value in offered.items() if key in wanted}
        backend = self.make_backend(name, clock, deliver, **{**given, **options.get(name, {})})
        _warn_of_slow_beats(name, getattr(backend, "heartbeat_ms", 0), offered["heartbeat_ms"])
        return backend

    def _filters(self) -> tuple[tuple[str, Filter], ...]:
        registry = self.registries.filters
        return tuple((entry.name, make(registry, entry.name)) for entry in registry)

    def _pipeline(self, step: str, filters: tuple[tuple[str, Filter], ...], devices: str, seed: int | None) -> Pipeline:
        schedulers = self.registries.schedulers
        name, _ = split_step(step)
        return Pipeline(
            name=name,
            scheduler=make_step(schedulers, step, seed=seed),
            filters=filters,
            chooser=make_step(self.registries.device_choosers, devices, seed=seed),
            owner=self.plugins.owner_of(schedulers.entry(name).plugin),
            filter_owners={entry.name: self.plugins.owner_of(entry.plugin) for entry in self.registries.filters},
        )


def _warn_of_slow_beats(name: str, heartbeat_ms: int, interval_ms: int) -> None:
    if heartbeat_ms > interval_ms:
        _log.warning(
            "backend %s: its nodes are heard every %d ms, and the health check expects them every %d ms, so that nodes "
            "that are well may be suspected; have them beat as often (%s:heartbeat_ms=%d, if it has that option), or "
            "give the health check an interval_ms of at least %d",
            name,
            heartbeat_ms,
            interval_ms,
            name,
            interval_ms,
            heartbeat_ms,
        )
