"""The live cluster of README.md, had as it is shown there: a server in one terminal, commands in another."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def page(live_page):
    page = live_page("README.md", begin="And here it decides for a live cluster")
    (page.home / "examples").symlink_to(ROOT / "examples")
    return page


def test_the_policy_it_shows_is_the_file_it_names():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"^```python\n(.*?)^```\n\nThat is the file \[([\w./]+)\]", text, flags=re.MULTILINE | re.DOTALL)
    assert shown[1] == (ROOT / shown[2]).read_text(encoding="utf-8")


def test_it_is_read_in_a_minute_or_two():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 130
    assert "](docs/index.md)" in text


@pytest.mark.slow
def test_the_live_cluster_does_what_it_shows(page):
    *steps, (watch, _) = page.steps
    with page.serve():
        for command, shown in steps:
            page.follow(command.replace("curl", "curl --silent --fail"), shown)
        assert moved(watch, page.env) == {"node-0002"}


def moved(watch, env):
    """Where the four pods run, as soon as none of them runs on the node that broke."""
    places = {}
    with subprocess.Popen(watch.split(), env=env, stdout=subprocess.PIPE, text=True) as watching:
        try:
            next(watching.stdout)  # the names of the columns
            for name, _, phase, _, node in (line.split()[:5] for line in watching.stdout):
                places[name] = node if phase == "Running" else "nowhere"
                if len(places) == 4 and not {"nowhere", "node-0001"} & set(places.values()):
                    break
        finally:
            watching.send_signal(signal.SIGINT)
            watching.stdout.read()
    return set(places.values())
