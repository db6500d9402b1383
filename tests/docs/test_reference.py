"""The pages of docs/reference that scripts write are what these would write, and leave nothing out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import kube9
from kube9.core import events, hookspecs, ports
from kube9.core.pods import PodSpec
from kube9.core.ports import (
    Config,
    ConfigKey,
    Container,
    EnvVar,
    NodePhase,
    PodPhase,
    PullPolicy,
    RestartPolicy,
    TaintEffect,
)
from kube9.simulator.chaos.weathers import KEYS, LINK_KEYS, WEATHERS, weather
from kube9.store import record

pytestmark = pytest.mark.once

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SCRIPTS = sorted(REFERENCE.glob("make_*.py"))


def headings(page):
    return set(re.findall(r"^### (\w+)$", (REFERENCE / page).read_text(encoding="utf-8"), flags=re.MULTILINE))


def check(script):
    return subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_page_is_what_its_script_would_write(script):
    checked = check(script)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_page_says_who_writes_it(script):
    page = REFERENCE / f"{script.stem.removeprefix('make_')}.md"
    assert script.name in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["events", "metrics", "ports", "settings"])
def test_an_old_page_is_noticed(tmp_path, name):
    root = tmp_path / "docs" / "reference"
    root.mkdir(parents=True)
    # Some read the source as text, from where it stands beside the documentation.
    (tmp_path / "kube9").symlink_to(REFERENCE.parents[1] / "kube9")
    for script in (f"make_{name}.py", "pages.py"):
        (root / script).write_text((REFERENCE / script).read_text(encoding="utf-8"), encoding="utf-8")
    (root / f"{name}.md").write_text("# Old\n", encoding="utf-8")
    stale = check(root / f"make_{name}.py")
    assert stale.returncode == 1
    assert f"{name}.md is not what make_{name}.py would write: run it" in stale.stderr


def test_every_event_that_can_be_told_is_on_the_page():
    told = {
        kind.__name__ for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)
    }
    # The classes that others are made of happen as such to nobody.
    assert headings("events.md") == told - {"Event", "NodeEvent", "PodEvent", "DeploymentEvent"}


def test_every_event_has_words_for_people():
    worded = {*record._POD_TEXTS, *record._NODE_TEXTS, *record._DEPLOYMENT_TEXTS, *record._OTHER_TEXTS}
    assert {kind.__name__ for kind in worded} | {"PodBound"} == headings("events.md")


def test_every_hook_of_an_event_is_named_by_one():
    page = (REFERENCE / "events.md").read_text(encoding="utf-8")
    hooks = {name for name in hookspecs.__all__ if name.startswith("kube9_") and "_register_" not in name}
    assert {name for name in hooks if f"](hooks.md#{name})" not in page} == set()


def test_whatever_has_an_entry_among_the_ports_can_be_imported_from_where_the_page_says():
    assert {name for name in headings("ports.md") if not hasattr(ports, name)} <= set(kube9.__all__)


def test_the_values_of_an_enumeration_are_on_the_page():
    page = (REFERENCE / "ports.md").read_text(encoding="utf-8")
    for kind in (NodePhase, PodPhase, PullPolicy, RestartPolicy, TaintEffect):
        assert {f"- `{kind.__name__}.{each.name}`: `{each.value!r}`" for each in kind} <= set(page.splitlines())


def test_the_environment_of_a_container_is_found_as_the_page_shows():
    page = (REFERENCE / "ports.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```python\n(def environment.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    names = {}
    exec(shown, names)
    env = (EnvVar(name="LEVEL", value="info"), EnvVar(name="PASSWORD", source=ConfigKey("db", "password")))
    container = Container(name="main", env=env)
    pod = PodSpec(name="web", containers=(container,), configs=(Config(name="db", data={"password": "x"}),))
    assert names["environment"](container, pod) == {"LEVEL": "info", "PASSWORD": "x"}


def test_a_file_may_say_every_key_of_the_page_of_weather_with_the_value_it_has_without(tmp_path):
    page = (REFERENCE / "weather.md").read_text(encoding="utf-8")
    above, below = (
        [f"{key}: {value}" for key, value in re.findall(r"^\| `(\w+)` \| `([\w.]+)` \|", part, flags=re.MULTILINE)]
        for part in page.partition("## A file")[2].split("### Below `link`")
    )
    assert (len(above), len(below)) == (len(KEYS), len(LINK_KEYS))
    file = tmp_path / "every-key.yaml"
    file.write_text("\n".join([*above, "link:", *(f"  {line}" for line in below)]), encoding="utf-8")
    assert weather(str(file)) == WEATHERS["quiet"]


def test_the_weather_that_a_page_shows_is_that_of_the_example():
    page = (REFERENCE.parent / "howto" / "choose-a-health-check.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```yaml rough-day.yaml\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    example = (REFERENCE.parents[1] / "examples" / "rough-day.yaml").read_text(encoding="utf-8")
    assert example.endswith(f".\n{shown}")


def test_every_port_is_on_the_page():
    page = (REFERENCE / "ports.md").read_text(encoding="utf-8")
    assert {name for name in ports.__all__ if name not in headings("ports.md") and name not in page} == set()
