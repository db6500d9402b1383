"""All that plugins offer, one registry for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import fields, frozen

from kube9.core.ports import (
    DeviceChooser,
    Filter,
    HealthCheck,
    NodeBackend,
    QueueDiscipline,
    Scheduler,
    TraceReader,
)
from kube9.core.registry import Registry

__all__ = ["PORTS", "Registries"]

#: What a factory must return, by the kind of its registry. Commands are the command line's own affair.
PORTS: Mapping[str, type] = {
    "scheduler": Scheduler,
    "filter": Filter,
    "queue discipline": QueueDiscipline,
    "device chooser": DeviceChooser,
    "backend": NodeBackend,
    "health check": HealthCheck,
    "trace reader": TraceReader,
}


@frozen(kw_only=True)
class Registries:
    """Every registry, under the name that its hook has after ``kube9_register_``."""

    schedulers: Registry[Scheduler]
    filters: Registry[Filter]
    queue_disciplines: Registry[QueueDiscipline]
    device_choosers: Registry[DeviceChooser]
    backends: Registry[NodeBackend]
    health_checks: Registry[HealthCheck]
    trace_readers: Registry[TraceReader]
    #: Factories of ``click.Command``; untyped because nothing below the command line knows Click.
    commands: Registry[Any]

    @classmethod
    def empty(cls) -> Registries:
        """Registries without a single entry, open for registration."""
        return cls(
            schedulers=Registry("scheduler"),
            filters=Registry("filter"),
            queue_disciplines=Registry("queue discipline"),
            device_choosers=Registry("device chooser"),
            backends=Registry("backend"),
            health_checks=Registry("health check"),
            trace_readers=Registry("trace reader"),
            commands=Registry("command"),
        )

    def by_name(self) -> Mapping[str, Registry[Any]]:
        """Every registry by its attribute's name, in the order above."""
        return {attribute.name: getattr(self, attribute.name) for attribute in fields(Registries)}

    def offered_by(self, plugin: str) -> Mapping[str, tuple[str, ...]]:
        """The names that ``plugin`` offers, sorted, by registry; registries without one are left out."""
        offers = {
            kind: tuple(sorted(entry.name for entry in registry if entry.plugin == plugin))
            for kind, registry in self.by_name().items()
        }
        return {kind: names for kind, names in offers.items() if names}

    def discard(self, *, plugin: str) -> None:
        """Take back everything ``plugin`` offers."""
        for registry in self.by_name().values():
            registry.discard(plugin=plugin)

    def freeze(self) -> None:
        """Refuse every further registration."""
        for registry in self.by_name().values():
            registry.freeze()
