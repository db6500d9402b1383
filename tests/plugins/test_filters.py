from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm
from kube9.core.livetable import LiveTable
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec, Taint, TaintEffect
from kube9.core.pods import DeviceRequest, Pod, PodSpec, Toleration
from kube9.plugins import filters
from kube9.plugins.filters import Devices, NodeAffinity, NodeReady, NodeSelector, Resources, Runtimes, Taints

ALL = (NodeReady(), NodeSelector(), NodeAffinity(), Taints(), Resources(), Devices())


def table_of(*specs, **states):
    table = LiveTable()
    for number, spec in enumerate(specs):
        table.add(Node(uid=spec.name, spec=spec, ordinal=number, phase=NodePhase.READY))
    for name, state in states.items():
        table.update(evolve(table.owner(table.row_of[name]), **state))
    return table


def place(table, name, spec, devices=None):
    table.place(Pod(uid=spec.name, spec=spec, ordinal=0, created_at_ms=0, node_uid=name, devices=devices or {}))


def fits(filter_, table, **pod):
    """The names of the nodes that fit."""
    mask = filter_.fits(PodSpec(**{"name": "p", **pod}), table)
    return [name for row, name in enumerate(table.names) if mask is None or mask[row]]


def reasons(filter_, table, **pod):
    """Why each node does not."""
    told = {}
    for reason, refused in filter_.rejections(PodSpec(**{"name": "p", **pod}), table):
        for row in np.flatnonzero(refused):
            told.setdefault(table.names[row], reason)
    return told


class TestNodeReady:
    def test_lets_pods_on_nodes_that_take_them(self):
        table = table_of(
            *(NodeSpec(name=name) for name in "abcd"),
            b={"phase": NodePhase.SUSPECT},
            c={"cordoned": True},
            d={"deleting": True},
        )
        assert fits(NodeReady(), table) == ["a"]
        assert reasons(NodeReady(), table) == {"b": "suspect", "c": "cordoned", "d": "being deleted or looked for"}

    def test_has_no_objection_where_all_do(self):
        assert fits(NodeReady(), table_of(NodeSpec(name="a"), NodeSpec(name="b"))) == ["a", "b"]

    @pytest.mark.parametrize("phase", [phase for phase in NodePhase if phase is not NodePhase.READY])
    def test_names_the_phase(self, phase):
        table = table_of(NodeSpec(name="a"), NodeSpec(name="b"), b={"phase": phase})
        assert fits(NodeReady(), table) == ["a"]
        assert reasons(NodeReady(), table) == {"b": phase.value.lower()}


class TestNodeSelector:
    TABLE = table_of(
        NodeSpec(name="a", labels={"disk": "ssd", "zone": "x"}),
        NodeSpec(name="b", labels={"disk": "hdd", "zone": "x"}),
        NodeSpec(name="c"),
    )

    @pytest.mark.parametrize(
        "selector,fitting",
        [
            ({}, ["a", "b", "c"]),
            ({"zone": "x"}, ["a", "b"]),
            ({"disk": "ssd"}, ["a"]),
            ({"disk": "ssd", "zone": "x"}, ["a"]),
            ({"disk": "hdd", "zone": "y"}, []),
            ({"disk": ""}, []),
            ({"unheard-of": "x"}, []),
        ],
        ids=str,
    )
    def test_wants_every_label(self, selector, fitting):
        assert fits(NodeSelector(), self.TABLE, node_selector=selector) == fitting

    def test_names_the_first_label_that_is_missing(self):
        assert reasons(NodeSelector(), self.TABLE, node_selector={"zone": "x", "disk": "ssd"}) == {
            "b": "not labelled disk=ssd",
            "c": "not labelled zone=x",
        }


def term(*expressions, fields=()):
    return NodeSelectorTerm(
        expressions=[
            NodeRequirement(key=key, operator=operator, values=values) for key, operator, *values in expressions
        ],
        fields=[NodeRequirement(key="metadata.name", operator="In", values=fields)] if fields else (),
    )


