from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.frozen import FrozenMap
from kube9.core.livetable import _LOG_LENGTH, LiveTable
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec, Taint
from kube9.core.pods import DeviceRequest, Pod, PodSpec
from kube9.core.table import PHASES, UNLIMITED


def node(name, phase=NodePhase.READY, **spec):
    return Node(uid=f"uid-{name}", spec=NodeSpec(name=name, **spec), ordinal=0, phase=phase)


def pod(on, requests=None, devices=(), indices=None):
    spec = PodSpec(name="p", requests=requests or {}, devices=devices)
    held = FrozenMap(indices or {})
    return Pod(uid="p", spec=spec, ordinal=1, created_at_ms=0, node_uid=on.uid, epoch=1, devices=held)


def columns(mapping):
    return {name: column.tolist() for name, column in mapping.items()}


def snapshot(table):
    """All that is in each row, by node name."""
    by_name = (
        "free",
        "capacity",
        "devices",
        "device_count",
        "device_milli",
        "device_model",
        "device_pods",
    )
    rows = {}
    for row, name in enumerate(table.names):
        rows[name] = (
            [{key: column[row].tolist() for key, column in getattr(table, each).items()} for each in by_name],
            [getattr(table, each)[row].item() for each in ("phase", "cordoned", "schedulable", "taint_code")],
        )
    return rows


A = node("a", capacity={"cpu": 1000, "memory": 10}, labels={"zone": "x"})
B = node(
    "b", capacity={"cpu": 2000, "pods": 3}, taints=[Taint("k")], devices=[DeviceGroup(kind="gpu", count=2, model="T4")]
)
C = node("c", NodePhase.SUSPECT, capacity={"licence": 5}, labels={"zone": "y"})


@pytest.fixture
def table():
    table = LiveTable()
    for each in (A, B, C):
        table.add(each)
    return table


def test_each_node_is_a_row_in_join_order(table):
    assert list(table.names) == ["a", "b", "c"]
    assert table.row_of == {"uid-a": 0, "uid-b": 1, "uid-c": 2}
    assert [table.owner(row) for row in range(3)] == [A, B, C]
    assert list(table.labels) == [{"zone": "x"}, {}, {"zone": "y"}]


def test_columns_are_zero_where_a_node_has_nothing(table):
    expected = {
        "cpu": [1000, 2000, 0],
        "memory": [10, 0, 0],
        "pods": [UNLIMITED, 3, UNLIMITED],
        "gpu": [0, 2000, 0],
        "licence": [0, 0, 5],
    }
    assert columns(table.free) == expected
    assert columns(table.capacity) == expected


def test_devices_are_told_one_by_one(table):
    assert table.devices["gpu"].tolist() == [[0, 0], [1000, 1000], [0, 0]]
    assert table.device_count["gpu"].tolist() == [0, 2, 0]
    assert table.device_milli["gpu"].tolist() == [0, 1000, 0]
    assert table.device_model["gpu"].tolist() == [-1, table.models.index("T4"), -1]


def test_a_node_with_more_devices_than_any_before_widens_the_column(table):
    table.place(pod(B, devices=(DeviceRequest(kind="gpu", count=1, milli=300),), indices={"gpu": (1,)}))
    table.add(node("d", devices=[DeviceGroup(kind="gpu", count=4, milli=500)]))
    assert table.devices["gpu"].tolist() == [[0] * 4, [1000, 700, 0, 0], [0] * 4, [500] * 4]


def test_pods_are_counted_by_how_many_devices_each_holds(table):
    def held(count, milli, *indices):
        return pod(B, devices=(DeviceRequest(kind="gpu", count=count, milli=milli),), indices={"gpu": indices})

    assert table.device_pods["gpu"].tolist() == [[0] * 3] * 3
    for each in (held(1, 300, 0), held(1, 300, 0), held(2, 200, 0, 1)):
        table.place(each)
    assert table.device_pods["gpu"][1].tolist() == [3, 0, 0]
    table.add(node("d", devices=[DeviceGroup(kind="gpu", count=3, milli=500)]))
    assert table.device_pods["gpu"].tolist() == [[0] * 4, [3, 0, 0, 0], [0] * 4, [0] * 4]


