"""What kube9 does with the orders, job by job, against a simulation as plain as its description."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kube9_queueing.lublin import lublin as lublin_command

PROCESSORS = 8
#: Jobs in a window.
LENGTH = 20

#: By ``--queue``: the key of a job that is (submit, run, processors), in seconds.
KEYS = {
    "fcfs": lambda job: (job[0],),
    "sjf": lambda job: (job[1], job[0]),
    "f1": lambda job: (math.log10(max(1, job[1])) * job[2] + 870 * math.log10(max(1, job[0])), job[0]),
}
QUEUES = {
    "fcfs": ("fcfs", False),
    "sjf": ("sjf", False),
    "f1": ("f1", False),
    "easy": ("fcfs", True),
    "easy:order=sjf": ("sjf", True),
    "easy:order=f1": ("f1", True),
}


def kube9(*words):
    return subprocess.run(
        [sys.executable, "-m", "kube9", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KUBE9_PLUGINS": "queueing", "KUBE9_STRICT_PLUGINS": "1"},
    )


def line(number, submit, run, size):
    """A job as the Standard Workload Format has it."""
    return f"{number} {submit} -1 {run} {size} {' '.join(['-1'] * 13)}\n"


def runs(path, windows, queue):
    """What the command line makes of windows of equally many jobs, each on an empty machine."""
    jobs = [job for window in windows for job in window]
    path.write_text("".join(line(number, *job) for number, job in enumerate(jobs, 1)), encoding="ascii")
    starts = "+".join(str(number * LENGTH) for number in range(len(windows)))
    reader = f"swf-windows:starts={starts},length={LENGTH}"
    options = ["--trace-format", reader, "--nodes", f"1xcpu={PROCESSORS}", "--queue", queue, "--arrivals-first"]
    done = kube9("simulate", "--trace", str(path), *options, "--check", "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["runs"]


def plain(jobs, key, backfills):
    """The same by going through everything at every event: (mean wait, longest wait, slowdown)."""
    free, now, coming, waiting, running, started = PROCESSORS, 0, list(enumerate(jobs)), [], [], {}

    def start(each):
        nonlocal free
        number, (_, run, size) = each
        free -= size
        running.append((now + run, len(started), size))
        started[number] = now
        waiting.remove(each)

    def next_event():
        nonlocal free, now
        ends = min(running, default=(math.inf,))
        if coming and coming[0][1][0] <= ends[0]:
            now = max(now, coming[0][1][0])
            waiting.append(coming.pop(0))
        else:
            running.remove(ends)
            now, free = ends[0], free + ends[2]

    def reservation(size):
        would = free
        for end, _, freed in sorted(running):
            would += freed
            if would >= size:
                return end
        raise AssertionError("it does not fit on the empty machine")

    while coming or waiting:
        if not waiting:
            next_event()
            continue
        first = min(waiting, key=lambda each: (key(each[1]), each[0]))
        while first[1][2] > free:
            by = reservation(first[1][2])
            for each in list(waiting) if backfills else ():
                _, run, size = each[1]
                if each != first and size <= free and now + run < by:
                    start(each)
            next_event()
        start(first)
    waited = [started[number] - submit for number, (submit, _, _) in enumerate(jobs)]
    slowdowns = [max(1, (wait + run) / max(run, 10)) for wait, (_, run, _) in zip(waited, jobs, strict=True)]
    return sum(waited) / len(jobs), max(waited), sum(slowdowns) / len(jobs)


JOB = st.tuples(st.integers(0, 4), st.integers(0, 40), st.integers(1, PROCESSORS))


def in_time(window):
    """Jobs whose first number is the time since the one before, with their times."""
    at_s = 0
    for gap, run, size in window:
        at_s += gap
        yield at_s, run, size


@pytest.mark.parametrize("queue", QUEUES)
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(windows=st.lists(st.lists(JOB, min_size=LENGTH, max_size=LENGTH), min_size=20, max_size=20))
def test_a_run_goes_as_the_description_says(tmp_path_factory, queue, windows):
    windows = [list(in_time(window)) for window in windows]
    order, backfills = QUEUES[queue]
    for window, run in zip(windows, runs(tmp_path_factory.mktemp("log") / "log.swf", windows, queue), strict=True):
        mean_s, longest_s, slowdown = plain(window, KEYS[order], backfills)
        assert run["podsFinished"] == LENGTH
        assert (run["waitingMs"]["mean"], run["waitingMs"]["max"]) == (pytest.approx(1000 * mean_s), 1000 * longest_s)
        assert run["boundedSlowdown"] == pytest.approx(slowdown, rel=1e-12)


@pytest.mark.parametrize("queue", QUEUES)
def test_a_window_of_the_workload_is_as_published(lublin, queue):
    """One window of each; ``kube9 lublin`` makes all ten."""
    order, backfills = QUEUES[queue]
    with (lublin / "expected_per_window.csv").open(newline="", encoding="ascii") as stream:
        rows = {(row["policy"], row["backfill"], row["start"]): row for row in csv.DictReader(stream)}
    expected = rows[order.upper(), f"{backfills:d}", "5228"]
    options = ["--trace-format", "swf-windows:starts=5228", "--nodes", "1xcpu=256", "--arrivals-first", "-o", "json"]
    done = kube9("simulate", "--trace", str(lublin / "lublin_256.swf"), "--queue", queue, *options)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert f"{run['boundedSlowdown']:.6f}" == expected["avg_bounded_slowdown"]
    assert f"{run['waitingMs']['mean'] / 1000:.4f}" == expected["avg_wait_s"]
    assert run["endMs"] - run["startMs"] == 1000 * int(expected["makespan_s"])


@pytest.mark.timeout(600)
def test_one_command_makes_the_published_table(lublin, pytestconfig):
    done = kube9("lublin", "--data", str(lublin), "--jobs", "2")
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:]]
    assert len(rows) == 6
    assert [(row[2], row[3], row[4]) for row in rows] == [(row[2], row[2], "10 of 10") for row in rows]
    page = pytestconfig.rootpath / "docs" / "reference" / "lublin.md"
    assert done.stdout in page.read_text(encoding="utf-8"), "the page shows what the command prints"


@pytest.mark.parametrize("page", ["README.md", "../../docs/reference/lublin.md"])
def test_the_pages_show_the_command_as_it_is_given(page):
    path = Path(__file__).parents[1] / page
    if not path.exists():
        pytest.skip("needs kube9's repository, which has this page beside the package")
    shown = re.findall(r"^\$ kube9 lublin (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert shown
    known = {option for param in lublin_command.params for option in param.opts}
    assert {word for line in shown for word in line.split() if word.startswith("-")} <= known


def test_without_the_workload_it_says_where_it_looked(tmp_path):
    done = kube9("lublin", "--data", str(tmp_path))
    assert done.returncode == 1
    assert f"there is no {tmp_path / 'lublin_256.swf'}; say with --data where the workload is" in done.stderr


@pytest.mark.parametrize(
    "text,options,message",
    [
        ("1 2 3\n", ":starts=0,length=1", "expected 18 numbers"),
        (";\n", ":starts=0,length=1", "expected 1 jobs from number 0 on, got 0"),
        (line(1, 0, 5, 1), ":starts=x", "starts: expected a whole number, got 'x'"),
        (line(1, 0, 5, 1), ":length=0", "length: expected at least one job"),
    ],
)
def test_a_log_that_cannot_be_cut_so_is_told(tmp_path, text, options, message):
    (tmp_path / "log.swf").write_text(text, encoding="ascii")
    trace = ["--trace", str(tmp_path / "log.swf"), "--trace-format", f"swf-windows{options}"]
    done = kube9("simulate", *trace, "--nodes", "1xcpu=4")
    assert done.returncode != 0
    assert message in done.stderr