class TestNodeAffinity:
    TABLE = table_of(
        NodeSpec(name="a", labels={"disk": "ssd", "zone": "x", "cores": "8"}),
        NodeSpec(name="b", labels={"disk": "hdd", "zone": "x", "cores": "64"}),
        NodeSpec(name="c"),
    )

    @pytest.mark.parametrize(
        "terms,fitting",
        [
            ((), ["a", "b", "c"]),
            ((term(("disk", "In", "ssd", "nvme")),), ["a"]),
            ((term(("disk", "NotIn", "ssd")),), ["b", "c"]),
            ((term(("disk", "Exists")),), ["a", "b"]),
            ((term(("disk", "DoesNotExist")),), ["c"]),
            ((term(("cores", "Gt", "8")),), ["b"]),
            ((term(("cores", "Lt", "9")),), ["a"]),
            ((term(("zone", "In", "x"), ("disk", "In", "hdd")),), ["b"]),
            ((term(("disk", "In", "ssd")), term(("zone", "DoesNotExist"))), ["a", "c"]),
            ((term(fields=("c", "b")),), ["b", "c"]),
            ((term(("disk", "In", "hdd"), fields=("c", "b")),), ["b"]),
            ((term(),), []),
            ((term(), term(("zone", "Exists"))), ["a", "b"]),
            ((term(("unheard-of", "NotIn", "x")),), ["a", "b", "c"]),
            ((term(("unheard-of", "In", "x")),), []),
        ],
        ids=str,
    )
    def test_wants_one_of_its_terms_met(self, terms, fitting):
        assert fits(NodeAffinity(), self.TABLE, node_affinity=terms) == fitting
        assert fits(NodeAffinity(), self.TABLE.take(np.array([0, 1, 2])), node_affinity=terms) == fitting

    def test_of_a_value_that_is_not_there_any_more_nobody_is_reminded(self):
        table = table_of(NodeSpec(name="a", labels={"disk": "ssd"}), NodeSpec(name="b", labels={"disk": "hdd"}))
        table.remove("a")
        assert fits(NodeAffinity(), table, node_affinity=(term(("disk", "In", "ssd")),)) == []
        assert fits(NodeAffinity(), table, node_affinity=(term(("disk", "In", "hdd")),)) == ["b"]


class TestTaints:
    TABLE = table_of(
        NodeSpec(name="plain"),
        NodeSpec(name="gpu", taints=[Taint("gpu", "only")]),
        NodeSpec(name="preferably-not", taints=[Taint("old", effect=TaintEffect.PREFER_NO_SCHEDULE)]),
        NodeSpec(name="none-stay", taints=[Taint("down", effect=TaintEffect.NO_EXECUTE)]),
        NodeSpec(name="two", taints=[Taint("gpu", "only"), Taint("down", effect=TaintEffect.NO_EXECUTE)]),
    )

    @pytest.mark.parametrize(
        "tolerations,fitting",
        [
            ((), ["plain", "preferably-not"]),
            ((Toleration("gpu", "only"),), ["plain", "gpu", "preferably-not"]),
            ((Toleration("gpu", "other"),), ["plain", "preferably-not"]),
            ((Toleration("gpu", exists=True),), ["plain", "gpu", "preferably-not"]),
            ((Toleration("gpu", exists=True, effect=TaintEffect.NO_EXECUTE),), ["plain", "preferably-not"]),
            (
                (Toleration("gpu", "only"), Toleration("down", exists=True)),
                ["plain", "gpu", "preferably-not", "none-stay", "two"],
            ),
            ((Toleration(exists=True),), ["plain", "gpu", "preferably-not", "none-stay", "two"]),
        ],
        ids=str,
    )
    def test_must_each_be_tolerated_where_they_forbid(self, tolerations, fitting):
        assert fits(Taints(), self.TABLE, tolerations=tolerations) == fitting

    def test_are_named_where_they_are_not(self):
        assert reasons(Taints(), self.TABLE, tolerations=(Toleration("gpu", "only"),)) == {
            "none-stay": "taint down",
            "two": "taint down",
        }

    def test_cost_nothing_where_there_are_none(self):
        assert Taints().fits(PodSpec(name="p"), table_of(NodeSpec(name="a"))) is None


