"""Marks are judged by their ratios, and the page of the documentation holds what the benchmark prints now."""

from __future__ import annotations

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md"


@pytest.fixture
def result(bench):
    """A run with invented times, in which kube9 takes 30 us, the scan 10 and the loop 3."""

    def decisions(kind, nodes):
        step_us = {"kube9": 30.0, "scan": 10.0, "loop": 3.0}
        return bench("decisions").Decisions(
            kind=kind, nodes=nodes, pods=5, utilisation=0.7, step_us=step_us, compared=1, collections=0
        )

    cases = [decisions(kind, nodes) for nodes in (100, 1_000, 10_000) for kind in ("40 shapes", "every pod different")]
    return bench("result").Result(
        machine=bench("machine").Machine.this(),
        decisions=tuple(cases),
        simulations=(bench("simulation").Simulation(scheduler="best-fit", pods=3_000, nodes=5, seconds=1.5),),
        start_up=bench("startup").StartUp(help_ms=50.0, click_ms=20.0, runs=1),
    )


def test_marks(result):
    assert [(mark.ratio, mark.at_most, mark.met) for mark in result.marks] == [
        (10.0, 8.0, False),
        (10.0, 8.0, False),
        (3.0, 1.5, False),
        (3.0, 2.5, False),
        (2.5, 2.5, True),
    ]


def test_text(result):
    lines = result.text().splitlines()
    words = [" ".join(line.split()) for line in lines]
    assert "100 40 shapes 30.0 33,333 10.0 3.0 3.00 10.00" in words
    assert "10,000 nodes, 40 shapes: kube9 / scan 3.00 1.5 missed" in words
    assert "kube9 --help / import click 2.50 2.5 met" in words
    assert "best-fit 3,000 5 1.50 2,000" in words


def test_numbers_stand_to_the_right_and_words_to_the_left(result):
    rows = [line for line in result.text().splitlines() if "40 shapes  " in line]
    assert [row.index("40 shapes") for row in rows] == [8, 8, 8]
    assert {row.index("30.0") for row in rows} == {rows[0].index("30.0")}
    assert [row[:8] for row in rows] == ["   100  ", " 1,000  ", "10,000  "]


def test_markdown(result):
    markdown = result.markdown()
    assert "| 10,000 | every pod different | 30.0 | 33,333 |  | 10.0 | 3.0 | 3.00 | 10.00 |" in markdown
    assert "| 10,000 nodes, 40 shapes: kube9 / scan | 3.00 | 1.5 | missed |" in markdown


def test_the_page_holds_what_is_printed_now(bench, result):
    """The numbers are those of the machine that made them; all else must be as it would be made today."""
    begin, end = bench("result").BEGIN, bench("result").END
    page = PAGE.read_text(encoding="utf-8")
    made = page[page.index(begin) : page.index(end)]
    heads = [head for head in result.markdown().splitlines() if head.endswith(("loop |", "/s |", "ms |", "most |  |"))]
    assert len(heads) == 4
    assert all(head in made for head in heads)
    for nodes in bench("effort").THOROUGH.nodes:
        for kind in bench("workload").KINDS:
            assert f"| {nodes:,} | {kind} |" in made
    for mark in result.marks:
        assert f"| {mark.what} |" in made
