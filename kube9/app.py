"""The composition root: the one module that knows plugins and the core by name, and puts them together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from kube9.core.cluster import Cluster
from kube9.core.errors import DuplicateName
from kube9.core.pipeline import Pipeline
from kube9.core.registry import split_step
from kube9.core.settings import Settings
from kube9.plugins import sources
from kube9.plugins.manager import Plugins
from kube9.plugins.selection import Selection
from kube9.plugins.strategy import make, make_step
from kube9.simulator.tracefile import read_traces

if TYPE_CHECKING:
    from kube9.core.ports import Clock, Filter, NodeBackend, Trace
    from kube9.core.stimuli import Stimulus
    from kube9.plugins.door import Door
    from kube9.plugins.registries import Registries

__all__ = ["DEFAULT_DEVICES", "DEFAULT_QUEUE", "DEFAULT_SCHEDULER", "App"]

DEFAULT_SCHEDULER = "best-fit"
DEFAULT_QUEUE = "priority"
DEFAULT_DEVICES = "least-left"


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

    def make_backend(self, name: str, clock: Clock, deliver: Callable[[Stimulus], None], **options: Any) -> NodeBackend:
        """The backend ``name``, which reads time from ``clock`` and reports to ``deliver``."""
        return make(self.registries.backends, name, clock=clock, deliver=deliver, **options)

    def read_trace(self, path: str, trace_format: str | None = None) -> tuple[Trace, ...]:
        """The traces in the file at ``path``, at least one.

        :param trace_format: the step of the reader; ``None`` for the first registered that recognises the file.
        :raises FileError: the file cannot be read, is malformed, or no reader recognises it.
        """
        return read_traces(path, self.registries.trace_readers, trace_format or "")

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
        )
