"""The steps of docs/howto/look-inside-a-pod.md, one after the other in a real shell against a real server."""

from __future__ import annotations

import re
import shlex
import sys

import pytest

from kube9.api import Limits
from kube9.backends.pretence import PretendedCommand
from kube9.cli.podlogs import FOLLOWED_MAX

PAGE = "docs/howto/look-inside-a-pod.md"


@pytest.mark.slow
def test_every_step_works_and_shows_what_the_page_shows(page):
    (script,) = re.findall(r"^```python\n(.*?)^```", page.text, flags=re.MULTILINE | re.DOTALL)
    (page.home / "look.py").write_text(f"{script}\n\ngreet('web')\n", encoding="utf-8")
    with page.serve():
        for command, shown in page.steps:
            page.follow(command, shown)
        page.follow(f"{sys.executable} look.py", "0 b'hello\\n' b''\n")


def test_there_are_steps(page):
    assert len(page.steps) >= 10
    assert page.files


def test_the_limits_are_those_it_tells(page):
    assert f"may be {Limits().commands} at a time" in page.text
    assert f"at most {FOLLOWED_MAX} can be followed" in page.text


def test_the_commands_it_tells_of_are_those_there_are(page):
    table = page.text.partition("A command\ndoes one of these")[2]
    told = [
        text for row in re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE) for text in re.findall("`(.*?)`", row)
    ]
    assert len(told) >= 8
    for text in told:
        session = PretendedCommand(shlex.split(text))
        session.close_input()
        # Whatever is not known is written as it is.
        assert b"".join(data for _, data in session.output()) != f"{text}\n".encode()
