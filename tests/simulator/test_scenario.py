"""Scenarios: which runs they make, and what contradicts itself."""

from __future__ import annotations

import pytest

from kube9.core.errors import FileError, InvalidInput
from kube9.simulator.faultfile import parse_faults
from kube9.simulator.scenario import parse_seeds


@pytest.mark.parametrize(
    "text,seeds",
    [("1", (0,)), ("3", (0, 1, 2)), (" 2 ", (0, 1)), ("42..44", (42, 43, 44)), ("7..7", (7,)), ("0..1", (0, 1))],
)
def test_seeds_are_a_number_or_a_range(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "0", "-1", "3..1", "1..", "..3", "1.5", "a", "3..a", "1000000", "٣"])
def test_other_seeds_are_refused(text):
    with pytest.raises(InvalidInput, match="--seeds: expected"):
        parse_seeds(text)


def test_jobs_come_by_instance_scheduler_and_seed(scenario, pod):
    made = scenario([pod("a")], instances=("x", "y"), schedulers=("best-fit", "first-fit"), seeds=(0, 1))
    assert [(job.trace.instance, job.scheduler, job.seed) for job in made.jobs()] == [
        ("x", "best-fit", 0),
        ("x", "best-fit", 1),
        ("x", "first-fit", 0),
        ("x", "first-fit", 1),
        ("y", "best-fit", 0),
        ("y", "best-fit", 1),
        ("y", "first-fit", 0),
        ("y", "first-fit", 1),
    ]


def test_a_trace_without_times_is_arrivals_only(scenario, pod):
    assert scenario([pod("a")]).timed
    assert not scenario([pod("a")], arrivals_only=True).timed
    assert not scenario([pod("a")], timed=False).timed


@pytest.mark.parametrize(
    "given,message",
    [
        ({"schedulers": ("best-fit", "first-fit", "best-fit")}, "--scheduler 'best-fit' is given twice"),
        ({"until_ms": 5, "arrivals_only": True}, "--until needs a run with times, but --arrivals-only is given"),
        ({"arrivals_first": True, "arrivals_only": True}, "--arrivals-first needs a run with times"),
        ({"arrivals_first": True, "healths": ("heartbeat",)}, "--arrivals-first and --health exclude each other"),
        ({"until_ms": 5, "timed": False}, "--until needs a run with times, but this trace has none"),
        ({"until_ms": 1999}, "--until: got 1.999 s, which is before the first pod of some comes: 2 s"),
    ],
)
def test_contradictions_are_refused(scenario, pod, given, message):
    with pytest.raises(InvalidInput, match=message):
        scenario([pod("a", at=2)], **given)


def test_failures_need_times(scenario, pod):
    with pytest.raises(InvalidInput, match="--fail needs a run with times"):
        scenario([pod("a")], arrivals_only=True, faults=parse_faults("mtbf=1h,mttr=1m"))


def test_a_fault_file_must_know_the_nodes(scenario, pod, tmp_path):
    faults = tmp_path / "faults.csv"
    faults.write_text("at,node,event,for\n5s,node-0009,crash,1s\n")
    with pytest.raises(FileError, match=r"faults.csv:2, column 'node': 'node-0009' is not among the 3 nodes"):
        scenario([pod("a")], nodes="3xcpu=1", faults=parse_faults(str(faults)))


def test_health_checks_multiply_the_jobs_and_name_what_is_compared(scenario, pod):
    made = scenario([pod("a", run=1)], schedulers=("best-fit", "random"), healths=("heartbeat", "phi-accrual"))
    assert [(job.scheduler, job.health) for job in made.jobs()] == [
        ("best-fit", "heartbeat"),
        ("best-fit", "phi-accrual"),
        ("random", "heartbeat"),
        ("random", "phi-accrual"),
    ]
    assert made.names == ("best-fit, heartbeat", "best-fit, phi-accrual", "random, heartbeat", "random, phi-accrual")


@pytest.mark.parametrize(
    "given,message",
    [
        ({"healths": ("heartbeat", "heartbeat")}, "--health 'heartbeat' is given twice"),
        ({"healths": ("heartbeat",), "arrivals_only": True}, "--health needs a run with times, but --arrivals-only"),
        ({"healths": ("heartbeat",), "nodes": "auto:cpu=4"}, "--health needs nodes that are there from the start"),
    ],
)
def test_health_checks_that_cannot_be_asked_are_refused(scenario, pod, given, message):
    with pytest.raises(InvalidInput, match=message):
        scenario([pod("a", run=1)], **given)
