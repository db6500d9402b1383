"""Results side by side."""

from __future__ import annotations

import pytest

from kube9.simulator.summary import Comparison, shown_time


def table_of(results):
    """A comparison as rows of text, the titles first."""
    comparison = Comparison.of(results)
    lines = [*comparison.lines, *comparison.totals]
    titles = [metric.title for metric in comparison.metrics]
    return [
        ["instance", "scheduler", *titles],
        *([line.instance, line.scheduler, *map(str, line.cells)] for line in lines),
    ]


def test_one_run_without_times(run, pod):
    assert table_of([run([pod("a", cores=3), pod("b", cores=2)], "1xcpu=4,memory=1Gi", arrivals_only=True)]) == [
        ["instance", "scheduler", "nodes used", "placed", "dropped", "cpu", "memory"],
        ["some", "first-fit", "1", "1", "1", "75.0%", "0.0%"],
    ]


def test_health_checks_have_lines_and_columns_of_their_own(run_all, pod):
    _, results = run_all([pod("a", run=300)], "2xcpu=4", healths=("heartbeat", "phi-accrual"), seeds=(0, 1))
    comparison = Comparison.of(results)
    assert [(line.scheduler, line.health) for line in comparison.lines] == [
        ("first-fit", "heartbeat"),
        ("first-fit", "phi-accrual"),
    ]
    found = {
        metric.title: str(cell) for metric, cell in zip(comparison.metrics, comparison.lines[0].cells, strict=True)
    }
    assert found["crashes found"] == "0 ± 0"
    assert found["suspected median"] == found["failed max"] == "-"
    assert found["false suspicions a node-day"] == "0.0 ± 0.0"
    assert found["not running"].startswith("0.1")
    assert found["two copies"] == "0s ± 0s"


def test_one_run_in_time(run, pod):
    assert table_of([run([pod("a", cores=3, run=90), pod("b", cores=2, at=30, run=30)])]) == [
        [
            "instance",
            "scheduler",
            "nodes used",
            "placed",
            "waiting",
            "moves",
            "cpu mean",
            "cpu final",
            "wait mean",
            "wait p95",
            "wait max",
            "slowdown",
        ],
        ["some", "first-fit", "1", "2", "0", "0", "68.8%", "0.0%", "30.0s", "60.0s", "60.0s", "2.00"],
    ]


def test_columns_that_say_nothing_are_left_out(run, pod):
    titles = table_of([run([pod("a", run=1)], "1xcpu=4,resource.fpga=2")])[0]
    assert "fpga mean" not in titles
    assert "dropped" not in titles
    assert "failures" not in titles
    titles = table_of([run([pod("a", run=1, requests={"fpga": 1})], "auto:cpu=4,resource.fpga=2")])[0]
    assert "fpga mean" in titles
    assert "dropped" in table_of([run([pod("a", cores=9, run=1)], "auto:cpu=4")])[0]


def test_seeds_become_mean_and_deviation(run_all, pod):
    arrivals = [pod(f"p{size}", cores=size) for size in (1, 2, 3, 4)]
    _, results = run_all(arrivals, arrivals_only=True, seeds=tuple(range(8)))
    (line,) = Comparison.of(results).lines
    placed = [result.pods_placed for result in results]
    mean = sum(placed) / 8
    deviation = (sum((each - mean) ** 2 for each in placed) / 7) ** 0.5
    assert deviation > 0
    assert str(line.cells[1]) == f"{mean:.1f} ± {deviation:.1f}"
    assert str(line.cells[0]) == "1 ± 0"
    assert str(line.cells[3]).count("%") == 1


def test_several_instances_have_a_line_for_all(run_all, pod):
    given = {"instances": ("x", "y"), "schedulers": ("best-fit", "first-fit"), "arrivals_only": True}
    rows = table_of(run_all([pod("a", cores=3), pod("b", cores=2)], "2xcpu=4", **given)[1])
    assert [row[:4] for row in rows[1:]] == [
        ["x", "best-fit", "2", "2"],
        ["x", "first-fit", "2", "2"],
        ["y", "best-fit", "2", "2"],
        ["y", "first-fit", "2", "2"],
        ["all 2", "best-fit", "4", "4"],
        ["all 2", "first-fit", "4", "4"],
    ]
    assert rows[-1][-1] == "62.5%", "shares are means, not sums"


def test_groups_hold_the_metrics_of_one_thing(run, pod):
    groups = Comparison.of([run([pod("a", run=1)])]).groups
    assert ("cpu", ["mean", "final"]) in groups
    assert ("wait", ["mean", "p95", "max"]) in groups
    assert ("", ["placed"]) in groups


def test_nobody_was_placed_nobody_waited(run, pod):
    rows = table_of([run([pod("a", cores=9, run=1)])])
    assert rows[1][-4:] == ["-", "-", "-", "-"]


@pytest.mark.parametrize(
    "time_ms,shown",
    [
        (0, "0s"),
        (250, "250ms"),
        (999, "999ms"),
        (1_000, "1.0s"),
        (99_900, "99.9s"),
        (120_000, "2.0m"),
        (5_400_000, "90.0m"),
        (6_000_000, "1.7h"),
        (360_000_000, "4.2d"),
    ],
)
def test_times_are_short(time_ms, shown):
    assert shown_time(time_ms) == shown
