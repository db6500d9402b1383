"""``kube9 lublin``: the published table of queue orders, computed again and shown beside what was published."""

from __future__ import annotations

import csv
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

__all__ = ["PUBLISHED", "lublin"]

#: Average bounded slowdown by order and whether there is backfill, from RLScheduler (SC '20), Lublin-1.
PUBLISHED: Mapping[tuple[str, bool], str] = {
    ("FCFS", False): "7273.77",
    ("SJF", False): "277.35",
    ("F1", False): "258.37",
    ("FCFS", True): "235.82",
    ("SJF", True): "73.31",
    ("F1", True): "75.07",
}


@click.command()
@click.option(
    "--data",
    required=True,
    metavar="FOLDER",
    help="Where lublin_256.swf is, and expected_per_window.csv where each window is to be compared too.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use at once.")
def lublin(data: str, jobs: int) -> None:
    """Run the Lublin workload under fcfs, sjf and f1, with and without backfill, and compare with what was published.

    Ten windows of 1,024 jobs each on a machine of 256 processors; the mean of their average bounded slowdowns. It ends
    with 1 if any number is not as published, to its last digit.
    """
    trace, windows = Path(data, "lublin_256.swf"), Path(data, "expected_per_window.csv")
    if not trace.is_file():
        raise click.ClickException(f"there is no {trace}; say with --data where the workload is")
    expected = _expected(windows) if windows.is_file() else {}
    differing = [*_compare(expected, lambda queue: _slowdowns(trace, queue, jobs))]
    if differing:
        raise click.ClickException(f"not as published: {'; '.join(differing)}")


def _compare(
    expected: Mapping[tuple[str, bool], Sequence[str]], slowdowns: Callable[[str], Sequence[float]]
) -> Sequence[str]:
    """Show the table, a line as soon as it is known; returns what is not as published."""
    differing: list[str] = []
    click.echo("| order | backfill | published | kube9 | windows as expected |\n|---|---|---|---|---|")
    for (order, backfills), published in PUBLISHED.items():
        queue = f"easy:order={order.lower()}" if backfills else order.lower()
        found = slowdowns(queue)
        mean, told = f"{statistics.fmean(found):.2f}", expected.get((order, backfills))
        alike = [f"{ours:.6f}" == theirs for ours, theirs in zip(found, told, strict=True)] if told else []
        windows = f"{sum(alike)} of {len(alike)}" if told else "not known"
        click.echo(f"| {order} | {'EASY' if backfills else 'none'} | {published} | {mean} | {windows} |")
        if mean != published or not all(alike):
            differing.append(f"--queue {queue}: {mean}, and {windows} windows")
    return differing


def _slowdowns(trace: Path, queue: str, jobs: int) -> Sequence[float]:
    """The average bounded slowdown of each window."""
    command = [sys.executable, "-m", "kube9", "simulate", "--trace", str(trace), "--trace-format", "swf-windows"]
    command += ["--nodes", "1xcpu=256", "--queue", queue, "--arrivals-first", "--jobs", str(jobs), "-o", "json"]
    # Its own interpreter and arguments of its own making; nothing goes through a shell.
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.strip()}")
    document: Mapping[str, Any] = json.loads(done.stdout)
    return [run["boundedSlowdown"] for run in document["runs"]]


def _expected(path: Path) -> Mapping[tuple[str, bool], Sequence[str]]:
    """The average bounded slowdown of each window, as text, by order and whether there is backfill."""
    windows: dict[tuple[str, bool], list[str]] = {}
    with path.open(newline="", encoding="ascii") as stream:
        for row in csv.DictReader(stream):
            windows.setdefault((row["policy"], row["backfill"] == "1"), []).append(row["avg_bounded_slowdown"])
    return windows
