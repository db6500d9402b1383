"""What docs/howto/choose-a-health-check.md and docs/reference/heartbeats.md say of health checks is so."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import kube9
from kube9.app import App
from kube9.cli.main import cli
from kube9.heartbeats.beatfile import read_beats
from kube9.heartbeats.judge import Judge
from kube9.plugins.health import Heartbeat
from kube9.plugins.phiaccrual import PhiAccrual

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "choose-a-health-check.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference" / "heartbeats.md").read_text(encoding="utf-8")

BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def steps():
    """Each command of the page with what it shows; a backslash goes on in the next line."""
    for block in BLOCKS:
        for step in re.split(r"^\$ kube9 ", block.replace("\\\n", ""), flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            yield shlex.split(command), shown


#: Simulations are run with those of the other pages.
SHOWN = [(words, shown) for words, shown in steps() if shown and words[0] != "simulate"]
LIVE = [words for words, shown in steps() if not shown]


@pytest.fixture
def run():
    def run(words):
        result = CliRunner().invoke(cli, words, prog_name="kube9", env={"KUBE9_PLUGINS": ""})
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return run


def test_there_are_steps_of_both_kinds():
    assert [words[0] for words, _ in SHOWN] == ["health"] * 2
    assert [words[0] for words in LIVE] == ["serve", "node", "health", "serve"]


@pytest.mark.parametrize("words, shown", SHOWN, ids=lambda part: part[-1])
def test_replays_come_out_as_they_are_shown(run, monkeypatch, words, shown):
    monkeypatch.chdir(ROOT)
    assert run(words) == shown


@pytest.mark.slow
def test_a_server_records_what_is_then_replayed(run, monkeypatch, tmp_path):
    serve, fail, replay, other = LIVE
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBE9_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KUBE9_PLUGINS", "")
    with Served(serve):
        with kube9.Client() as client:
            ready = client.watch_events(after=0, type="NodeReady")
            assert fail[-1] in {next(ready)["name"] for _ in range(4)}
            ready.close()
        run(fail)
    document = json.loads(run(replay))
    assert (document["crashes"], document["nodes"]) == (1, 4)
    assert [check["health"] for check in document["checks"]] == ["heartbeat", other[-1]]
    with Served(other):
        pass


class Served:
    """A server of its own process, from where it can be found to its end."""

    def __init__(self, words):
        command = [sys.executable, "-m", "kube9", *words, "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)

    def __enter__(self):
        for line in self.process.stderr:
            if "Ctrl-C stops the server" in line:
                return
        self.process.communicate()
        pytest.fail("it did not start")

    def __exit__(self, *about):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0


def options_of(check):
    """The options of a health check as its table on the page has them, with their defaults."""
    _, _, section = PAGE.partition(f"## `{check}`")
    rows = re.findall(r"^\| `(\w+)` \| .* \| `([\d.]+)` \|$", section.partition("\n## ")[0], flags=re.MULTILINE)
    return dict(rows)


@pytest.mark.parametrize("check, made", [("heartbeat", Heartbeat()), ("phi-accrual", PhiAccrual())])
def test_options_and_defaults_are_those_of_the_page(check, made):
    options = options_of(check)
    assert (
        App.load(env={"KUBE9_PLUGINS": ""}).make_health_check(
            f"{check}:" + ",".join(f"{name}={value}" for name, value in options.items())
        )
        == made
    )
    given = {attribute.name for attribute in type(made).__attrs_attrs__ if attribute.init}
    assert set(options) == given


@pytest.mark.parametrize("fail_at, said", [(100, "7.3 seconds"), (200, "9.6 seconds"), (30, "4.9 seconds")])
def test_silences_are_as_long_as_it_says(fail_at, said):
    assert said in PAGE
    assert f"{Judge(PhiAccrual(fail_at=fail_at)).fail_after_ms / 1000:.1f} seconds" == said


def test_the_most_irregular_node_has_as_long_as_it_says():
    assert "up to 12.6 for" in PAGE
    judge, beats_ms = Judge(PhiAccrual()), [0] * 16 + [16_000] * 16
    longest_ms = next(ms for ms in range(20_000) if judge.suspicion(beats_ms, 16_000 + ms) >= judge.check.fail_at)
    assert f"{longest_ms / 1000:.1f}" == "12.6"


# The reference.


def test_the_file_of_the_page_is_read_as_it_says(tmp_path):
    ((name, content),) = re.findall(r"^```csv (\S+)\n(.*?)^```", REFERENCE, flags=re.MULTILINE | re.DOTALL)
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    recording = read_beats(str(path))
    assert [(life.node_name, life.down_ms, life.end_ms) for life in recording.lives] == [
        ("n1", 3600, 60_250),
        ("n1", None, 61_251),
        ("n2", None, 9000),
    ]


def test_what_it_says_of_a_malformed_file_is_what_is_said(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    lines = ["n1,1000,", "n2,1000,", "n2,soon,", "n1,2000,", "n1,3000,down", "n3,1,", "n3,2,", "n1,4000,"]
    Path("beats.csv").write_text("\n".join(["node,at_ms,event", *lines]) + "\n", encoding="utf-8")
    (said,) = re.findall(r"^```text\n(.*?)\n```", REFERENCE, flags=re.MULTILINE | re.DOTALL)
    with pytest.raises(kube9.Kube9Error) as caught:
        read_beats("beats.csv")
    assert str(caught.value) == said


def test_every_key_of_the_document_is_told(run, monkeypatch):
    monkeypatch.chdir(ROOT)
    document = json.loads(run(["health", "replay", "examples/heartbeats.csv", "-o", "json"]))
    told = {
        key for cell in re.findall(r"^\| (`.*?) \|", REFERENCE, flags=re.MULTILINE) for key in cell.split("`")[1::2]
    }
    check = document["checks"][0]
    assert {*document, *check, *check["failed"]} <= told


def test_the_example_is_what_its_script_makes():
    script = ROOT / "examples" / "make_heartbeats.py"
    made = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "examples" / "heartbeats.csv").read_text(encoding="utf-8")
