"""The steps of docs/howto/drain-a-node.md, carried out one after the other against a real server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kube9.core.drains import DRAIN_DEADLINE_MS

PAGE = "docs/howto/drain-a-node.md"
ROOM = Path(__file__).parents[2] / "kube9" / "core" / "drainturns.py"


@pytest.mark.slow
def test_every_step_shows_what_the_page_shows(page):
    page.follow_all()


def test_there_are_steps(page):
    assert len(page.steps) >= 10
    assert sum(bool(shown) for _, shown in page.steps) > 6
    assert page.files


def test_what_it_says_of_waiting_is_what_a_drain_says(page):
    source = ROOM.read_text(encoding="utf-8")
    told = re.findall(r"^\| `(.*?)` \| (?:add|see|the same|wait|the node)", page.text, flags=re.MULTILINE)
    assert len(told) == 5
    for text in told:
        shape = re.sub(r"web-4|cache|job|n1|\bweb\b", "@", text).split(":")[0].removesuffix(", ...")
        assert re.sub(r"\{[^}]*\}", "@", source).count(shape), shape


def test_the_deadline_is_the_one_it_tells(page):
    assert "an hour after the drain began" in page.text
    assert DRAIN_DEADLINE_MS == 3_600_000
