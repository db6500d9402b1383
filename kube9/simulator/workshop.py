"""What a simulation is put together from. The composition root is one; the simulator knows it by this alone."""

from __future__ import annotations

from typing import Protocol

from kube9.core.cluster import Cluster
from kube9.core.events import Event
from kube9.core.pipeline import Pipeline
from kube9.core.ports import HealthCheck
from kube9.core.settings import Settings

__all__ = ["Announcer", "Workshop"]


class Announcer(Protocol):
    """Tells plugins what happened."""

    def announce(self, event: Event) -> None: ...


class Workshop(Protocol):
    """Makes clusters out of named strategies; see :class:`kube9.app.App`."""

    @property
    def door(self) -> Announcer: ...

    def make_cluster(
        self, *, scheduler: str, queue: str, devices: str, seed: int | None, settings: Settings | None
    ) -> Cluster: ...

    def make_health_check(self, step: str) -> HealthCheck: ...

    def make_pipeline(self, step: str, *, devices: str, seed: int | None) -> Pipeline: ...
