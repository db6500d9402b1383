from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from attrs import evolve

from kube9.simulator.chaos.compare import compare, plot
from kube9.simulator.chaos.weathers import WEATHERS


@pytest.fixture
def rows(app):
    """Two checks under two short weathers, and how many runs were told to be done."""
    done = []
    short = {name: evolve(WEATHERS[name], nodes=4, pods=6, storm_ms=120_000) for name in ("quiet", "crashes")}
    checks = ("heartbeat", "phi-accrual")
    parts = {"scheduler": "best-fit", "queue": "priority", "devices": "least-left", "seeds": 2}
    return list(compare(app, short, checks, progress=done.append, **parts)), done


def test_every_check_meets_every_weather(rows):
    compared, done = rows
    assert [(row.weather, row.health) for row in compared] == [
        ("quiet", "heartbeat"),
        ("quiet", "phi-accrual"),
        ("crashes", "heartbeat"),
        ("crashes", "phi-accrual"),
    ]
    assert sum(done) == 8
    assert all(row.measures.two_copies_s == 0 for row in compared)
    assert compared[0].measures.moves == 0


@pytest.mark.slow
def test_it_can_be_drawn(rows, tmp_path):
    file = tmp_path / "plot.svg"
    plot(rows[0], str(file))
    drawn = ET.fromstring(file.read_text(encoding="utf-8"))
    assert drawn.tag.endswith("svg")
