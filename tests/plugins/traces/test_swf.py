from __future__ import annotations

import pytest

from kube9.core.errors import FileError
from kube9.plugins.traces.swf import SwfReader


@pytest.fixture
def read(tmp_path):
    def reading(*lines):
        path = tmp_path / "log.swf"
        path.write_text("\n".join(lines) + "\n")
        (trace,) = SwfReader().read(str(path))
        return trace

    return reading


def job(number=1, **fields):
    """A line of the format, all unknown but what is given by the position of its field, as ``f4=...``."""
    words = {"f1": number, "f2": 0, "f4": 60, "f5": 1, "f11": 1, **fields}
    return " ".join(str(words.get(f"f{position}", -1)) for position in range(1, 19))


def test_a_job_is_a_pod_that_asks_for_its_processors(read):
    trace = read("; Version: 2.2", "", job(7, f2=30, f4=100, f5=16))
    (arrival,) = trace.arrivals
    assert (trace.instance, trace.timed, trace.notes) == ("log", True, ())
    assert (arrival.pod.name, arrival.pod.requests) == ("job-7", {"cpu": 16_000})
    assert (arrival.at_ms, arrival.duration_ms) == (30_000, 100_000)


@pytest.mark.parametrize(
    "fields, requests",
    [
        ({"f5": 4, "f8": 8}, {"cpu": 4000}),
        ({"f5": -1, "f8": 8}, {"cpu": 8000}),
        ({"f5": 0, "f8": 8}, {"cpu": 8000}),
        ({"f5": 2, "f10": 100}, {"cpu": 2000, "memory": 2 * 100 * 1024}),
        ({"f5": 2, "f7": 50}, {"cpu": 2000, "memory": 2 * 50 * 1024}),
        ({"f5": 2, "f7": 50, "f10": 100}, {"cpu": 2000, "memory": 2 * 100 * 1024}),
        ({"f5": 2, "f7": 50, "f10": 0}, {"cpu": 2000, "memory": 2 * 50 * 1024}),
        ({"f5": 2, "f7": 0, "f10": "-1.0"}, {"cpu": 2000}),
        ({"f5": 1, "f10": "0.0001"}, {"cpu": 1000, "memory": 1}),
    ],
)
def test_which_of_its_numbers_a_job_asks_for(read, fields, requests):
    (arrival,) = read(job(**fields)).arrivals
    assert arrival.pod.requests == requests


def test_times_may_have_decimals(read):
    (arrival,) = read(job(f2="1.5", f4="0.25")).arrivals
    assert (arrival.at_ms, arrival.duration_ms) == (1500, 250)


def test_a_run_time_of_zero_is_a_short_job(read):
    assert read(job(f4=0)).arrivals[0].duration_ms == 0


def test_jobs_of_which_too_little_is_known_are_left_out_and_counted(read):
    trace = read(job(1, f2=-1), job(2, f4=-1), job(3, f5=-1), job(4, f5=0, f8=0), job(5))
    assert [arrival.pod.name for arrival in trace.arrivals] == ["job-5"]
    assert trace.notes == ("Jobs left out, their submit time, run time or processors not being known: 4.",)


def test_lines_that_tell_of_parts_of_a_job_are_left_out(read):
    trace = read(job(1), job(1, f11=2), job(1, f11=3), job(2, f11=4), job(2, f11=0))
    assert [arrival.pod.name for arrival in trace.arrivals] == ["job-1", "job-2"]
    assert trace.notes == ("Lines left out that tell of parts of a job (status 2, 3 or 4): 3.",)


def test_the_size_of_the_machine_is_noted(read):
    trace = read("; MaxNodes: 128", ";MaxProcs:  256 (two each)", "; MaxJobs: 3", job())
    assert trace.notes == (
        "The machine it comes from: MaxNodes 128.",
        "The machine it comes from: MaxProcs 256.",
    )


@pytest.mark.parametrize(
    "line, column, problem",
    [
        ("1 2 3", None, "expected 18 numbers, got 3 words"),
        (job() + " 5", None, "expected 18 numbers, got 19 words"),
        (job(f4="long"), "4: run time", "expected a number, got 'long'"),
        (job(f18="1e3"), "18: think time", "expected a number, got '1e3'"),
        (job(f2=-5), "2: submit time", "expected a time in seconds, such as 90 or 1.5, got '-5'"),
        (job(f4=-2), "4: run time", "expected a time in seconds"),
        (job(f4="9" * 30), "4: run time", "expected a time of at most"),
        (job(f5="1.5"), "5: allocated processors", "expected a whole number"),
        (job(f5=-7), "5: allocated processors", "expected a whole number"),
        (job(f5=10**15), "5: allocated processors", "expected at most 9007199254740992 of cpu in all"),
        (job(f10=10**15), "5: allocated processors", "expected at most 9007199254740992 of memory in all"),
        (job(f10=-3), "10: requested memory", "expected kilobytes, or -1 where they are not known, got -3"),
        (job(f1=-1), "1: job number", "expected a whole number"),
        (job(99), "name", "job '99' is named on line 2 already"),
        (job(f1="9" * 3000 + "x"), "1: job number", "(3003 characters)"),
    ],
)
def test_a_malformed_line_is_told_with_line_and_field(read, line, column, problem):
    with pytest.raises(FileError) as caught:
        read("; a comment", job(99), line)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (3, column)


def test_a_log_without_a_usable_job(read):
    with pytest.raises(FileError, match="expected a job with a run time and processors, got 1 without"):
        read("; Version: 2", job(f4=-1))


@pytest.mark.parametrize(
    "path, head, so",
    [
        ("a.txt", "; Version: 2\n", True),
        ("a.txt", "\n" + job() + "\n", True),
        ("a.swf", "anything", True),
        ("a.swf.gz", "anything", True),
        ("a.txt", "1 2 3\n", False),
        ("a.csv", "name,cpu\n", False),
        ("a.txt", "", False),
    ],
)
def test_a_log_is_recognised_by_its_name_or_first_line(path, head, so):
    assert SwfReader().recognises(path, head) is so


def test_the_published_model_log(shared_data):
    (trace,) = SwfReader().read(str(shared_data / "lublin" / "lublin_256.swf"))
    assert len(trace.arrivals) == 10_000
    assert trace.notes == ("The machine it comes from: MaxNodes 256.",)
    assert max(arrival.pod.requests["cpu"] for arrival in trace.arrivals) <= 256_000
    assert all(arrival.pod.requests.keys() == {"cpu"} for arrival in trace.arrivals)
