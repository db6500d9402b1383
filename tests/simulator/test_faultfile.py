from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import FileError, InvalidInput
from kube9.simulator.faultfile import Fault, FaultModel, parse_faults, read_faults

EXAMPLES = Path(__file__).parents[2] / "examples"
HOUR_MS = 3_600_000


@pytest.fixture
def read(tmp_path):
    def reading(*lines):
        path = tmp_path / "faults.csv"
        path.write_text("\n".join(lines) + "\n")
        return read_faults(str(path))

    return reading


def test_the_example():
    faults = parse_faults(str(EXAMPLES / "faults.csv")).faults
    assert faults == (
        Fault(at_ms=300_000, node_name="gpu-1", down_for_ms=600_000),
        Fault(at_ms=1_200_000, node_name="front-2", down_for_ms=900_000),
        Fault(at_ms=2 * HOUR_MS, node_name="big-1", down_for_ms=None),
    )


def test_rows_may_stand_in_any_order_and_for_may_be_left_out(read):
    found = read("node,event,at", "b,crash,20", "a,return,15", "a,crash,10")
    assert found.faults == (
        Fault(at_ms=10_000, node_name="a", down_for_ms=5000),
        Fault(at_ms=20_000, node_name="b"),
    )
    assert found.lines == (4, 2)


def test_a_node_may_crash_again_after_it_is_back(read):
    found = read("at,node,event,for", "1,a,crash,2", "3,a,crash,", "5,a,return,", "5,a,crash,1")
    assert [(fault.at_ms, fault.down_for_ms) for fault in found.faults] == [(1000, 2000), (3000, 2000), (5000, 1000)]


@pytest.mark.parametrize(
    "line, column, problem",
    [
        ("x,a,crash,", "at", "expected a time"),
        ("-1,a,crash,", "at", "expected a time"),
        (",a,crash,", "at", "expected a value"),
        ("9,,crash,", "node", "expected a value"),
        ("9,a,fire,", "event", "expected crash or return, got 'fire'"),
        ("9,a,crash,soon", "for", "expected a time"),
        ("9,a,crash,0", "for", "expected a time above 0"),
        ("9,a,return,5", "for", "expected nothing here for a return"),
        ("9,a,return,", "event", "'a' cannot return, it is not down"),
        ("6,a,crash,", "event", "'a' cannot crash, it is down already"),
        ("6,a,return,", "event", "'a' cannot return, it is not down; a crash with `for` ends by itself"),
        ("30,b,crash,", "event", "'b' cannot crash, it is down already"),
        ("9,a", None, "expected 4 cells"),
    ],
)
def test_a_malformed_or_contradicting_row_is_told_with_line_and_column(read, line, column, problem):
    with pytest.raises(FileError) as caught:
        read("at,node,event,for", "5,a,crash,3", "20,b,crash,", line)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (4, column)


@pytest.mark.parametrize(
    "lines, problem",
    [
        (("",), "the file is empty"),
        (("at,node,event",), "expected at least one fault after the header"),
        (("at,event", "1,crash"), "missing column 'node'"),
        (("at,node,event,fro", "1,a,crash,"), r"unknown column 'fro' \(did you mean 'for'\?\)"),
    ],
)
def test_a_file_without_faults_or_with_other_columns(read, lines, problem):
    with pytest.raises(FileError, match=problem):
        read(*lines)


def test_a_fault_of_a_node_that_is_not_there_is_told_with_its_line(read):
    found = read("at,node,event", "1,node-1,crash", "2,nod-2,crash")
    found.check(["node-1", "nod-2"])
    with pytest.raises(FileError, match=r"faults.csv:3, column 'node': 'nod-2' is not among the 2 nodes .* 'node-2'\?"):
        found.check(["node-1", "node-2"])
    with pytest.raises(FileError, match="'node-1' is not among the 0 nodes"):
        found.draw([], None, random.Random(1))


