from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.livetable import LiveTable
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec, Taint
from kube9.core.table import PHASE_CODE, PHASES, UNLIMITED

BY_COLUMN = ("free", "capacity", "devices", "device_count", "device_milli", "device_model", "device_pods")
BY_ROW = ("phase", "cordoned", "schedulable", "taint_code")


def table_of(*specs, phases=None):
    table = LiveTable()
    for number, spec in enumerate(specs):
        phase = phases[number] if phases else NodePhase.READY
        table.add(Node(uid=spec.name, spec=spec, ordinal=number, phase=phase))
    return table


@st.composite
def tables(draw):
    table = LiveTable()
    for number in range(draw(st.integers(1, 8))):
        capacity = draw(st.dictionaries(st.sampled_from(["cpu", "memory", "licence", "pods"]), st.integers(0, 99)))
        groups = draw(st.lists(st.sampled_from(["gpu", "nic"]), unique=True))
        spec = NodeSpec(
            name=f"n{number}",
            capacity=capacity,
            devices=[
                DeviceGroup(kind=kind, count=draw(st.integers(1, 4)), model=draw(st.sampled_from(["", "A", "B"])))
                for kind in groups
            ],
            labels=draw(st.dictionaries(st.sampled_from(["zone", "disk"]), st.sampled_from("abc"))),
            taints=draw(st.lists(st.sampled_from([Taint("k"), Taint("j")]), unique=True)),
        )
        phase, cordoned = draw(st.sampled_from(NodePhase)), draw(st.booleans())
        table.add(Node(uid=spec.name, spec=spec, ordinal=number, phase=phase, cordoned=cordoned))
    return table


@given(table=tables(), data=st.data())
def test_a_slice_shows_what_the_whole_table_has_in_those_rows(table, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(table) - 1), max_size=10)), dtype=np.int64)
    part = table.take(rows)
    assert len(part) == len(rows)
    for attribute in BY_COLUMN:
        whole, gathered = getattr(table, attribute), getattr(part, attribute)
        assert list(gathered) == list(whole)
        for name, column in whole.items():
            assert np.array_equal(gathered[name], column[rows]), (attribute, name)
            assert gathered[name].dtype == column.dtype
    for attribute in BY_ROW:
        assert np.array_equal(getattr(part, attribute), getattr(table, attribute)[rows]), attribute
    assert list(part.names) == [table.names[row] for row in rows]
    assert list(part.labels) == [table.labels[row] for row in rows]
    assert part.largest == table.largest
    assert part.models == table.models
    assert part.taint_sets == table.taint_sets
    assert part.limited_pods == table.limited_pods
    for key, value in (("zone", "a"), ("disk", "c"), ("zone", "unheard of"), ("unheard of", "a")):
        assert np.array_equal(part.has_label(key, value), table.has_label(key, value)[rows])
        assert np.array_equal(part.label_codes(key), table.label_codes(key)[rows])


@given(table=tables(), data=st.data())
def test_a_slice_of_a_slice_is_a_slice(table, data):
    first = data.draw(st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=6))
    second = data.draw(st.lists(st.integers(0, len(first) - 1), max_size=6))
    twice = table.take(np.array(first)).take(np.array(second, dtype=np.int64))
    once = table.take(np.array([first[row] for row in second], dtype=np.int64))
    assert list(twice.names) == list(once.names)
    assert np.array_equal(twice.free["cpu"], once.free["cpu"])
    assert np.array_equal(twice.label_codes("zone"), once.label_codes("zone"))


class TestTheColumnsOfASlice:
    """They are gathered on first use, which nobody may notice."""

    @pytest.fixture
    def free(self):
        specs = [NodeSpec(name=f"n{number}", capacity={"cpu": number, "memory": 10 * number}) for number in range(3)]
        return table_of(*specs).take(np.array([2, 0])).free

    def test_are_all_there_before_they_are_gathered(self, free):
        assert set(free) == {"cpu", "memory", "pods"}
        assert len(free) == 3
        assert "cpu" in free
        assert "gpu" not in free
        assert set(free.keys()) == {"cpu", "memory", "pods"}

    def test_are_listed_with_their_values(self, free):
        assert {name: column.tolist() for name, column in free.items()} == {
            "cpu": [2, 0],
            "memory": [20, 0],
            "pods": [UNLIMITED, UNLIMITED],
        }
        assert [column.tolist() for column in free.values()] == [[2, 0], [20, 0], [UNLIMITED, UNLIMITED]]

    def test_can_be_asked_for_with_a_default(self, free):
        assert free.get("memory").tolist() == [20, 0]
        assert free.get("gpu") is None
        assert free.get("gpu", 7) == 7

    def test_make_a_whole_dict(self, free):
        assert set(dict(free)) == {"cpu", "memory", "pods"}
        assert set({**free}) == {"cpu", "memory", "pods"}

    def test_are_zero_where_the_table_has_none(self, free):
        assert free["gpu"].tolist() == [0, 0]
        assert "gpu" not in free
        assert set(free) == {"cpu", "memory", "pods"}
        assert set(dict(free)) == {"cpu", "memory", "pods"}

    def test_are_gathered_once(self, free):
        assert free["cpu"] is free["cpu"]


