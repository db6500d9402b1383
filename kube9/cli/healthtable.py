"""What health checks would have made of a recording: a table for people, a document for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import asdict

from kube9 import __version__
from kube9.cli.output import Column, show_document, show_table
from kube9.heartbeats.beatfile import Recording
from kube9.heartbeats.replay import Outcome, Tally
from kube9.simulator.chaos.compare import Row

__all__ = ["show_outcomes", "show_rows"]

_COLUMNS = (
    Column("health", whole=True),
    *(
        Column(title, right=True)
        for title in (
            "nodes",
            "beats",
            "crashes",
            "suspected median",
            "p99",
            "max",
            "failed median",
            "p99",
            "max",
            "unnoticed",
            "false suspicions",
            "a node-day",
            "false failures",
            "a node-day",
            "fail after",
        )
    ),
)
_DAY_MS = 86_400_000


def show_outcomes(recording: Recording, outcomes: Mapping[str, Outcome], output: str) -> None:
    """Show what came of ``recording`` by each health check, in their order."""
    if output == "table":
        show_table(_COLUMNS, [_row(recording, step, outcome) for step, outcome in outcomes.items()])
    else:
        show_document(_document(recording, outcomes), output)


def _row(recording: Recording, step: str, outcome: Outcome) -> list[str]:
    suspected, failed = outcome.suspected, outcome.failed
    return [
        step,
        str(recording.nodes),
        str(recording.beats),
        str(recording.crashes),
        *(_time(tally.quantile_ms(percent)) for tally in (suspected, failed) for percent in (50, 99, 100)),
        str(failed.unnoticed),
        *(text for tally in (suspected, failed) for text in (str(tally.false), f"{tally.false_per_node_day:.1f}")),
        _time(outcome.fail_after_ms),
    ]


def _time(time_ms: int | None) -> str:
    return "-" if time_ms is None else f"{time_ms / 1000:.1f}s"


def _document(recording: Recording, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """As docs/reference/heartbeats.md describes it."""
    return {
        "kube9": __version__,
        "file": recording.path,
        "nodes": recording.nodes,
        "beats": recording.beats,
        "crashes": recording.crashes,
        "nodeDays": recording.up_ms / _DAY_MS,
        "checks": [
            {
                "health": step,
                "intervalMs": outcome.interval_ms,
                "failAfterMs": outcome.fail_after_ms,
                "suspected": _tally(outcome.suspected),
                "failed": _tally(outcome.failed),
            }
            for step, outcome in outcomes.items()
        ],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "noticed": len(tally.noticed_ms),
        "unnoticed": tally.unnoticed,
        "medianMs": tally.quantile_ms(50),
        "p99Ms": tally.quantile_ms(99),
        "maxMs": tally.quantile_ms(100),
        "false": tally.false,
        "falsePerNodeDay": tally.false_per_node_day,
    }


_ROW_COLUMNS = (
    Column("weather", whole=True),
    Column("health", whole=True),
    *(
        Column(title, right=True)
        for title in (
            "crashes found",
            "suspected median",
            "failed median",
            "max",
            "false suspicions a node-day",
            "false failures a node-day",
            "moves",
            "not running",
        )
    ),
)


def show_rows(rows: Sequence[Row], output: str) -> None:
    """Show health checks side by side, weather by weather."""
    if output == "table":
        show_table(_ROW_COLUMNS, [_row_of(row) for row in rows])
        return
    document = {"format": "kube9/health-compare-v1", "kube9": __version__, "rows": [asdict(row) for row in rows]}
    show_document(document, output)


def _row_of(row: Row) -> list[str]:
    told = row.measures
    return [
        row.weather,
        row.health,
        str(told.crashes_found),
        *(_seconds(value) for value in (told.suspect_ms, told.fail_ms, told.fail_ms_worst)),
        f"{told.false_suspicions:.1f}",
        f"{told.false_failures:.1f}",
        str(told.moves),
        f"{told.downtime:.2%}",
    ]


def _seconds(value_ms: float | None) -> str:
    return "-" if value_ms is None else f"{value_ms / 1000:.1f} s"