def test_a_file_draws_its_faults_up_to_the_end(read):
    found = read("at,node,event", "1,a,crash", "2,b,crash")
    assert tuple(found.draw(["a", "b"], None, random.Random(1))) == found.faults
    assert tuple(found.draw(["a", "b"], 2000, random.Random(1))) == found.faults[:1]


@pytest.mark.parametrize(
    "text, mtbf_ms, mttr_ms",
    [("mtbf=6h,mttr=10m", 6 * HOUR_MS, 600_000), ("mttr=1.5, mtbf=2d", 48 * HOUR_MS, 1500)],
)
def test_a_model(text, mtbf_ms, mttr_ms):
    assert parse_faults(text) == FaultModel(mtbf_ms=mtbf_ms, mttr_ms=mttr_ms)


@pytest.mark.parametrize(
    "text, problem",
    [
        ("mtbf=6h", "mttr is missing"),
        ("mttr=6h", "mtbf is missing"),
        ("mtbf=6h,mttr=0", "mttr: expected a time above 0, got '0'"),
        ("mtbf=often,mttr=1m", "mtbf: expected a time such as 90"),
        ("mtbf=1h,mtbf=2h,mttr=1m", "mtbf is given twice"),
        ("mtfb=6h,mttr=1m", "expected mtbf=TIME or mttr=TIME, got 'mtfb=6h'"),
        ("mtbf=6h,", "expected mtbf=TIME or mttr=TIME, got ''"),
    ],
)
def test_a_malformed_model(text, problem):
    with pytest.raises(InvalidInput, match=problem):
        parse_faults(text)


def test_what_has_no_equals_sign_is_a_file():
    with pytest.raises(FileError, match=r"nowhere\.csv: there is no such file"):
        parse_faults("nowhere.csv")


MODEL = FaultModel(mtbf_ms=HOUR_MS, mttr_ms=600_000)


def drawn(names, seed, until_ms=100 * HOUR_MS):
    return list(MODEL.draw(names, until_ms, random.Random(seed)))


def test_the_seed_decides():
    assert drawn(["a", "b"], 1) == drawn(["a", "b"], 1)
    assert drawn(["a", "b"], 1) != drawn(["a", "b"], 2)


def test_a_known_seed_gives_known_faults_in_every_process_and_version():
    first = drawn(["a"], 42)[0]
    assert first == Fault(at_ms=899_037, node_name="a", down_for_ms=709_228)


@given(st.sets(st.sampled_from("abcdefgh")), st.integers(0, 2**32))
def test_the_faults_of_a_node_do_not_depend_on_the_others(names, seed):
    alone = drawn(["x"], seed)
    together = drawn([*sorted(names), "x"], seed)
    assert [fault for fault in together if fault.node_name == "x"] == alone


def test_faults_come_in_order_of_time_and_never_while_a_node_is_down():
    faults = drawn([f"n{number}" for number in range(20)], 7)
    assert faults == sorted(faults, key=lambda fault: fault.at_ms)
    assert faults[-1].at_ms < 100 * HOUR_MS
    for name in {fault.node_name for fault in faults}:
        own = [fault for fault in faults if fault.node_name == name]
        assert all(a.at_ms + a.down_for_ms < b.at_ms for a, b in itertools.pairwise(own))


def test_means_are_those_asked_for():
    faults = list(itertools.islice(MODEL.life("a", 5), 20_000))
    down_ms = sum(fault.down_for_ms for fault in faults) / len(faults)
    cycle_ms = faults[-1].at_ms / len(faults)
    assert down_ms == pytest.approx(600_000, rel=0.03)
    assert cycle_ms == pytest.approx(HOUR_MS + 600_000, rel=0.03)


def test_without_an_end_faults_are_drawn_as_they_are_asked_for():
    faults = list(itertools.islice(MODEL.draw(["a", "b"], None, random.Random(3)), 1000))
    assert len(faults) == 1000


def test_a_node_that_comes_later_fails_later():
    life = MODEL.life("a", 5, from_ms=50 * HOUR_MS)
    assert next(life).at_ms == next(MODEL.life("a", 5)).at_ms + 50 * HOUR_MS