@pytest.mark.parametrize("count,counts", [(1, [0, 1, 0]), (2, [0, 0, 1])])
def test_a_whole_device_is_all_that_one_of_the_node_has_to_give(count, counts):
    small = node("small", devices=[DeviceGroup(kind="gpu", count=2, milli=500)])
    table = LiveTable()
    table.add(small)
    whole = pod(
        small,
        devices=(DeviceRequest(kind="gpu", count=count, milli=500),),
        indices={"gpu": tuple(range(count))},
    )
    table.place(whole)
    assert table.device_pods["gpu"].tolist() == [counts]
    table.release(whole)
    assert table.device_pods["gpu"].tolist() == [[0, 0, 0]]


def test_states_are_columns_too(table):
    assert [PHASES[code] for code in table.phase] == [NodePhase.READY, NodePhase.READY, NodePhase.SUSPECT]
    assert table.schedulable.tolist() == [True, True, False]
    assert [table.taint_sets[code] for code in table.taint_code] == [(), (Taint("k"),), ()]
    table.update(evolve(A, cordoned=True))
    assert table.cordoned.tolist() == [True, False, False]
    assert table.schedulable.tolist() == [False, True, False]


def test_how_many_nodes_are_tried_last(table):
    assert (table.last_resorts, table.tried_last.tolist()) == (0, [False, False, False])
    for _ in range(2):
        table.update(evolve(B, tried_last=True))
    assert (table.last_resorts, table.tried_last.tolist()) == (1, [False, True, False])
    table.add(node("d"))
    table.update(evolve(A, tried_last=True))
    assert (table.last_resorts, table.tried_last.tolist()) == (2, [True, True, False, False])
    assert table.take(np.array([1, 2])).tried_last.tolist() == [True, False]
    table.update(B)
    table.remove(A.uid)
    assert (table.last_resorts, table.tried_last.tolist()) == (0, [False, False, False])


def test_equal_taints_are_kept_once(table):
    table.add(node("d", taints=[Taint("k")]))
    assert table.taint_sets == [(), (Taint("k"),)]
    assert table.taint_code.tolist() == [0, 1, 0, 1]


def test_how_many_nodes_limit_their_pods(table):
    assert table.limited_pods == 1
    table.remove(B.uid)
    assert table.limited_pods == 0


def test_the_largest_capacity_follows_the_nodes(table):
    assert table.largest == {"cpu": 2000, "memory": 10, "pods": UNLIMITED, "gpu": 2000, "licence": 5}
    table.remove(B.uid)
    assert table.largest == {"cpu": 1000, "memory": 10, "pods": UNLIMITED, "gpu": 1, "licence": 5}
    table.add(node("d", capacity={"cpu": 7000}))
    assert table.largest["cpu"] == 7000


def test_the_largest_is_never_zero():
    table = LiveTable()
    assert table.largest["cpu"] == 1
    table.add(node("a", capacity={"cpu": 0}))
    assert table.largest["cpu"] == 1


def test_rows_after_one_that_was_removed_move_up(table):
    table.place(pod(C, {"licence": 2}))
    table.remove(A.uid)
    assert table.row_of == {"uid-b": 0, "uid-c": 1}
    assert list(table.names) == ["b", "c"]
    assert table.owner(1) == C
    assert table.free["licence"].tolist() == [0, 3]
    assert table.devices["gpu"].tolist() == [[1000, 1000], [0, 0]]
    assert table.schedulable.tolist() == [True, False]
    assert table.label_codes("zone").tolist() == [-1, 1]
    assert len(table) == 2


def test_a_node_in_the_place_of_another_inherits_nothing(table):
    table.place(pod(C, {"licence": 2}))
    table.remove(C.uid)
    table.add(node("c", capacity={"cpu": 1}))
    assert {resource: column[2] for resource, column in table.free.items()} == {
        "cpu": 1,
        "memory": 0,
        "pods": UNLIMITED,
        "gpu": 0,
        "licence": 0,
    }
    assert table.label_codes("zone").tolist() == [0, -1, -1]
    assert table.schedulable.tolist() == [True, True, True]


