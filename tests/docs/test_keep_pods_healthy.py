"""The steps of docs/howto/keep-pods-healthy.md, one after the other in a real shell against a real server."""

from __future__ import annotations

import re

import pytest

from kube9.backends.behaviour import PodBehaviour

PAGE = "docs/howto/keep-pods-healthy.md"


@pytest.mark.slow
def test_every_step_works_and_shows_what_the_page_shows(page):
    page.follow_all()


def test_every_knob_of_the_page_is_one(page):
    knobs = set(re.findall(r"`(\w+_ms|exit_code)`", page.text.partition("## The knobs")[2]))
    assert knobs == {"run_for_ms", "exit_code", "crash_after_ms", "ready_after_ms", "hang_after_ms", "stop_delay_ms"}
    assert all(hasattr(PodBehaviour(), knob) for knob in knobs)


def test_there_are_steps(page):
    assert len(page.steps) >= 15
    assert page.files