class TestResources:
    TABLE = table_of(
        NodeSpec(name="a", capacity={"cpu": 100, "memory": 10}),
        NodeSpec(name="b", capacity={"cpu": 50, "memory": 20}),
        NodeSpec(name="c", capacity={"cpu": 100, "memory": 20, "licence": 1}),
    )

    @pytest.mark.parametrize(
        "requests,fitting",
        [
            ({}, ["a", "b", "c"]),
            ({"cpu": 50}, ["a", "b", "c"]),
            ({"cpu": 51}, ["a", "c"]),
            ({"cpu": 51, "memory": 11}, ["c"]),
            ({"cpu": 101}, []),
            ({"licence": 1}, ["c"]),
            ({"licence": 0, "cpu": 0}, ["a", "b", "c"]),
            ({"unheard-of": 1}, []),
            ({"unheard-of": 0}, ["a", "b", "c"]),
        ],
        ids=str,
    )
    def test_must_each_suffice(self, requests, fitting):
        assert fits(Resources(), self.TABLE, requests=requests) == fitting

    def test_are_named_where_they_do_not(self):
        assert reasons(Resources(), self.TABLE, requests={"cpu": 60, "memory": 15}) == {
            "a": "insufficient memory",
            "b": "insufficient cpu",
        }
        assert set(reasons(Resources(), self.TABLE, requests={"unheard-of": 1}).values()) == {"insufficient unheard-of"}

    def test_are_what_is_left(self):
        table = table_of(NodeSpec(name="a", capacity={"cpu": 10}))
        place(table, "a", PodSpec(name="there", requests={"cpu": 4}))
        assert fits(Resources(), table, requests={"cpu": 6}) == ["a"]
        assert fits(Resources(), table, requests={"cpu": 7}) == []

    def test_include_room_for_one_more_pod(self):
        table = table_of(
            NodeSpec(name="a", capacity={"pods": 1}), NodeSpec(name="b", capacity={"pods": 0}), NodeSpec(name="c")
        )
        assert fits(Resources(), table) == ["a", "c"]
        place(table, "a", PodSpec(name="there"))
        assert fits(Resources(), table) == ["c"]
        assert reasons(Resources(), table) == {"a": "too many pods", "b": "too many pods"}

    def test_that_a_node_has_as_devices_cannot_be_had_as_a_bare_amount(self):
        table = table_of(
            NodeSpec(name="bare", capacity={"gpu": 500}),
            NodeSpec(name="devices", devices=[DeviceGroup(kind="gpu", count=2)]),
        )
        assert fits(Resources(), table, requests={"gpu": 500}) == ["bare"]
        assert reasons(Resources(), table, requests={"gpu": 500}) == {"devices": "insufficient gpu"}

    def test_that_are_asked_for_as_devices_are_left_to_their_filter(self):
        table = table_of(NodeSpec(name="a", capacity={"cpu": 10}), NodeSpec(name="b", capacity={"cpu": 1}))
        gpu = DeviceRequest(kind="gpu", count=1)
        assert Resources().fits(PodSpec(name="p", devices=(gpu,)), table) is None
        assert fits(Resources(), table, requests={"cpu": 5}, devices=(gpu,)) == ["a"]
        assert reasons(Resources(), table, requests={"cpu": 5}, devices=(gpu,)) == {"b": "insufficient cpu"}