WHAT_NO_NODE_HAS = {
    "free": [0, 0],
    "capacity": [0, 0],
    "devices": [[], []],
    "device_count": [0, 0],
    "device_milli": [0, 0],
    "device_model": [-1, -1],
    "device_pods": [[], []],
}


@pytest.mark.parametrize("attribute", WHAT_NO_NODE_HAS)
def test_what_no_node_has_may_be_read_all_the_same(attribute):
    table = table_of(NodeSpec(name="a", capacity={"cpu": 1}), NodeSpec(name="b"))
    for each in (table, table.take(np.array([1, 0])), table.take(np.array([0, 1, 1])).take(np.array([2, 0]))):
        columns = getattr(each, attribute)
        assert columns["fpga"].tolist() == WHAT_NO_NODE_HAS[attribute]
        assert "fpga" not in columns
        assert "fpga" not in set(columns)


def test_a_column_comes_to_be_with_the_first_node_that_has_it():
    table = table_of(NodeSpec(name="a"))
    assert table.free["licence"].tolist() == [0]
    assert table.devices["gpu"].shape == (1, 0)
    spec = NodeSpec(name="b", capacity={"licence": 4}, devices=[DeviceGroup(kind="gpu", count=2)])
    table.add(Node(uid="b", spec=spec, ordinal=1, phase=NodePhase.READY))
    assert table.free["licence"].tolist() == [0, 4]
    assert table.devices["gpu"].tolist() == [[0, 0], [1000, 1000]]


def test_labels_that_no_node_has():
    table = table_of(NodeSpec(name="a", labels={"z": "1"}), NodeSpec(name="b"))
    assert table.label_codes("y").tolist() == [-1, -1]
    assert table.take(np.array([1])).label_codes("y").tolist() == [-1]


def test_what_a_slice_holds_is_a_copy():
    table = table_of(NodeSpec(name="n", capacity={"cpu": 5}))
    part = table.take(np.array([0]))
    part.free["cpu"][0] = 99
    assert table.free["cpu"].tolist() == [5]


def test_a_slice_has_no_other_attributes_than_a_table():
    with pytest.raises(AttributeError):
        table_of(NodeSpec(name="n")).take(np.array([0])).price  # noqa: B018


def test_names_and_labels_of_a_slice_can_be_sliced():
    table = table_of(*(NodeSpec(name=f"n{number}", labels={"a": str(number)}) for number in range(4)))
    part = table.take(np.array([3, 1, 0]))
    assert part.names[1:] == ["n1", "n0"]
    assert part.names[-1] == "n0"
    assert part.labels[0] == {"a": "3"}


def test_the_columns_of_the_table_itself_cannot_be_written():
    table = table_of(NodeSpec(name="n", capacity={"cpu": 5}, devices=[DeviceGroup(kind="gpu", count=2)]))
    for column in (table.free["cpu"], table.devices["gpu"], table.phase, table.schedulable, table.taint_code):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


def test_label_codes_tell_values_apart_and_none_from_all():
    labels = {"a": {"z": "1"}, "b": {"z": "2"}, "c": {}, "d": {"z": "1"}}
    specs = [NodeSpec(name=name, labels=labels[name]) for name in labels]
    codes = table_of(*specs).label_codes("z").tolist()
    assert codes[0] == codes[3] != codes[1]
    assert codes[2] == -1
    assert min(codes[0], codes[1]) >= 0


def test_has_label_is_false_for_values_no_node_ever_had():
    table = table_of(NodeSpec(name="a", labels={"z": "1"}), NodeSpec(name="b"))
    assert table.has_label("z", "1").tolist() == [True, False]
    assert table.has_label("z", "2").tolist() == [False, False]
    assert table.has_label("y", "1").tolist() == [False, False]


def test_phases_are_told_by_their_index():
    table = table_of(*(NodeSpec(name=f"n{code}") for code in range(len(PHASES))), phases=PHASES)
    assert [PHASES[code] for code in table.phase] == list(NodePhase)
    assert [PHASE_CODE[phase] for phase in PHASES] == list(range(len(PHASES)))