def test_a_pod_takes_what_it_asks_for_and_gives_it_back(table):
    before = snapshot(table)
    devices = (DeviceRequest(kind="gpu", count=2, milli=250),)
    placed = pod(B, {"cpu": 300}, devices, {"gpu": (0, 1)})
    table.place(placed)
    assert table.free["cpu"].tolist() == [1000, 1700, 0]
    assert table.free["gpu"].tolist() == [0, 1500, 0]
    assert table.free["pods"].tolist() == [UNLIMITED, 2, UNLIMITED]
    assert table.devices["gpu"].tolist() == [[0, 0], [750, 750], [0, 0]]
    assert table.capacity["cpu"].tolist() == [1000, 2000, 0]
    table.release(placed)
    assert snapshot(table) == before


@pytest.mark.parametrize("moving", [lambda table: table.add(node("d")), lambda table: table.remove(A.uid)])
def test_the_generation_grows_when_rows_move(table, moving):
    before = table.generation
    moving(table)
    assert table.generation > before


def test_the_generation_stays_while_rows_do(table):
    before = table.generation
    table.update(evolve(A, cordoned=True))
    table.place(pod(B, {"cpu": 1}))
    table.release(pod(B, {"cpu": 1}))
    assert table.generation == before


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.add(node("d")),
        lambda table: table.remove(A.uid),
        lambda table: table.update(evolve(A, cordoned=True)),
        lambda table: table.place(pod(B, {"cpu": 1})),
        lambda table: table.release(pod(B, {"cpu": 1})),
    ],
)
def test_the_stamp_is_another_after_any_change_and_the_same_after_a_look(table, change):
    before = table.stamp
    columns(table.free)
    assert table.stamp == before
    change(table)
    assert table.stamp != before


class TestChangedSince:
    def test_nothing_changed_since_now(self, table):
        assert table.changed_since(table.version).tolist() == []

    def test_the_rows_that_were_touched_in_their_order(self, table):
        version = table.version
        table.update(evolve(C, cordoned=True))
        table.place(pod(A, {"cpu": 1}))
        table.update(C)
        assert table.changed_since(version).tolist() == [2, 0, 2]
        assert table.changed_since(version + 2).tolist() == [2]

    @pytest.mark.parametrize("start", [0, _LOG_LENGTH - 3, 2 * _LOG_LENGTH - 1])
    def test_across_the_end_of_the_log(self, table, start):
        while table.version < start:
            table.update(A)
        version = table.version
        for row in (1, 2, 0, 2, 1):
            table.update((A, B, C)[row])
        assert table.changed_since(version).tolist() == [1, 2, 0, 2, 1]

    @pytest.mark.parametrize("behind,known", [(_LOG_LENGTH - 1, True), (_LOG_LENGTH, False), (_LOG_LENGTH + 1, False)])
    def test_what_is_too_long_ago_is_not_told(self, table, behind, known):
        version = table.version
        table.update(C)
        for _ in range(behind - 1):
            table.update(B)
        changed = table.changed_since(version)
        assert (changed is not None) == known
        if known:
            assert changed.tolist() == [2] + [1] * (behind - 1)


RESOURCES = st.dictionaries(st.sampled_from(["cpu", "memory", "licence"]), st.integers(1, 50))


@given(
    script=st.lists(
        st.one_of(
            st.tuples(st.just("add"), RESOURCES, st.integers(0, 3)),
            st.tuples(st.just("remove"), st.none(), st.integers(0, 99)),
            st.tuples(st.just("update"), st.sampled_from(NodePhase), st.integers(0, 99)),
            st.tuples(st.just("place"), RESOURCES, st.integers(0, 99)),
            st.tuples(st.just("release"), st.none(), st.integers(0, 99)),
        ),
        max_size=40,
    )
)
def test_it_agrees_with_a_plain_model_and_names_every_row_that_changed(script):
    table, nodes, placed = LiveTable(), [], []
    for serial, (operation, what, number) in enumerate(script):
        version, generation, before = table.version, table.generation, snapshot(table)
        if operation == "add":
            groups = [DeviceGroup(kind="gpu", count=number)] if number else []
            nodes.append(node(f"n{serial}", capacity=what, devices=groups))
            table.add(nodes[-1])
        elif operation == "remove" and nodes:
            gone = nodes.pop(number % len(nodes))
            placed = [each for each in placed if each.node_uid != gone.uid]
            table.remove(gone.uid)
        elif operation == "update" and nodes:
            index = number % len(nodes)
            nodes[index] = evolve(nodes[index], phase=what, tried_last=number % 3 == 0)
            table.update(nodes[index])
        elif operation == "place" and nodes:
            on = nodes[number % len(nodes)]
            placed.append(pod(on, {resource: amount for resource, amount in what.items() if resource in table.free}))
            table.place(placed[-1])
        elif operation == "release" and placed:
            table.release(placed.pop(number % len(placed)))
        assert_same(table, nodes, placed)
        if table.generation == generation:
            rows = {table.names[row] for row in table.changed_since(version)}
            assert rows >= {name for name, values in snapshot(table).items() if values != before[name]}