class TestDevices:
    @pytest.fixture
    def table(self):
        """Left: 1000 and 400 of an A100; 1000 each of four T4; none."""
        four = DeviceGroup(kind="gpu", count=4, model="T4")
        table = table_of(
            NodeSpec(name="a", devices=[DeviceGroup(kind="gpu", count=2, model="A100")]),
            NodeSpec(name="t", devices=[four, DeviceGroup(kind="nic", count=1)]),
            NodeSpec(name="none", capacity={"gpu": 9000}),
        )
        held = PodSpec(name="held", devices=(DeviceRequest(kind="gpu", count=1, milli=600),))
        place(table, "a", held, {"gpu": (1,)})
        return table

    @pytest.mark.parametrize(
        "request_,fitting",
        [
            ({"count": 1}, ["a", "t"]),
            ({"count": 2, "milli": 400}, ["a", "t"]),
            ({"count": 2, "milli": 401}, ["t"]),
            ({"count": 1, "milli": 1001}, []),
            ({"count": 4}, ["t"]),
            ({"count": 5, "milli": 1}, []),
            ({"count": 1, "models": ("A100",)}, ["a"]),
            ({"count": 1, "models": ("A100", "T4")}, ["a", "t"]),
            ({"count": 2, "models": ("A100",)}, []),
            ({"count": 1, "models": ("H100",)}, []),
            ({"kind": "nic", "count": 1}, ["t"]),
            ({"kind": "fpga", "count": 1}, []),
            ({"kind": "fpga", "count": 1, "models": ("X",)}, []),
        ],
        ids=str,
    )
    def test_must_each_have_enough_left(self, table, request_, fitting):
        devices = (DeviceRequest(**{"kind": "gpu", **request_}),)
        assert fits(Devices(), table, devices=devices) == fitting

    def test_of_every_kind_must_be_there(self, table):
        gpu, nic = DeviceRequest(kind="gpu", count=1), DeviceRequest(kind="nic", count=1)
        assert fits(Devices(), table, devices=(gpu, nic)) == ["t"]

    def test_cost_nothing_where_none_are_asked_for(self, table):
        assert Devices().fits(PodSpec(name="p"), table) is None

    def test_are_named_where_they_are_missing(self, table):
        devices = (DeviceRequest(kind="gpu", count=2, milli=500, models=("A100",)),)
        assert reasons(Devices(), table, devices=devices) == {
            "a": "no 2 x 500 milli of gpu left",
            "t": "no gpu of model A100",
            "none": "no gpu of model A100",
        }

    def test_of_a_kind_nobody_has_are_named_too(self, table):
        devices = (DeviceRequest(kind="fpga", count=1, models=("X", "Y")),)
        assert set(reasons(Devices(), table, devices=devices).values()) == {"no fpga of model X or Y"}


TERMS = st.sampled_from(
    [
        term(("x", "In", "1")),
        term(("y", "NotIn", "2")),
        term(("x", "Gt", "1"), ("y", "Exists")),
        term(fields=("n0", "n2")),
    ]
)


@st.composite
def situations(draw):
    table = LiveTable()
    taints = st.lists(st.sampled_from([Taint("k"), Taint("j", "v"), Taint("o", effect=TaintEffect.PREFER_NO_SCHEDULE)]))
    for number in range(draw(st.integers(1, 6))):
        kinds = draw(st.lists(st.sampled_from(["gpu", "nic"]), unique=True))
        names = [name for name in ("cpu", "memory", "pods", "gpu", "nic") if name not in kinds]
        spec = NodeSpec(
            name=f"n{number}",
            capacity=draw(st.dictionaries(st.sampled_from(names), st.integers(0, 3))),
            devices=[
                DeviceGroup(kind=kind, count=draw(st.integers(1, 3)), model=draw(st.sampled_from("AB")))
                for kind in kinds
            ],
            labels=draw(st.dictionaries(st.sampled_from("xy"), st.sampled_from("12"))),
            taints=draw(taints),
        )
        phase = draw(st.sampled_from([NodePhase.READY, NodePhase.READY, NodePhase.SUSPECT]))
        table.add(Node(uid=spec.name, spec=spec, ordinal=number, phase=phase, cordoned=draw(st.booleans())))
    kinds = draw(st.lists(st.sampled_from(["gpu", "nic", "fpga"]), unique=True))
    bare = [name for name in ("cpu", "memory", "gpu", "licence") if name not in kinds]
    pod = PodSpec(
        name="p",
        requests=draw(st.dictionaries(st.sampled_from(bare), st.integers(0, 3))),
        devices=[
            DeviceRequest(
                kind=kind,
                count=draw(st.integers(1, 2)),
                milli=draw(st.sampled_from([500, 1000, 1500])),
                models=draw(st.sampled_from([(), ("A",), ("A", "B"), ("C",)])),
            )
            for kind in kinds
        ],
        node_selector=draw(st.dictionaries(st.sampled_from("xy"), st.sampled_from("12"))),
        node_affinity=draw(st.lists(TERMS, max_size=2)),
        tolerations=draw(st.lists(st.sampled_from([Toleration("k"), Toleration("j", exists=True)]))),
    )
    return table, pod


