from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import stimuli as s
from kube9.core.nodes import DeviceGroup
from kube9.core.pods import DeviceRequest
from kube9.core.policy import scheduler
from kube9.plugins.policies import BestFit, WorstFit
from kube9.plugins.queues import FirstComeFirstServed, Priority
from kube9.testing import strategies


def losses(driven, **wanted):
    return driven.foresee(losses=True, **wanted).losses


def moves(prospect):
    return {move.pod.name: move.to_node for move in prospect.moves}


def pods(loss):
    return [pod.name for pod in loss.pods]


@pytest.fixture
def thirds(drive):
    """Nodes a, b and c of 1000, with a pod of 500 on each."""
    driven = drive(WorstFit())
    for name in "abc":
        driven.node(name)
    for name in "pqr":
        driven.pod(name, 500)
    assert driven.where() == {"p": "a", "q": "b", "r": "c"}
    return driven


def test_nobody_asks_and_nobody_is_told(thirds):
    assert thirds.foresee().losses is None


def test_any_one_can_be_lost(thirds):
    found = losses(thirds)
    assert (found.nodes, found.alone) == (3, ())


def test_the_fullest_in_a_row_until_one_fits_nowhere(thirds):
    found = losses(thirds)
    assert found.in_a_row == 1
    assert found.then.node_name == "b"
    assert pods(found.then) == ["q"]
    assert found.then.reason == "0 of 3 nodes fit: 2 recovering, 1 insufficient cpu"


def test_one_that_cannot_be_lost_is_named(thirds):
    thirds.pod("large", 501)
    thirds.node("d", {"cpu": 2000})
    found = losses(thirds)
    assert [(loss.node_name, pods(loss)) for loss in found.alone] == [("d", ["large"])]
    assert found.in_a_row == 1
    assert found.then.node_name == "d"


def test_who_waits_already_is_not_counted(thirds):
    before = losses(thirds)
    thirds.pod("huge", 9000, priority=9)
    assert losses(thirds) == before


def test_only_the_first_has_a_reason_and_all_are_named(drive):
    driven = drive()
    driven.node("a")
    for name, cpu in (("p", 100), ("q", 100), ("r", 200)):
        driven.pod(name, cpu)
    (loss,) = losses(driven).alone
    assert pods(loss) == ["p", "q", "r"]
    assert loss.reason == "0 of 1 nodes fit: 1 recovering"


def test_nodes_that_take_no_pods_and_have_none_are_not_counted(thirds):
    thirds.node("d")
    thirds.tell(s.CordonNode, "d")
    thirds.node("e")
    thirds.tell(s.FailNode, "e")
    assert losses(thirds).nodes == 3
    assert losses(thirds, fail=["a"]).nodes == 2


def test_an_empty_cluster_can_lose_them_all(drive):
    driven = drive()
    assert losses(driven).nodes == 0
    driven.node("a")
    driven.node("b")
    found = losses(driven)
    assert (found.nodes, found.alone, found.in_a_row, found.then) == (2, (), 2, None)


def test_who_is_being_deleted_need_not_go_anywhere(drive):
    driven = drive()
    driven.node("a")
    driven.pod("p")
    driven.tell(s.DeletePod, "p")
    assert losses(driven).alone == ()


def test_devices_count_for_what_is_fullest(drive):
    driven = drive(WorstFit())
    driven.node("a", {"cpu": 1000})
    driven.node("b", {"cpu": 9000}, devices=[DeviceGroup(kind="gpu", count=2)])
    driven.pod("p", 900)
    driven.pod("q", requests={}, devices=[DeviceRequest(kind="gpu", count=2)])
    found = losses(driven)
    assert driven.where()["q"] == "b"
    assert found.then.node_name == "b"
    assert found.in_a_row == 0


def test_where_nobody_may_overtake_all_wait_behind_the_first(drive):
    driven = drive(WorstFit(), discipline=FirstComeFirstServed())
    driven.node("a")
    driven.node("b", {"cpu": 900})
    driven.pod("p", 950)
    driven.pod("q", 10)
    driven.tell(s.CordonNode, "b")
    driven.pod("r", 10)
    driven.tell(s.CordonNode, "b", cordoned=False)
    assert driven.where() == {"p": "a", "q": "b", "r": "a"}
    loss = losses(driven).alone[0]
    assert (loss.node_name, pods(loss)) == ("a", ["p", "r"])
    driven.pod("huge", 9000)
    assert losses(driven).alone == (loss,)


def test_a_policy_that_fails_is_why_its_pods_wait(drive):
    broken = []

    @scheduler("moody")
    def moody(pod, nodes):
        if broken:
            raise ZeroDivisionError("of all things")
        return nodes.free["cpu"]

    driven = drive(moody)
    driven.node("a")
    driven.node("b")
    for name in "pqrs":
        driven.pod(name, 100)
    broken.append(True)
    for loss in losses(driven).alone:
        assert len(loss.pods) == 2
        assert "ZeroDivisionError" in loss.reason


@given(
    present=st.lists(strategies.pod_specs(per_node=4), max_size=8),
    nodes=st.lists(strategies.node_specs(), min_size=1, max_size=5),
    policy=st.sampled_from((BestFit(), WorstFit())),
    blocks=st.booleans(),
)
def test_each_loss_is_as_it_would_be(drive, present, nodes, policy, blocks):
    driven = drive(policy, discipline=FirstComeFirstServed() if blocks else Priority())
    for number, each in enumerate(nodes):
        driven.tell(s.AddNode, f"n{number}", spec=evolve(each, name=f"n{number}"))
        driven.tell(s.NodeJoined, f"n{number}")
    for number, each in enumerate(present):
        driven.tell(s.LaunchPod, f"p{number}", spec=evolve(each, name=f"p{number}"))
    found = losses(driven)
    alone = {}
    for name in driven.nodes:
        left = {pod for pod, to in moves(driven.foresee(fail=[name])).items() if to is None}
        if left:
            alone[name] = left
    assert {loss.node_name: set(pods(loss)) for loss in found.alone} == alone
    lost = 0
    while (fullest := fullest_of(driven)) is not None:
        before = driven.where()
        driven.fail(fullest)
        waiting = before.keys() - driven.where().keys()
        if waiting:
            assert (found.then.node_name, set(pods(found.then))) == (fullest, waiting)
            break
        lost += 1
    assert found.in_a_row == lost


def fullest_of(driven):
    """The node that is up and has given away the largest share of anything; of equals the first."""
    table = driven.cluster.table

    def share(name):
        row = table.row_of[name]
        total = [(column[row], table.free[resource][row]) for resource, column in table.capacity.items()]
        return max((1 - free / capacity for capacity, free in total if capacity), default=0.0)

    up = [uid for uid, node in driven.nodes.items() if node.schedulable]
    return max(up, key=share, default=None)
