"""The tutorial, from its first line of code to its last container."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from kube9.cli.main import cli

PAGE = "docs/tutorial/first-policy.md"
ROOT = Path(__file__).parents[2]
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
(POLICY,) = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
SIMULATIONS = re.findall(r"^\$ (kube9 simulate .*?[^\\])\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def home(tmp_path):
    """The checkout as the tutorial has it, with the policy in it."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "keep_gpus.py").write_text(POLICY, encoding="utf-8")
    return tmp_path


def simulate(command):
    words = shlex.split(command.replace("\\\n", " "))
    return CliRunner().invoke(cli, words[1:], prog_name="kube9", env={"KUBE9_PLUGINS": ""})


@pytest.mark.slow
@pytest.mark.parametrize("command,shown", SIMULATIONS)
def test_the_simulations_come_out_as_shown(home, monkeypatch, request, command, shown):
    if "openb" in command:
        for path in (request.getfixturevalue("shared_data") / "openb").iterdir():
            (home / path.name).symlink_to(path)
    if "--report" in command:
        pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'kube9[simulate]'")
    monkeypatch.chdir(home)
    result = simulate(command)
    assert result.exit_code == 0, result.stderr
    assert not shown or result.stdout == shown


def test_a_policy_that_is_wrong_is_named(home, monkeypatch):
    monkeypatch.chdir(home)
    (home / "keep_gpus.py").write_text(POLICY.replace("return -left\n", "return -left[2:]\n"), encoding="utf-8")
    result = simulate(SIMULATIONS[0][0])
    assert result.exit_code == 1
    (shown,) = re.findall(r"^```text\n(Error: .*\n)```", TEXT, flags=re.MULTILINE)
    assert result.stderr == shown


@pytest.mark.slow
def test_the_same_policy_decides_live(home, live_page):
    live_page(PAGE, begin="## 5. Run it live", end="## 6. Run it on Docker").follow_all()


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(300)
def test_the_same_policy_decides_on_docker(home, live_page, own_engine):
    if shutil.which("docker") is None:
        pytest.skip("needs the docker command: apt install docker-cli, or docker.io where that has it")
    page = live_page(PAGE, begin="## 6. Run it on Docker")
    page.env["DOCKER_HOST"] = own_engine.address
    # The images of the page, where nothing can be pulled.
    page.server = page.server.replace("docker", f"docker:base={own_engine.node_base}")
    own_engine.client.images.get(own_engine.busybox).tag("busybox:1")
    page.follow_all()
    assert own_engine.left() == {}


def test_there_is_all_that_it_promises():
    assert len(SIMULATIONS) == 4
    assert sum(bool(shown) for _, shown in SIMULATIONS) == 2
