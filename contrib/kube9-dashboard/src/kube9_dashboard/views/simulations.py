"""Results of simulations side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from kube9_dashboard.model.reports import METRICS, Compared, Metric, Run, compare, read_report
from kube9_dashboard.views.board import board
from kube9_dashboard.views.charts import bars
from kube9_dashboard.views.filters import choices
from kube9_dashboard.views.frame import settings
from kube9_dashboard.views.markup import Column, Html, empty, notice, section, table, tag

__all__ = ["show"]


def show() -> None:
    runs, problems = _runs()
    for at, problem in enumerate(problems):
        board(notice(problem, "bad"), f"problem-{at}")
    rows = compare(runs)
    if not rows:
        command = "kube9 simulate --trace pods.csv --nodes nodes.csv --scheduler best-fit --scheduler first-fit -o json"
        board(
            empty(
                "Nothing to compare yet.", "Choose one or more results above. This makes one: ", tag("code", command)
            ),
            "none",
        )
        return
    there = [metric for metric in METRICS if any(metric.key in row.means for row in rows)]
    differ = sorted({run.setting for run in runs})
    alike = len(differ) == 1
    if not alike:
        unlike = f"Of different traces or nodes, so none is marked as the best: {'; '.join(differ)}."
        board(notice(unlike, "warn"), "unlike")
    aside = "the best of each in bold" if alike else ""
    board(section("Means over all seeds and instances", _table(rows, there, alike=alike), aside=aside), "compared")
    _chart(rows, there)


def _runs() -> tuple[list[Run], list[str]]:
    runs: list[Run] = []
    problems: list[str] = []
    for name, text in [*_from_directory(), *_from_browser()]:
        try:
            runs += read_report(name, text)
        except ValueError as exc:
            problems.append(str(exc))
    return runs, problems


def _from_directory() -> list[tuple[str, bytes]]:
    """Those that were chosen of the directory that the command was given; the choice is in the query string."""
    folder = settings().reports
    if folder is None:
        return []
    there = sorted(path.name for path in Path(folder).glob("*.json"))
    chosen = choices(f"In {folder}", "reports", there, "Choose results")
    return [(name.removesuffix(".json"), Path(folder, name).read_bytes()) for name in chosen]


def _from_browser() -> list[tuple[str, bytes]]:
    given = st.file_uploader("Results of kube9 simulate -o json", type="json", accept_multiple_files=True)
    return [(file.name.removesuffix(".json"), file.getvalue()) for file in given]


def _table(rows: Sequence[Compared], metrics: Sequence[Metric], *, alike: bool) -> Html:
    best = {metric.key: _best(rows, metric) if alike else None for metric in metrics}
    columns = [Column("", "name"), *(Column(row.label, "num") for row in rows)]
    body = [("runs", ["Runs", *(f"{row.runs:,}" for row in rows)])]
    for metric in metrics:
        cells = (_cell(metric, row.means.get(metric.key), best[metric.key]) for row in rows)
        body.append((metric.key, [metric.title, *cells]))
    return table(columns, body, "Simulations")


def _best(rows: Sequence[Compared], metric: Metric) -> float | None:
    values = [row.means[metric.key] for row in rows if metric.key in row.means]
    if not metric.better or len(set(values)) < 2:
        return None
    return max(values) if metric.better > 0 else min(values)


def _cell(metric: Metric, value: float | None, best: float | None) -> str:
    text = metric.text(value)
    return tag("span", text, class_="best") if value is not None and value == best else text


def _chart(rows: Sequence[Compared], metrics: Sequence[Metric]) -> None:
    metric = st.selectbox("Chart of", metrics, format_func=lambda metric: metric.title, key="metric", width=260)
    factor = 0.001 if metric.time else 1.0
    drawn = [
        (
            row.label,
            factor * row.means[metric.key],
            factor * row.ranges[metric.key][0],
            factor * row.ranges[metric.key][1],
        )
        for row in rows
        if metric.key in row.means
    ]
    title = f"{metric.title}, seconds" if metric.time else metric.title
    bars(drawn, title, ".1%" if metric.share else ",.4~g")
