from __future__ import annotations

import csv

import pytest

from kube9.core.errors import FileError, InvalidInput
from kube9.plugins.traces.orlib import OrlibReader

SMALL = ["2", " one ", " 10 3 2", "7", "5", "3", " two ", " 8 1 1", "8"]


@pytest.fixture
def read(tmp_path):
    def reading(lines, **options):
        path = tmp_path / "packing.txt"
        path.write_text("\n".join(lines) + "\n")
        return OrlibReader(**options).read(str(path))

    return reading


def sizes(trace):
    return [(arrival.pod.name, arrival.pod.requests["cpu"]) for arrival in trace.arrivals]


def test_each_instance_is_a_trace_without_times(read):
    one, two = read(SMALL)
    assert (one.instance, two.instance) == ("one", "two")
    assert sizes(one) == [("item-000", 7), ("item-001", 5), ("item-002", 3)]
    assert sizes(two) == [("item-000", 8)]
    assert one.notes == ("A bin holds 10; the fewest bins known are 2.",)
    assert not one.timed


def test_item_names_sort_as_the_items_stand(read):
    (trace,) = read(["1", "many", "5 1200 1000", *["1"] * 1200])
    names = [name for name, _ in sizes(trace)]
    assert (names[0], names[-1]) == ("item-0000", "item-1199")
    assert names == sorted(names)


def test_sizes_with_decimals_are_scaled_to_whole_ones(read):
    decimals = ["1", "t60_00", "100.0 2 1", "36.6", "40.0"]
    (trace,) = read(decimals, scale="10")
    assert sizes(trace) == [("item-000", 366), ("item-001", 400)]
    assert trace.notes == ("A bin holds 1000; the fewest bins known are 1.",)


@pytest.mark.parametrize("options, scale", [({}, "10"), ({"scale": "2.5"}, "25"), ({"scale": "3"}, "30")])
def test_a_size_that_is_not_whole_is_told_with_the_option_that_helps(read, options, scale):
    decimals = ["1", "t60_00", "100 2 1", "36.1", "40"]
    with pytest.raises(FileError) as caught:
        read(decimals, **options)
    assert caught.value.line == 4
    helps = caught.value.problem.rpartition("orlib:scale=")[2]
    (trace,) = read(decimals, scale=helps)
    assert len(trace.arrivals) == 2


@pytest.mark.parametrize("scale", ["0", "-1", "ten", "", "1e3", "nan"])
def test_a_scale_that_is_no_number_above_zero(scale):
    with pytest.raises(InvalidInput, match="expected scale as a number above 0"):
        OrlibReader(scale=scale)


@pytest.mark.parametrize(
    "lines, line, problem",
    [
        (["x"], 1, "in the number of instances: expected a whole number from 1"),
        (["0"], 1, "in the number of instances: expected a whole number from 1"),
        (["1"], 1, "expected the name of instance 1 of 1, but the file ends"),
        (
            ["1", "one", "10 3"],
            3,
            "expected capacity, number of items and best-known bins of one, three numbers, got '10 3'",
        ),
        (["1", "one", "10 three 1"], 3, "expected a whole number from 1"),
        (["1", "one", "10 0 1"], 3, "expected a whole number from 1"),
        (["1", "one", "-10 3 1"], 3, "to be a number above 0, got '-10'"),
        (["1", "one", "99999999999999999 3 1"], 3, "to be a number above 0"),
        (["1", "one", "9999999999999999 3 1"], 3, "to be from 1 to 9007199254740992"),
        (["1", "one", "10 2 1", "4"], 4, "expected size 2 of 2 of one, but the file ends"),
        (
            ["2", "one", "10 2 1", "4", "two", "10 1 1"],
            5,
            "expected size 2 of 2 of one to be a number above 0, got 'two'",
        ),
        (["1", "one", "10 2 1", "4", "-4"], 5, "expected size 2 of 2 of one to be a number above 0, got '-4'"),
        (["1", "one", "10 2 1", "4", "0"], 5, "to be from 1 to"),
        (["1", "one", "10 2 1", "4", "11"], 5, "expected size 2 of 2 of one to be at most the capacity, 10, got 11"),
        (["1", "one", "10 1 1", "4", "", "5"], 6, "expected the end of the file after 1 instances, got '5'"),
        (["2", "one", "10 1 1", "4", "5", "two", "10 1 1", "4"], 6, "'5' is a size more than its instance announces"),
        (["2", "one", "10 1 1", "4", "one", "10 1 1", "4"], 5, "instance 'one' is named on line 2 already"),
    ],
)
def test_a_malformed_line_is_told_with_its_number(read, lines, line, problem):
    with pytest.raises(FileError) as caught:
        read(lines)
    assert problem in caught.value.problem
    assert caught.value.line == line


@pytest.mark.parametrize(
    "head, so",
    [
        ("20\n u120_00 \n 150 120 48\n42\n", True),
        ("20\r\n\r\nt60_00\r\n100.0 60 20\r\n", True),
        ("20\n u120_00 \n", False),
        ("name,cpu\na,1\nb,2\n", False),
        ("20\nname\n1 2\n", False),
        ("", False),
    ],
)
def test_a_file_is_recognised_by_its_first_three_lines(head, so):
    assert OrlibReader().recognises("binpack1.txt", head) is so


@pytest.mark.parametrize("number, items", [(1, 120), (2, 250), (3, 500)])
def test_the_published_instances(shared_data, number, items):
    traces = OrlibReader().read(str(shared_data / "binpack" / f"binpack{number}.txt"))
    with (shared_data / "binpack" / "expected_bins.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["file"] == f"binpack{number}"]
    assert [trace.instance for trace in traces] == [row["instance"] for row in rows]
    assert all(len(trace.arrivals) == items for trace in traces)
    for trace, row in zip(traces, rows, strict=True):
        needed = sum(arrival.pod.requests["cpu"] for arrival in trace.arrivals)
        assert -(-needed // int(row["capacity"])) == int(row["L1_bound"])
