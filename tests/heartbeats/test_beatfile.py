from __future__ import annotations

from pathlib import Path

import pytest

from kube9.core.errors import FileError
from kube9.heartbeats.beatfile import Life, read_beats

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def read(tmp_path):
    def reading(*lines):
        path = tmp_path / "beats.csv"
        path.write_text("\n".join(lines) + "\n")
        return read_beats(str(path))

    return reading


def life(node_name, *arrivals_ms, down_ms=None, end_ms):
    return Life(node_name=node_name, arrivals_ms=arrivals_ms, down_ms=down_ms, end_ms=end_ms)


def test_beats_alone(read):
    found = read("node,at_ms", "a,1000", "b,1300", "a,2000")
    assert found.lives == (life("a", 1000, 2000, end_ms=2000), life("b", 1300, end_ms=2000))
    assert (found.nodes, found.beats, found.crashes, found.from_ms, found.up_ms) == (2, 3, 0, 1000, 1700)
    assert found.usual_gap_ms == 1000


def test_lines_and_columns_may_stand_in_any_order(read):
    found = read("event,at_ms,node", "down,2500,a", ",2000,a", "beat,1000,a")
    assert found.lives == (life("a", 1000, 2000, down_ms=2500, end_ms=2500),)
    assert (found.beats, found.crashes) == (2, 1)


def test_a_node_that_comes_back_lives_again(read):
    found = read("node,at_ms,event", "a,1000,", "a,1500,down", "a,9000,up", "a,9400,", "a,9900,")
    assert found.lives == (life("a", 1000, down_ms=1500, end_ms=9000), life("a", 9000, 9400, 9900, end_ms=9900))
    assert (found.nodes, found.beats, found.crashes, found.up_ms) == (1, 3, 1, 1400)


def test_one_that_is_gone_is_not_missed(read):
    lines = ("a,1000,", "a,1500,gone", "b,2000,", "b,3000,down", "b,4000,gone", "b,5000,up", "a,8000,up")
    found = read("node,at_ms,event", *lines)
    assert found.lives == (
        life("a", 1000, end_ms=1500),
        life("a", 8000, end_ms=8000),
        life("b", 2000, down_ms=3000, end_ms=4000),
        life("b", 5000, end_ms=8000),
    )


def test_one_that_started_anew_without_having_crashed_begins_another_life(read):
    found = read("node,at_ms,event", "a,1000,up", "a,2000,", "a,5000,up", "a,6000,")
    assert found.lives == (life("a", 1000, 2000, end_ms=5000), life("a", 5000, 6000, end_ms=6000))
    assert found.crashes == 0


def test_at_one_moment_the_order_of_lines_counts(read):
    found = read("node,at_ms,event", "a,1000,", "a,1000,", "a,1000,down", "a,1000,up")
    assert found.lives == (life("a", 1000, 1000, down_ms=1000, end_ms=1000), life("a", 1000, end_ms=1000))
    assert found.usual_gap_ms == 0


def test_a_node_that_was_heard_once_has_no_usual_gap(read):
    assert read("node,at_ms", "a,1000").usual_gap_ms is None


FIRST = ("node,at_ms,event", "a,1000,", "b,1000,", "a,2000,down", "b,2000,gone")


@pytest.mark.parametrize(
    "line, column, problem",
    [
        ("a,soon,", "at_ms", "expected a whole number from 0 to 9007199254740992, got 'soon'"),
        ("a,-5,", "at_ms", "expected a whole number from 0"),
        ("a,1.5,", "at_ms", "expected a whole number from 0"),
        ("a,,", "at_ms", "expected a value"),
        (",3000,", "node", "expected a value"),
        ("a,3000,crash", "event", "expected beat, down, up or gone, got 'crash'"),
        ("a,3000", None, "expected 3 cells, as many as the header has, got 2"),
        ("a,3000,beat", "event", "'a' is down since line 4; an up before this would say that it is back"),
        ("a,3000,down", "event", "'a' is down since line 4"),
        ("b,3000,", "event", "'b' is gone since line 5; an up before this would bring it back"),
        ("b,3000,gone", "event", "'b' is gone since line 5"),
        ("c,3000,down", "event", "'c' cannot go down, it was not heard before"),
    ],
)
def test_a_malformed_or_contradicting_line_is_told_with_line_and_column(read, line, column, problem):
    with pytest.raises(FileError) as caught:
        read(*FIRST, line)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (6, column)


def test_all_faults_are_told_at_once(read):
    with pytest.raises(FileError) as caught:
        read(*FIRST, ",x,boom", "a,3000,", "a,4000,", "c,5000,,", "b,6000,down", "d,2,", "d,y,", "d,1,down")
    (first, *told) = caught.value.problem.splitlines()
    assert first == "7 problems"
    assert [line.partition(": ")[0].strip() for line in told] == [
        "line 6, column 'node'",
        "line 6, column 'at_ms'",
        "line 6, column 'event'",
        "line 7, column 'event'",  # of a's contradictions the first; the next follow from it
        "line 9",
        "line 10, column 'event'",
        "line 12, column 'at_ms'",  # d goes down before it was heard, but one of its lines could not be read
    ]


@pytest.mark.parametrize(
    "lines, problem",
    [
        (("",), "the file is empty"),
        (("node,at_ms",), "expected at least one beat after the header"),
        (("node,event", "a,down"), "missing column 'at_ms'"),
        (("node,at_ms,evnt", "a,1,"), r"unknown column 'evnt' \(did you mean 'event'\?\)"),
    ],
)
def test_a_file_without_beats_or_with_other_columns(read, lines, problem):
    with pytest.raises(FileError, match=problem):
        read(*lines)


def test_the_example():
    found = read_beats(str(EXAMPLES / "heartbeats.csv"))
    assert (found.nodes, found.crashes) == (6, 6)
    assert 990 <= found.usual_gap_ms <= 1010
