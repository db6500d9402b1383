"""``kube9 health``, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import kube9

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "heartbeats.csv")

OWN = """
import kube9


class Nervous:
    interval_ms = 100
    suspect_at, fail_at = 2.0, 4.0

    def suspicion(self, history, now_ms):
        return (now_ms - history.arrivals_ms[-1]) / history.interval_ms


@kube9.hookimpl
def kube9_register_health_checks(register):
    register("nervous", Nervous)
"""


@pytest.fixture
def crash(tmp_path):
    """A node that beats every 100 ms for two seconds and then goes down; it is up again for a moment in the end."""
    path = tmp_path / "crash.csv"
    lines = [f"a,{at_ms}," for at_ms in range(0, 2001, 100)]
    path.write_text("\n".join(["node,at_ms,event", *lines, "a,2010,down", "a,60000,up", "a,60001,down"]) + "\n")
    return str(path)


def test_it_compares_health_checks_in_a_table(run):
    result = run("health", "replay", EXAMPLE)
    titles, *rows = result.stdout.splitlines()
    assert titles.split()[:4] == ["HEALTH", "NODES", "BEATS", "CRASHES"]
    assert [row.split()[:4] for row in rows] == [[name, "6", "4935", "6"] for name in ("heartbeat", "phi-accrual")]
    assert result.stderr == ""


def test_the_document_has_every_figure(run, crash):
    check = "heartbeat:interval_ms=100,suspect_ms=300,fail_ms=1000"
    result = run("health", "replay", crash, "--health", check, "-o", "json")
    assert json.loads(result.stdout) == {
        "kube9": kube9.__version__,
        "file": crash,
        "nodes": 1,
        "beats": 21,
        "crashes": 2,
        "nodeDays": 2011 / 86_400_000,
        "checks": [
            {
                "health": check,
                "intervalMs": 100,
                "failAfterMs": 1000,
                "suspected": told(290),
                "failed": told(990),
            }
        ],
    }


def told(noticed_ms):
    """What the document says of one crash noticed after that time, another that was not noticed, and no false alarm."""
    times = dict.fromkeys(("medianMs", "p99Ms", "maxMs"), noticed_ms)
    return {"noticed": 1, "unnoticed": 1, **times, "false": 0, "falsePerNodeDay": 0.0}


def test_yaml_says_what_json_says_and_both_always_the_same(run):
    first, again, other = (run("health", "replay", EXAMPLE, "-o", kind).stdout for kind in ("json", "json", "yaml"))
    assert first == again
    assert yaml.safe_load(other) == json.loads(first)


def test_a_table_shows_what_is_not_known_as_such(run, tmp_path):
    path = tmp_path / "beats.csv"
    path.write_text("node,at_ms\na,0\na,1000\na,6500\n")
    result = run("health", "replay", str(path), "--health", "heartbeat")
    cells = result.stdout.splitlines()[1].split()
    assert cells[1:10] == ["1", "3", "0", *["-"] * 6]
    assert cells[10:] == ["0", "1", "13292.3", "0", "0.0", "10.0s"]  # once in six and a half seconds


def test_a_check_that_expects_another_interval_is_warned_of(run, crash):
    args = ("health", "replay", crash, "--health", "heartbeat:interval_ms=100", "--health", "phi-accrual")
    result = run(*args)
    assert result.stderr == (
        f"Note: nodes of {crash} beat every 100 ms; "
        "phi-accrual is for every 1000 ms, unless its interval_ms says otherwise.\n"
    )
    assert run("--quiet", *args).stderr == ""
    assert run(*args, "-o", "json").stderr == ""


def test_a_plugin_s_own_check_is_judged_too(run, crash, tmp_path):
    path = tmp_path / "nervous.py"
    path.write_text(OWN)
    result = run("health", "replay", crash, "--plugin", str(path), "--health", "nervous", "-o", "json")
    (nervous,) = json.loads(result.stdout)["checks"]
    assert (nervous["failAfterMs"], nervous["suspected"]["medianMs"], nervous["failed"]["medianMs"]) == (400, 190, 390)


@pytest.mark.parametrize(
    "args, code, message",
    [
        (("no-such.csv",), 2, "no-such.csv: there is no such file"),
        ((EXAMPLE, "--health", "heartbaet"), 2, "Did you mean 'heartbeat'?"),
        ((EXAMPLE, "--health", "phi-accrual:fail_at=many"), 2, "expected a number such as 0.5 or 12, got 'many'"),
        ((), 2, "Missing argument 'FILE'"),
    ],
)
def test_what_cannot_be_done_is_refused(run, args, code, message):
    result = run("health", "replay", *args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_all_faults_of_a_file_are_told(run, tmp_path):
    path = tmp_path / "beats.csv"
    path.write_text("node,at_ms,event\na,soon,\na,1000,dwon\n")
    result = run("health", "replay", str(path))
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {path}: 2 problems\n"
        "  line 2, column 'at_ms': expected a whole number from 0 to 9007199254740992, got 'soon'\n"
        "  line 3, column 'event': expected beat, down, up or gone, got 'dwon'\n"
    )
