"""``kube9 simulate``, as a user runs it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

EXAMPLES = Path(__file__).parents[2] / "examples"
POLICIES = ("--scheduler", "first-fit", "--scheduler", "best-fit", "--scheduler", "worst-fit")

BROKEN = """
import numpy as np

import kube9


@kube9.scheduler("too-short")
def too_short(pod, nodes):
    return [0.0]


@kube9.scheduler("not-a-number")
def not_a_number(pod, nodes):
    return np.full(len(nodes), np.nan)


@kube9.scheduler("raises")
def raises(pod, nodes):
    raise KeyError("memry")
"""


@pytest.fixture
def trace(tmp_path):
    """A small trace in time: ``b`` waits 50 s for ``a``."""
    path = tmp_path / "pods.csv"
    path.write_text("name,arrival,duration,cpu\na,0,60,3\nb,10,60,2\nc,20,5,1\n")
    return str(path)


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text(BROKEN)
    return str(path)


def runs_of(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["runs"]


def test_it_compares_policies_in_a_table(run, trace):
    result = run("simulate", "--trace", trace, "--nodes", "2xcpu=4", *POLICIES)
    assert result.exit_code == 0
    titles, *rows = (line.split() for line in result.stdout.splitlines())
    assert titles[:5] == ["SCHEDULER", "NODES", "USED", "PLACED", "WAITING"]
    assert [row[:3] for row in rows] == [["first-fit", "2", "3"], ["best-fit", "2", "3"], ["worst-fit", "2", "3"]]
    assert result.stderr == ""


def test_best_fit_is_the_default(run, trace):
    (only,) = runs_of(run("simulate", "--trace", trace, "--nodes", "1xcpu=4", "-o", "json"))
    assert (only["instance"], only["scheduler"], only["seed"]) == ("pods", "best-fit", None)
    assert only["waitingMs"]["max"] == 50_000


def test_yaml_says_what_json_says(run, trace):
    args = ("simulate", "--trace", trace, "--nodes", "1xcpu=4", *POLICIES, "--seeds", "2")
    assert yaml.safe_load(run(*args, "-o", "yaml").stdout) == json.loads(run(*args, "-o", "json").stdout)


def test_the_document_tells_what_was_asked_for(run, trace):
    args = ("--nodes", "1xcpu=4", "--nodes", "1xcpu=2,name=small", "--queue", "fcfs", "--devices", "most-left")
    more = ("--until", "2m", "--fail", "mtbf=1h,mttr=1m", "--detect", "5s", "--seeds", "3..4", "-o", "json")
    document = json.loads(run("simulate", "--trace", trace, *args, *more).stdout)
    assert document["trace"] == trace
    assert document["nodes"] == ["1xcpu=4", "1xcpu=2,name=small"]
    assert (document["mode"], document["queue"], document["devices"]) == ("timed", "fcfs", "most-left")
    assert (document["fail"], document["detectMs"], document["untilMs"]) == ("mtbf=1h,mttr=1m", 5_000, 120_000)
    assert [each["seed"] for each in document["runs"]] == [3, 4]


def test_the_examples_run_with_their_failures(run):
    args = ("--trace", str(EXAMPLES / "pods.csv"), "--nodes", str(EXAMPLES / "nodes.csv"))
    (only,) = runs_of(run("simulate", *args, "--fail", str(EXAMPLES / "faults.csv"), "--check", "-o", "json"))
    assert (only["pods"], only["nodeFailures"], only["nodesLost"], only["podsWaiting"]) == (8, 3, 1, 0)
    assert only["moves"] >= 1


def test_several_instances_have_a_line_for_all_of_them(run):
    args = ("--trace", str(EXAMPLES / "packing.txt"), "--nodes", "auto:cpu=10m")
    result = run("simulate", *args, *POLICIES)
    assert [line.split()[:2] for line in result.stdout.splitlines()[-2:]] == [["all", "2"], ["all", "2"]]
    assert "Note: The trace has no times" in result.stderr
    assert run("--quiet", "simulate", *args).stderr == ""


def test_many_notes_are_not_all_shown(run, tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("12\n" + "".join(f"i{index}\n10 1 1\n5\n" for index in range(12)))
    args = ("simulate", "--trace", str(path), "--nodes", "auto:cpu=10m", "--arrivals-only")
    assert run(*args).stderr.count("Note:") == 9
    assert len(json.loads(run(*args, "-o", "json").stdout)["notes"]) == 12


def test_a_policy_in_one_file_is_compared_with_the_others(run, trace):
    args = ("--plugin", str(EXAMPLES / "tightest_memory.py"), "--scheduler", "tightest-memory")
    result = run("simulate", "--trace", trace, "--nodes", "1xcpu=4", *args, "--scheduler", "best-fit", "-o", "json")
    assert [each["scheduler"] for each in runs_of(result)] == ["tightest-memory", "best-fit"]


@pytest.mark.slow
def test_processes_change_nothing(start, trace):
    plugin = ("--plugin", str(EXAMPLES / "tightest_memory.py"), "--scheduler", "tightest-memory")
    args = ("simulate", "--trace", trace, "--nodes", "3xcpu=4", *plugin, *POLICIES, "--seeds", "3", "-o", "json")
    alone, shared = start(*args), start(*args, "--jobs", "2")
    assert alone.returncode == shared.returncode == 0
    assert alone.stdout == shared.stdout
    assert shared.stderr == ""


class TestReport:
    @pytest.fixture(autouse=True)
    def _matplotlib(self):
        pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'kube9[simulate]'")

    def test_it_is_written_beside_the_table_with_the_command_that_made_it(self, run, trace, tmp_path):
        out = tmp_path / "out.html"
        args = ("--trace", trace, "--nodes", "1xcpu=4", *POLICIES, "--arrivals-only", "--report", str(out))
        result = run("simulate", *args, "--plugin", str(EXAMPLES / "tightest_memory.py"))
        assert result.exit_code == 0
        assert "first-fit" in result.stdout
        page = out.read_text(encoding="utf-8")
        command = page[page.index("<pre><code>") + 11 : page.index("</code></pre>")].replace(" \\\n ", "").split()
        assert command[:2] == ["kube9", "simulate"]
        again = run(*command[1:-1], str(tmp_path / "again.html"))
        assert again.stdout == result.stdout
        assert (tmp_path / "again.html").read_text(encoding="utf-8").replace("again.html", "out.html") == page

    def test_what_fails_writes_none(self, run, trace, broken, tmp_path):
        out = tmp_path / "out.html"
        args = ("--trace", trace, "--nodes", "1xcpu=4", "--plugin", broken, "--scheduler", "best-fit")
        result = run("simulate", *args, "--scheduler", "raises", "--report", str(out))
        assert result.exit_code == 1
        assert result.stdout == ""
        assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["broken.py", "pods.csv"]

    def test_where_it_cannot_be_written_is_told_before_anything_runs(self, run, trace, broken):
        args = ("--trace", trace, "--nodes", "1xcpu=4", "--plugin", broken, "--scheduler", "raises")
        result = run("simulate", *args, "--report", "no/such/place.html")
        assert result.exit_code == 2
        assert "--report: there is no directory 'no/such'" in result.stderr


@pytest.mark.parametrize(
    "policy,what",
    [
        ("too-short", "returned float64 of shape (1,)"),
        ("not-a-number", "expected a finite number"),
        ("raises", "KeyError: 'memry'"),
    ],
)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_policy_that_breaks_its_contract_is_named_and_nothing_is_shown(run, trace, broken, policy, what, jobs):
    args = ("--trace", trace, "--nodes", "2xcpu=4", "--plugin", broken, "--seeds", "2", "--jobs", jobs)
    result = run("simulate", *args, "--scheduler", policy, "-o", "json")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"scheduler '{policy}' of" in result.stderr
    assert "broken" in result.stderr
    assert what in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "args,message",
    [
        (("--scheduler", "bestfit"), "there is no scheduler 'bestfit'"),
        (("--scheduler", "random:sead=3"), "random"),
        (("--queue", "lifo"), "there is no queue discipline 'lifo'"),
        (("--seeds", "none"), "--seeds: expected a number of seeds"),
        (("--until", "soon"), "--until: expected a time such as"),
        (("--detect", "5s"), "without --fail"),
        (("--detect", "-5s", "--fail", "mtbf=1h,mttr=1m"), "--detect: expected a time"),
        (("--arrivals-only", "--fail", "mtbf=1h,mttr=1m"), "--fail needs a run with times"),
        (("--fail", "mtbf=1h"), "mttr is missing"),
        (("--nodes", "1xcpu=4"), "two nodes are called 'node-0001'"),
        (("--jobs", "0"), "--jobs"),
        (("--trace-format", "csv"), "there is no trace reader 'csv'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_misuse_is_explained(run, trace, args, message):
    result = run("simulate", "--trace", trace, "--nodes", "1xcpu=4", *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_malformed_line_is_named_with_file_line_and_column(run, tmp_path):
    path = tmp_path / "pods.csv"
    path.write_text("name,arrival,duration,cpu\na,0,60,3\nb,10,60,-2\n")
    result = run("simulate", "--trace", str(path), "--nodes", "1xcpu=4")
    assert result.exit_code == 2
    assert f"{path}:3, column 'cpu': " in result.stderr


def test_a_pod_larger_than_any_node_has_a_note(run, tmp_path):
    path = tmp_path / "pods.csv"
    path.write_text("name,arrival,duration,cpu\nhuge,0,60,9\nb,10,60,2\n")
    result = run("simulate", "--trace", str(path), "--nodes", "1xcpu=4")
    assert result.exit_code == 0
    assert (
        "1 pod fits no node even when it is empty: pod 'huge' (0 of 1 nodes fit: 1 insufficient cpu)" in result.stderr
    )


def test_ctrl_c_ends_it_and_its_processes(tmp_path):
    """With two processes, in a group of their own as from a shell."""
    path = tmp_path / "pods.csv"
    rows = "".join(f"p{index},{index},1000000,1\n" for index in range(50))
    path.write_text(f"name,arrival,duration,cpu\n{rows}")
    command = [
        sys.executable,
        "-m",
        "kube9",
        "simulate",
        "--trace",
        str(path),
        "--nodes",
        "9xcpu=4",
        "--seeds",
        "50000",
    ]
    heartless = ["--fail", "mtbf=2s,mttr=1s", "--jobs", "2"]
    environment = {**os.environ, "KUBE9_PLUGINS": ""}
    with subprocess.Popen(
        [*command, *heartless], env=environment, start_new_session=True, stderr=subprocess.PIPE
    ) as it:
        while len(list(children_of(it.pid))) < 2:
            assert it.poll() is None
        os.killpg(it.pid, signal.SIGINT)
        _, told = it.communicate(timeout=60)
    assert it.returncode == 130
    assert told.decode().strip() == "Interrupted."


def children_of(pid):
    """The worker processes of a process."""
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        # A thread or a process may have ended since it was listed.
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in listing.read_text().split():
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    yield child


@pytest.mark.slow
@pytest.mark.parametrize("name", ["binpack1", "binpack2", "binpack3"])
def test_how_many_machines_do_i_need_is_answered_exactly(start, shared_data, name):
    args = ("--trace", str(shared_data / "binpack" / f"{name}.txt"), "--nodes", "auto:cpu=150m", "--arrivals-only")
    ended = start("simulate", *args, *POLICIES, "-o", "json")
    assert ended.returncode == 0, ended.stderr
    with (shared_data / "binpack" / "expected_bins.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["file"] == name]
    columns = {"first-fit": "FF", "best-fit": "BF", "worst-fit": "WF"}
    expected = {(row["instance"], policy): int(row[column]) for row in rows for policy, column in columns.items()}
    found = {(each["instance"], each["scheduler"]): each["nodesUsed"] for each in json.loads(ended.stdout)["runs"]}
    assert found == expected


WATCHED = ("--nodes", "3xcpu=4", "--fail", "mtbf=2m,mttr=30s", "--faults", str(EXAMPLES / "rough-day.yaml"))


@pytest.fixture
def longer(tmp_path):
    """Six pods of five minutes."""
    path = tmp_path / "longer.csv"
    path.write_text("name,arrival,duration,cpu\n" + "".join(f"p{index},{index},300,2\n" for index in range(6)))
    return str(path)


def test_health_checks_and_schedulers_are_compared_together(run, longer):
    args = ("simulate", "--trace", longer, *WATCHED, *POLICIES[:4], "--health", "heartbeat", "--health", "phi-accrual")
    result = run(*args)
    titles, *rows = (line.split() for line in result.stdout.splitlines())
    assert titles[:2] == ["SCHEDULER", "HEALTH"]
    assert [row[:2] for row in rows] == [
        [scheduler, check] for scheduler in ("first-fit", "best-fit") for check in ("heartbeat", "phi-accrual")
    ]
    assert all(row[-1] == "0s" for row in rows)
    document = json.loads(run(*args, "-o", "json").stdout)
    assert document["faults"].endswith("rough-day.yaml")
    found = {(each["scheduler"], each["health"]): each["detection"] for each in document["runs"]}
    assert all(told["crashesFound"] and not told["twoCopiesMs"] for told in found.values())


def test_weather_alone_is_judged_by_the_default_check(run, trace):
    (only,) = runs_of(run("simulate", "--trace", trace, "--nodes", "2xcpu=4", "--faults", "quiet", "-o", "json"))
    assert only["health"] == "heartbeat"


@pytest.mark.parametrize(
    "args,message",
    [
        (("--health", "heartbeat"), "there are none: say what fails with --fail MODEL|FILE, or with --faults"),
        (("--health", "heartbeat", "--fail", "mtbf=1h,mttr=1m", "--detect", "3s"), "--detect and --health exclude"),
        (("--faults", "quiet", "--detect", "3s"), "--detect and --faults exclude each other"),
        (("--faults", "sunny"), "is no weather kube9 knows (quiet, crashes"),
        (("--faults", "quiet", "--health", "hartbeat"), "hartbeat"),
        (("--faults", "quiet", "--health", "heartbeat:fail_ms=1"), "must grow in this order"),
    ],
)
def test_what_cannot_be_found_out_is_refused(run, trace, args, message):
    result = run("simulate", "--trace", trace, "--nodes", "2xcpu=4", *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.slow
def test_health_checks_give_the_same_in_any_process(longer):
    args = (
        "--trace",
        longer,
        *WATCHED,
        "--health",
        "heartbeat",
        "--health",
        "phi-accrual",
        "--seeds",
        "2",
        "-o",
        "json",
    )

    def start(seed, *more):
        command = [sys.executable, "-m", "kube9", "simulate", *args, *more]
        env = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    first = start("1")
    assert start("2") == first == start("3", "--jobs", "2")
