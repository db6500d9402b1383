"""Runs of many seeds, and what to do with one that fails: make it smaller, and keep it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from attrs import asdict, evolve, field, frozen

from kube9.core.cluster import Cluster
from kube9.core.errors import FileError, InvalidInput, InvariantViolation
from kube9.core.ports import HealthCheck
from kube9.core.settings import Settings
from kube9.core.watch import NodeWatch, WatchSettings
from kube9.simulator.chaos.weather import Climate, LinkQuality
from kube9.simulator.chaos.world import Outcome, World

__all__ = ["Chaos", "Finding", "Workbench", "read_finding", "write_finding"]

#: How many smaller runs are tried of one that failed.
_SHRINK_MAX = 200
_FORMAT = "kube9/chaos-v1"

V = TypeVar("V", Climate, LinkQuality)


class Workbench(Protocol):
    """Makes what a run is made of; see :class:`kube9.app.App`."""

    def make_cluster(
        self, *, scheduler: str, queue: str, devices: str, seed: int | None, settings: Settings | None
    ) -> Cluster: ...

    def make_health_check(self, step: str) -> HealthCheck: ...


@frozen(kw_only=True)
class Finding:
    """A run that broke something."""

    seed: int
    climate: Climate
    #: What did not hold: one line, and what led there.
    error: str
    #: How many smaller runs were tried to get to this one.
    tried: int = 0

    @property
    def headline(self) -> str:
        return self.error.splitlines()[0]


@frozen(kw_only=True)
class Chaos:
    """How runs are put together.

    :param health: a health check, by name and options; empty for one that the seed picks.
    """

    workbench: Workbench = field(repr=False)
    scheduler: str
    queue: str
    devices: str
    health: str = ""
    check: bool = True

    def run(self, seed: int, climate: Climate | None = None) -> Outcome:
        """One run.

        :raises InvariantViolation: something did not hold.
        """
        return self.world(seed, climate).run()

    def world(self, seed: int, climate: Climate | None = None) -> World:
        climate = climate or Climate.draw(seed)
        return World(
            seed,
            climate=climate,
            make_cluster=lambda: self.workbench.make_cluster(
                scheduler=self.scheduler, queue=self.queue, devices=self.devices, seed=seed, settings=climate.patience
            ),
            make_watch=lambda: self._watch(climate),
            check=self.check,
        )

    def find(self, seed: int) -> Outcome | Finding:
        """One run, and the smallest of it that fails where it does."""
        try:
            return self.run(seed)
        except InvariantViolation as exc:
            return self.shrink(Finding(seed=seed, climate=Climate.draw(seed), error=str(exc)))

    def shrink(self, found: Finding) -> Finding:
        """A smaller run that fails too, as far as one is found: fewer kinds of fault, nodes and pods, and less time."""
        tried, smaller = 0, True
        while smaller and tried < _SHRINK_MAX:
            smaller = False
            for climate in _smaller(found.climate):
                tried += 1
                try:
                    self.run(found.seed, climate)
                except InvariantViolation as exc:
                    found, smaller = evolve(found, climate=climate, error=str(exc)), True
                    break
        return evolve(found, tried=tried)

    def _watch(self, climate: Climate) -> NodeWatch:
        health = self.health or climate.health
        settings = WatchSettings(lease_intervals=climate.lease_intervals)
        return NodeWatch(self.workbench.make_health_check(health), settings)


def _smaller(climate: Climate) -> Iterator[Climate]:
    """Climates that are a step simpler, the largest steps first."""
    if climate.storm_ms > 10_000:
        yield evolve(climate, storm_ms=climate.storm_ms // 2)
        yield evolve(climate, storm_ms=climate.storm_ms * 9 // 10)
    for name, value in asdict(climate, recurse=False).items():
        if name.endswith("_every_ms") and value:
            yield _with(climate, name, 0)
    for name in ("nodes", "pods"):
        value = getattr(climate, name)
        if value > 1:
            yield _with(climate, name, value // 2)
            yield _with(climate, name, value - 1)
    for name in ("loss", "twice", "late", "jitter_ms"):
        if getattr(climate.link, name):
            yield evolve(climate, link=_with(climate.link, name, 0.0))
    if climate.drift:
        yield evolve(climate, drift=0.0)


def _with(value: V, name: str, changed: float) -> V:
    changes: dict[str, Any] = {name: changed}
    return evolve(value, **changes)


def write_finding(path: str, found: Finding, commit: str) -> None:
    """Keep what is needed to run ``found`` again.

    :raises FileError: the file cannot be written.
    """
    document = {
        "format": _FORMAT,
        "commit": commit,
        "seed": found.seed,
        "error": found.headline,
        "climate": asdict(found.climate),
    }
    try:
        Path(path).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as exc:
        raise FileError(path, f"cannot be written: {exc.strerror}") from exc


def read_finding(path: str) -> tuple[int, Climate]:
    """The seed and the climate of a run that was kept.

    :raises FileError: the file cannot be read.
    :raises InvalidInput: it says something else.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as exc:
        raise FileError(path, f"cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise InvalidInput(f"{path} is no JSON: {exc}") from exc
    try:
        if document["format"] != _FORMAT:
            raise InvalidInput(f"{path} has format {document['format']!r}, expected {_FORMAT!r}")
        return int(document["seed"]), climate_of(document["climate"])
    except (KeyError, TypeError, ValueError) as exc:
        raise InvalidInput(f"{path} is no run that kube9 has kept: {exc!r}") from exc


def climate_of(told: dict[str, Any]) -> Climate:
    """The climate that :func:`write_finding` wrote down."""
    values = dict(told)
    link, patience = LinkQuality(**values.pop("link")), Settings(**values.pop("patience"))
    return Climate(link=link, patience=patience, **values)
