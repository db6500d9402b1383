"""The steps of docs/howto/run-a-cluster.md, carried out one after the other in a real shell against a real server."""

from __future__ import annotations

import pytest

PAGE = "docs/howto/run-a-cluster.md"


@pytest.mark.slow
def test_every_step_works_and_shows_what_the_page_shows(page):
    page.follow_all()


def test_there_are_steps(page):
    assert len(page.steps) >= 30
    assert sum(command.startswith("curl") for command, _ in page.steps) > 10
    assert page.files
