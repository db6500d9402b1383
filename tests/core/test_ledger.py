from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import podlife
from kube9.core.frozen import FrozenMap
from kube9.core.ledger import Ledger
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.outcome import NodeRemoved, NodeStored, PodRemoved, PodStored
from kube9.core.pods import Pod, PodSpec

NODE = Node(uid="n", spec=NodeSpec(name="node", capacity={"cpu": 10}), ordinal=1, phase=NodePhase.READY)
OTHER = Node(uid="m", spec=NodeSpec(name="other", capacity={"cpu": 10}), ordinal=2, phase=NodePhase.READY)


def pod(uid, cpu=1):
    return Pod(uid=uid, spec=PodSpec(name=uid, requests={"cpu": cpu}), ordinal=3, created_at_ms=0)


@pytest.fixture
def ledger():
    ledger = Ledger()
    ledger.add_node(NODE)
    ledger.add_node(OTHER)
    return ledger


def bind(ledger, pod, node):
    ledger.add_pod(pod.uid, pod.spec, pod.owner)
    bound = podlife.bound(pod, node.uid, FrozenMap())
    ledger.bind(bound)
    return bound


def test_nodes_are_found_by_uid_and_name_and_have_a_row(ledger):
    assert list(ledger.nodes) == ["n", "m"]
    assert ledger.node_uids == {"node": "n", "other": "m"}
    assert ledger.table.row_of == {"n": 0, "m": 1}
    assert ledger.bound == {"n": {}, "m": {}}


def test_a_bound_pod_takes_its_place_and_gives_it_back(ledger):
    bound = bind(ledger, pod("p", 4), OTHER)
    assert ledger.table.free["cpu"].tolist() == [10, 6]
    assert ledger.pods == {"p": bound}
    assert ledger.unbind(bound) == 1
    assert ledger.table.free["cpu"].tolist() == [10, 10]
    assert list(ledger.pods_on(OTHER)) == []


def test_pods_on_a_node_are_listed_in_order_of_binding(ledger):
    pods = [bind(ledger, pod(uid), NODE) for uid in ("z", "a", "m")]
    ledger.unbind(pods[1])
    again = podlife.bound(pods[1], "n", FrozenMap())
    ledger.bind(again)
    assert [each.uid for each in ledger.pods_on(NODE)] == ["z", "m", "a"]


def test_a_replaced_node_keeps_its_row(ledger):
    cordoned = evolve(NODE, cordoned=True)
    ledger.put_node(cordoned)
    assert ledger.nodes["n"] == cordoned
    assert ledger.table.schedulable.tolist() == [False, True]


def test_a_removed_node_leaves_nothing_behind(ledger):
    ledger.remove_node(NODE)
    assert list(ledger.nodes) == list(ledger.bound) == list(ledger.table.row_of) == ["m"]
    assert ledger.node_uids == {"other": "m"}


def test_a_removed_pod_leaves_nothing_behind(ledger):
    bound = bind(ledger, pod("p"), NODE)
    ledger.unbind(bound)
    ledger.finished["p"] = None
    ledger.remove_pod(bound)
    assert ledger.pods == {}
    assert ledger.pod_uids == {}
    assert ledger.finished == {}


def test_the_outcome_has_one_change_a_uid_with_its_last_value_and_nodes_first(ledger):
    ledger.begin(7)
    bound = bind(ledger, pod("p"), NODE)
    ledger.put_pod(pod("q"))
    ledger.put_node(evolve(NODE, cordoned=True))
    running = podlife.running(bound, 7)
    ledger.put_pod(running)
    ledger.put_node(evolve(NODE, phase=NodePhase.SUSPECT))
    assert ledger.outcome().changes == (
        NodeStored(evolve(NODE, phase=NodePhase.SUSPECT)),
        PodStored(running),
        PodStored(pod("q")),
    )


def test_what_was_stored_and_then_removed_is_removed(ledger):
    ledger.begin(7)
    bound = bind(ledger, pod("p"), NODE)
    ledger.unbind(bound)
    ledger.remove_pod(bound)
    ledger.put_node(evolve(NODE, cordoned=True))
    ledger.remove_node(ledger.nodes["n"])
    assert ledger.outcome().changes == (NodeRemoved("n"), PodRemoved("p"))


def test_a_turn_knows_only_of_itself(ledger):
    ledger.instructions.append("an instruction")
    ledger.events.append("an event")
    ledger.begin(7)
    outcome = ledger.outcome()
    assert (outcome.changes, outcome.instructions, outcome.events) == ((), (), ())


def test_a_twin_goes_its_own_way(ledger):
    bind(ledger, pod("p"), NODE)
    before = {name: repr(value) for name, value in vars(ledger).items() if name != "table"}
    twin = ledger.twin()
    assert (twin.nodes, twin.pods, twin.bound) == (ledger.nodes, ledger.pods, ledger.bound)
    assert twin.outcome().changes == ()
    placed = twin.pods["p"]
    twin.unbind(placed)
    twin.remove_pod(placed)
    twin.remove_node(OTHER)
    twin.put_node(evolve(NODE, cordoned=True))
    assert {name: repr(value) for name, value in vars(ledger).items() if name != "table"} == before
    assert ledger.table.free["cpu"].tolist() == [9, 10]
