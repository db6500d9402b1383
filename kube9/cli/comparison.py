"""The results of a simulation: a table or a document on stdout, and what to know about them on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from kube9.cli.output import Column, show_document, show_table
from kube9.simulator.document import document_of
from kube9.simulator.notes import gathered
from kube9.simulator.result import RunResult
from kube9.simulator.scenario import Scenario
from kube9.simulator.summary import Comparison, Line

__all__ = ["show_comparison"]

#: How many notes are shown beside a table; a document has them all.
_NOTES_MAX = 8
#: What a terminal's table puts between two columns.
_GAP = 2


def show_comparison(scenario: Scenario, results: Sequence[RunResult], output: str, *, quiet: bool) -> None:
    """Show ``results``, which are those of ``scenario``; ``quiet`` leaves the notes out."""
    if output != "table":
        show_document(document_of(scenario, results), output)
        return
    comparison = Comparison.of(results)
    lines = (*comparison.lines, *comparison.totals)
    titles = [metric.title for metric in comparison.metrics]
    columns, rows = _upright(titles, lines)
    if sys.stdout.isatty() and _width(columns, rows) > _terminal_width():
        _show_turned(titles, lines)
    else:
        show_table(columns, rows)
    if not quiet:
        _show_notes(scenario, results)


def _upright(titles: Sequence[str], lines: Sequence[Line]) -> tuple[list[Column], list[list[str]]]:
    """A line a row; without the instance where there is only one."""
    several = len({line.instance for line in lines}) > 1
    checked = lines[0].health is not None
    names = [*(["instance"] if several else []), "scheduler", *(["health"] if checked else [])]
    rows = [
        [*([line.instance] if several else []), line.scheduler, *filter(None, [line.health]), *map(str, line.cells)]
        for line in lines
    ]
    return [*map(Column, names), *(Column(title, right=True) for title in titles)], rows


def _show_turned(titles: Sequence[str], lines: Sequence[Line]) -> None:
    """A line a column, one table per instance: for a terminal that is too narrow for the other."""
    for instance in dict.fromkeys(line.instance for line in lines):
        members = [line for line in lines if line.instance == instance]
        columns = [Column(instance), *(Column(line.name, right=True) for line in members)]
        show_table(columns, [[title, *(str(line.cells[row]) for line in members)] for row, title in enumerate(titles)])


def _terminal_width() -> int:
    from rich.console import Console

    return Console().width


def _width(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    # A title may be broken between words, a cell may not.
    titles = [max(map(len, column.title.split())) for column in columns]
    cells = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    return sum(map(max, titles, cells)) + _GAP * (len(columns) - 1)


def _show_notes(scenario: Scenario, results: Sequence[RunResult]) -> None:
    notes = gathered(scenario, results)
    for note in notes[:_NOTES_MAX]:
        click.echo(f"Note: {note}", err=True)
    if len(notes) > _NOTES_MAX:
        click.echo(f"Note: and {len(notes) - _NOTES_MAX} more; -o json has them all.", err=True)
