"""Results of simulations side by side, those of the real command included."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kube9_dashboard.model.reports import METRICS, compare, read_report


def report(*runs):
    return json.dumps({"kube9": "0", "runs": [{"instance": "i", "seed": None, **run} for run in runs]})


def test_runs_that_differ_in_the_seed_are_one_row():
    text = report(
        {"scheduler": "a", "seed": 0, "podsPlaced": 4},
        {"scheduler": "a", "seed": 1, "podsPlaced": 6},
        {"scheduler": "b", "seed": 0, "podsPlaced": 5, "waitingMs": None},
    )
    first, second = compare(read_report("one", text))
    assert (first.label, first.runs, first.means["placed"], first.ranges["placed"]) == ("a", 2, 5.0, (4.0, 6.0))
    assert (second.label, second.runs, dict(second.means)) == ("b", 1, {"placed": 5.0})


def test_reports_and_health_checks_are_named_where_there_are_several():
    text = report({"scheduler": "a", "health": "x"}, {"scheduler": "a", "health": "y"})
    assert [row.label for row in compare(read_report("one", text))] == ["a · x", "a · y"]
    runs = [*read_report("one", report({"scheduler": "a"})), *read_report("two", report({"scheduler": "a"}))]
    assert [row.label for row in compare(runs)] == ["one · a", "two · a"]


def test_a_run_says_what_it_ran_on():
    document = json.loads(report({"scheduler": "a"}))
    (told,) = read_report("one", json.dumps({**document, "trace": "day.csv", "nodes": ["4xcpu=8", "more.csv"]}))
    (bare,) = read_report("one", json.dumps(document))
    assert (told.setting, bare.setting) == ("day.csv on 4xcpu=8, more.csv", "")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"runs": [{}]}', '{"runs": 3}', b"\xff"])
def test_what_is_no_report_is_named(text):
    with pytest.raises(ValueError, match="mine is not what"):
        read_report("mine", text)


def test_values_are_written_in_their_unit():
    by_key = {metric.key: metric for metric in METRICS}
    assert by_key["cpu-final"].text(0.12345) == "12.35 %"
    assert by_key["wait-mean"].text(90_500.0) == "90.5 s"
    assert by_key["placed"].text(1234.0) == "1,234"
    assert by_key["placed"].text(None) == "–"


def test_what_the_command_writes_is_read(tmp_path):
    (tmp_path / "pods.csv").write_text("name,arrival,duration,cpu,memory\n" + TRACE, encoding="utf-8")
    command = "simulate --trace pods.csv --nodes 2xcpu=2,memory=4Gi --scheduler best-fit --scheduler worst-fit -o json"
    done = subprocess.run(
        [Path(sys.executable).with_name("kube9"), *command.split()], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    rows = compare(read_report("real", done.stdout))
    assert [row.label for row in rows] == ["best-fit", "worst-fit"]
    assert all(
        row.means["placed"] == 4 and "wait-mean" in row.means and "cpu-timeWeighted" in row.means for row in rows
    )


TRACE = "".join(f"p{number},{number},60,1,512Mi\n" for number in range(4))
