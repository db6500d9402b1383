"""What a run found, and the ways to write it down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import asdict, frozen

from bench.machine import Machine
from bench.marks import Mark
from bench.server.beating import Beating
from bench.server.failover import Delays, Failover
from bench.server.singles import Rate
from bench.server.wholes import Batch, Listing, Memory
from bench.tables import Rows, aligned, mark_rows, piped

__all__ = ["BEGIN", "END", "Result"]

#: What stands around the part of the documentation that :meth:`Result.markdown` makes.
BEGIN = "<!-- begin: python -m bench server --markdown -->"
END = "<!-- end: python -m bench server --markdown -->"

_MARKED_CLIENTS = 64
#: At least a third of the constant's rate.
_CONSTANT_AT_MOST = 3.0
_BATCH_AT_MOST = 4.0
#: Lease times.
_FAILOVER_AT_MOST = 2.0

_RATE_COLUMNS = (
    "one at a time",
    "database",
    "clients",
    "per second",
    "p99 ms",
    "constant/s",
    "constant/kube9",
    "bare commits/s",
)
_BATCH_COLUMNS = ("one batch", "pods", "nodes", "seconds", "bare insert s", "kube9/bare")
_LIST_COLUMNS = ("one list of pods", "MB", "ms", "constant ms", "kube9/constant")
_MEMORY_COLUMNS = ("memory with nodes", "pods", "MB", "MB when empty")
_BEATING_COLUMNS = (
    "nodes beat",
    "nodes",
    "pods",
    "pods/s",
    "requests/s",
    "CPU %",
    "CPU us/request",
    "constant us",
    "kube9/constant",
    "beat p50 ms",
    "beat p99 ms",
    "pod p50 ms",
    "pod p99 ms",
    "suspected or failed",
)
_FAILOVER_COLUMNS = ("after a node dies", "median s", "worst s", "median leases", "worst leases")


@frozen(kw_only=True)
class Result:
    machine: Machine
    rates: tuple[Rate, ...]
    batches: tuple[Batch, ...]
    listing: Listing
    memory: Memory
    beating: tuple[Beating, ...]
    failover: Failover

    @property
    def marks(self) -> tuple[Mark, ...]:
        return (
            *_rate_marks(self.rates),
            *_batch_marks(self.batches),
            *_beating_marks(self.beating),
            _failover_mark(self.failover),
        )

    def text(self) -> str:
        """Tables for a terminal."""
        return "\n\n".join([str(self.machine), *map(aligned, self._tables())])

    def markdown(self) -> str:
        """The same for the documentation."""
        return "\n\n".join([BEGIN, f"{self.machine}.", *map(piped, self._tables()), END])

    def json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "machine": self.machine.json(),
            "rates": [_fields(one) | {"ratio": one.ratio} for one in self.rates],
            "batches": [_fields(one) | {"ratio": one.ratio} for one in self.batches],
            "list": _fields(self.listing) | {"ratio": self.listing.ratio},
            "memory": _fields(self.memory),
            "beating": [
                _fields(one) | {"cpuPercent": one.cpu_percent, "cpuUs": one.cpu_us, "ratio": one.ratio}
                for one in self.beating
            ],
            "failover": _fields(self.failover) | {"delays": [_fields(delays) for delays in self.failover.delays]},
            "marks": [mark.json() for mark in self.marks],
        }

    def _tables(self) -> list[Rows]:
        return [
            [_RATE_COLUMNS, *map(_rate_row, self.rates)],
            [_BATCH_COLUMNS, *map(_batch_row, self.batches)],
            [_LIST_COLUMNS, _list_row(self.listing)],
            [_MEMORY_COLUMNS, _memory_row(self.memory)],
            [_BEATING_COLUMNS, *map(_beating_row, self.beating)],
            [_FAILOVER_COLUMNS, *(_delays_row(one, self.failover.lease_seconds) for one in self.failover.delays)],
            mark_rows(self.marks),
        ]


def _fields(one: Rate | Batch | Listing | Memory | Beating | Failover | Delays) -> dict[str, Any]:
    """Under the names that JSON has for them: ``per_second`` is ``perSecond``."""
    words = {name: name.split("_") for name in asdict(one)}
    return {first + "".join(map(str.capitalize, rest)): getattr(one, name) for name, (first, *rest) in words.items()}


def _rate_marks(rates: Iterable[Rate]) -> Iterable[Mark]:
    for one in rates:
        if one.what == "pods" and one.clients == _MARKED_CLIENTS:
            what = f"{one.clients} clients, {one.database}: constant / kube9"
            yield Mark(what=what, ratio=one.ratio, at_most=_CONSTANT_AT_MOST)


def _batch_marks(batches: Iterable[Batch]) -> Iterable[Mark]:
    for one in batches:
        what = f"batch of {one.pods:,} pods, {one.database}: kube9 / bare insert"
        yield Mark(what=what, ratio=one.ratio, at_most=_BATCH_AT_MOST)


def _beating_marks(beating: Iterable[Beating]) -> Iterable[Mark]:
    for one in beating:
        what = f"{one.nodes:,} nodes beat {one.nodes_beat}: suspected or failed"
        yield Mark(what=what, ratio=float(one.doubted), at_most=0.0)


def _failover_mark(failover: Failover) -> Mark:
    return Mark(
        what="pods of a dead node run elsewhere, worst: lease times",
        ratio=failover.worst_leases,
        at_most=_FAILOVER_AT_MOST,
    )


def _rate_row(one: Rate) -> tuple[str, ...]:
    return (
        one.what,
        one.database,
        f"{one.clients}",
        f"{one.per_second:,.0f}",
        f"{one.p99_ms:.1f}",
        f"{one.constant_per_second:,.0f}",
        f"{one.ratio:.2f}",
        "" if one.commits_per_second is None else f"{one.commits_per_second:,.0f}",
    )


def _batch_row(one: Batch) -> tuple[str, ...]:
    times = f"{one.seconds:.2f}", f"{one.bare_seconds:.2f}", f"{one.ratio:.2f}"
    return one.database, f"{one.pods:,}", f"{one.nodes:,}", *times


def _list_row(one: Listing) -> tuple[str, ...]:
    times = f"{one.seconds * 1_000:.0f}", f"{one.constant_seconds * 1_000:.0f}", f"{one.ratio:.2f}"
    return f"{one.pods:,}", f"{one.answer_bytes / 1e6:.1f}", *times


def _memory_row(one: Memory) -> tuple[str, ...]:
    return f"{one.nodes:,}", f"{one.pods:,}", f"{one.full_bytes / 1e6:,.0f}", f"{one.empty_bytes / 1e6:,.0f}"


def _beating_row(one: Beating) -> tuple[str, ...]:
    over_http = one.ratio is not None
    return (
        one.nodes_beat,
        f"{one.nodes:,}",
        f"{one.pods:,}",
        f"{one.pods_per_second:,}",
        f"{one.requests / one.seconds:,.0f}",
        f"{one.cpu_percent:.0f}",
        # Where nodes beat within the server, what that costs is no part of a request.
        _number(one.cpu_us if over_http else None, 0),
        _number(one.constant_cpu_us, 0),
        _number(one.ratio, 2),
        _number(one.beat_p50_ms, 1),
        _number(one.beat_p99_ms, 1),
        f"{one.pod_p50_ms:.1f}",
        f"{one.pod_p99_ms:.1f}",
        f"{one.doubted:,}",
    )


def _delays_row(one: Delays, lease_s: float) -> tuple[str, ...]:
    leases = f"{one.median_s / lease_s:.2f}", f"{one.worst_s / lease_s:.2f}"
    return one.what, f"{one.median_s:.1f}", f"{one.worst_s:.1f}", *leases


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