def assert_same(table, nodes, placed):
    assert list(table.names) == [each.name for each in nodes]
    assert table.row_of == {each.uid: row for row, each in enumerate(nodes)}
    assert table.schedulable.tolist() == [each.schedulable for each in nodes]
    assert [PHASES[code] for code in table.phase] == [each.phase for each in nodes]
    assert table.tried_last.tolist() == [each.tried_last for each in nodes]
    assert table.last_resorts == sum(each.tried_last for each in nodes)
    assert table.limited_pods == 0
    for resource, column in table.free.items():
        unsaid = UNLIMITED if resource == "pods" else 0
        has = [each.spec.capacity.get(resource, unsaid) for each in nodes]
        asks = [(each.node_uid, {**each.spec.requests, "pods": 1}.get(resource, 0)) for each in placed]
        taken = [sum(amount for uid, amount in asks if uid == each.uid) for each in nodes]
        assert table.capacity[resource].tolist() == has
        assert column.tolist() == [total - used for total, used in zip(has, taken, strict=True)]
        assert table.largest[resource] == max([1, *has]) or not nodes
    for kind, column in table.devices.items():
        counts = [sum(group.count for group in each.spec.devices if group.kind == kind) for each in nodes]
        assert table.device_count[kind].tolist() == counts
        assert column.tolist() == [[1000] * count + [0] * (column.shape[1] - count) for count in counts]
        assert column.dtype == np.int64


def test_a_twin_is_the_same_and_goes_its_own_way():
    table = LiveTable()
    first, second = node("a", capacity={"cpu": 8}, labels={"zone": "x"}), node("b", taints=(Taint("spot"),))
    for each in (first, second):
        table.add(each)
    table.awaited.add(second.uid)
    table.update(evolve(second, tried_last=True))
    table.place(pod(first, {"cpu": 3}))
    before = everything(table)
    twin = table.twin()
    assert everything(twin) == before
    other = node("c", labels={"zone": "y", "disk": "ssd"}, devices=(DeviceGroup(kind="gpu", count=2, model="T4"),))
    twin.add(other)
    twin.add(node("d", capacity={"cpu": 99, "licences": 1}, taints=(Taint("dear"),)))
    twin.place(pod(other, devices=(DeviceRequest(kind="gpu", count=1),), indices={"gpu": (0,)}))
    twin.awaited.clear()
    twin.update(evolve(first, cordoned=True))
    twin.remove(second.uid)
    assert everything(table) == before
    assert twin.has_label("zone", "y").tolist() == [False, True, False]
    assert table.has_label("zone", "x").tolist() == [True, False]


def everything(table):
    """All that a table is, but for who changed before."""
    single = (table.phase, table.taint_code, table.cordoned, table.schedulable, table.tried_last)
    counts = (table.generation, table.version, table.last_resorts, table.limited_pods, table.unschedulable)
    lists = (list(table.names), list(table.labels), list(table.models), list(table.taint_sets))
    mappings = (dict(table.row_of), set(table.awaited), dict(table.largest))
    owners = [table.owner(row) for row in range(len(table))]
    codes = {key: dict(values) for key, values in table.label_values.items()}
    of_devices = (table.devices, table.device_count, table.device_milli, table.device_model, table.device_pods)
    groups = (table.free, table.capacity, *of_devices)
    return [*map(columns, groups), *[each.tolist() for each in single], counts, lists, mappings, owners, codes]