@given(situation=situations())
def test_each_refused_node_has_a_reason_and_no_other_does(situation):
    """Of each filter alone: none leaves what it refuses to its general words, or to another filter's."""
    table, pod = situation
    for filter_ in ALL:
        fitting, reasonless = filter_.fits(pod, table), np.ones(len(table), dtype=bool)
        if fitting is None:
            fitting = np.ones(len(table), dtype=bool)
        assert fitting.dtype == np.bool_
        assert fitting.shape == (len(table),)
        # One condition, one reason: of a node affinity the words of the whole filter say all there is to say.
        told = [(filter_.reason, ~fitting)] if isinstance(filter_, NodeAffinity) else filter_.rejections(pod, table)
        for reason, refused in told:
            assert reason
            reasonless &= ~refused
        assert fitting.tolist() == reasonless.tolist()


@given(situation=situations(), data=st.data())
def test_a_verdict_on_a_node_depends_on_that_node_alone(situation, data):
    table, pod = situation
    rows = np.array(data.draw(st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=6)))
    for filter_ in ALL:
        assert filter_.local is True
        whole, part = filter_.fits(pod, table), filter_.fits(pod, table.take(rows))
        whole = np.ones(len(table), dtype=bool) if whole is None else whole
        part = np.ones(len(rows), dtype=bool) if part is None else part
        assert part.tolist() == whole[rows].tolist()


@given(situation=situations(), data=st.data())
def test_a_node_that_is_refused_does_not_come_to_fit_by_filling_up_or_by_what_happens_elsewhere(situation, data):
    table, pod = situation
    before = {filter_: verdicts(filter_, pod, table) for filter_ in ALL}
    for name in data.draw(st.lists(st.sampled_from(table.names), min_size=1, max_size=3)):
        fill_up(table, name, data)
    for filter_ in ALL:
        assert filter_.monotone is True
        after = verdicts(filter_, pod, table)
        assert [fit and was for fit, was in zip(after, before[filter_], strict=True)] == after


def verdicts(filter_, pod, table):
    mask = filter_.fits(pod, table)
    return [True] * len(table) if mask is None else mask.tolist()


def fill_up(table, name, data):
    """Let a pod take some of what is left on a node."""
    row = table.row_of[name]
    left = {resource: int(column[row]) for resource, column in table.free.items() if resource not in table.devices}
    if left.pop("pods") < 1:
        return
    requests = {resource: data.draw(st.integers(0, amount)) for resource, amount in left.items()}
    devices, indices = [], {}
    for kind in table.devices:
        index = int(table.devices[kind][row].argmax())
        milli = data.draw(st.integers(0, int(table.devices[kind][row][index])))
        if milli:
            devices.append(DeviceRequest(kind=kind, count=1, milli=milli))
            indices[kind] = (index,)
    place(table, name, PodSpec(name="there", requests=requests, devices=devices), indices)


def test_they_are_offered_in_the_order_in_which_reasons_are_looked_for():
    offered = {}
    filters.kube9_register_filters(register=offered.__setitem__)
    assert list(offered.items()) == [
        ("node-ready", NodeReady),
        ("node-selector", NodeSelector),
        ("node-affinity", NodeAffinity),
        ("taints", Taints),
        ("runtimes", Runtimes),
        ("resources", Resources),
        ("devices", Devices),
    ]
