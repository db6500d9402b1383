"""What docs/howto/plan-ahead.md shows is what a real server answers, to the letter."""

from __future__ import annotations

import re
import shlex
import sys

import pytest

PAGE = "docs/howto/plan-ahead.md"


@pytest.mark.slow
def test_every_step_shows_what_the_page_shows(page):
    (code,) = re.findall(r"^```python\n(.*?)^```", page.text, flags=re.MULTILINE | re.DOTALL)
    with page.serve():
        for command, shown in page.steps:
            done = page.run(command)
            assert (done.stdout, done.returncode) == (shown, 0), (command, done.stderr)
        done = page.run(shlex.join([sys.executable, "-c", f"{code}\nprint(spare_nodes())"]))
        assert (done.stdout, done.returncode) == ("(2, [])\n", 0), done.stderr


def test_there_are_steps(page):
    assert page.server == "kube9 serve"
    assert sum(command.startswith("kube9 plan ") for command, _ in page.steps) >= 5
    assert page.files.keys() == {"shop.yaml", "report.yaml"}
