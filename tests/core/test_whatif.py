from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import stimuli as s
from kube9.core.errors import ManifestError
from kube9.core.nodes import NodeSpec, Taint
from kube9.core.pods import PodSpec
from kube9.core.policy import scheduler
from kube9.core.whatif import DRAINED, FAILED, WAITING, WhatIf
from kube9.plugins.policies import BestFit, Random, WorstFit
from kube9.plugins.queues import FirstComeFirstServed, Priority
from kube9.testing import strategies


def moves(prospect):
    """Where each pod that moves would be, and ``None`` where it fits nowhere else."""
    return {move.pod.name: move.to_node for move in prospect.moves}


def spec(name, cpu=500, **more):
    return PodSpec(name=name, requests={"cpu": cpu}, **more)


def node(name, cpu=1000, **more):
    return NodeSpec(name=name, capacity={"cpu": cpu}, **more)


@pytest.fixture
def three(drive):
    """Nodes a, b and c of 1000, with p and q on a, r on b, and nothing on c."""
    driven = drive()
    for name in "abc":
        driven.node(name)
    for name, cpu in (("p", 500), ("q", 400), ("r", 700)):
        driven.pod(name, cpu)
    assert driven.where() == {"p": "a", "q": "a", "r": "b"}
    return driven


class TestNodesThatFail:
    def test_their_pods_go_elsewhere_and_only_theirs(self, three):
        prospect = three.foresee(fail=["a"])
        assert moves(prospect) == {"p": "c", "q": "c"}
        assert {(move.cause, move.from_node, move.reason) for move in prospect.moves} == {(FAILED, "a", "")}

    def test_or_wait_for_a_reason(self, three):
        prospect = three.foresee(fail=["a", "b"])
        assert moves(prospect) == {"p": "c", "q": "c", "r": None}
        assert prospect.moves[-1].reason == "0 of 3 nodes fit: 2 recovering, 1 insufficient cpu"

    @pytest.mark.parametrize("priority, first", [(0, "q"), (9, "s")])
    def test_the_more_important_and_the_older_choose_first(self, drive, priority, first):
        driven = drive()
        driven.node("a", {"cpu": 300})
        driven.node("b")
        driven.tell(s.CordonNode, "a")
        for name in "qr":
            driven.pod(name, 200)
        driven.pod("s", 300, priority=priority)
        driven.tell(s.CordonNode, "a", cordoned=False)
        assert moves(driven.foresee(fail=["b"])) == {"q": None, "r": None, "s": None} | {first: "a"}

    def test_who_is_being_deleted_goes_nowhere(self, three):
        three.tell(s.DeletePod, "p")
        assert moves(three.foresee(fail=["a"])) == {"q": "c"}

    def test_one_that_is_down_takes_none_and_keeps_those_whose_lease_is_not_over(self, three):
        three.tell(s.FailNode, "c", lease_left_ms=9)
        three.tell(s.FailNode, "b", lease_left_ms=9)
        assert moves(three.foresee()) == {}
        assert moves(three.foresee(fail=["a"])) == {"p": None, "q": None}
        assert moves(three.foresee(fail=["b"])) == {"r": None}


class TestNodesThatAreDrained:
    def test_their_pods_go_elsewhere(self, three):
        prospect = three.foresee(drain=["a"])
        assert moves(prospect) == {"p": "c", "q": "c"}
        assert {move.cause for move in prospect.moves} == {DRAINED}

    def test_or_stay_for_a_reason(self, three):
        three.pod("s", 200)
        prospect = three.foresee(drain=["a", "b"])
        assert moves(prospect) == {"p": "c", "q": "c", "r": None, "s": None}
        assert prospect.moves[2].reason == "0 of 3 nodes fit: 2 cordoned, 1 insufficient cpu"

    def test_who_stays_takes_its_room_still(self, drive):
        driven = drive()
        driven.node("a")
        driven.pod("p", 800)
        assert driven.foresee(drain=["a"], losses=True).losses.then.pods[0].name == "p"

    def test_they_take_nothing_from_those_that_fail(self, three):
        prospect = three.foresee(fail=["b"], drain=["c"])
        assert moves(prospect) == {"r": None}


class TestNodesThatAreAdded:
    def test_help_those_that_wait(self, three):
        three.pod("large", 4000)
        three.pod("huge", 9000)
        prospect = three.foresee(add=[node("new", 5000)])
        assert moves(prospect) == {"large": "new"}
        (move,) = prospect.moves
        assert (move.cause, move.from_node) == (WAITING, None)
        assert prospect.still_waiting == 1

    def test_make_room_for_those_that_move(self, three):
        assert moves(three.foresee(fail=["a", "b"], add=[node("new")])) == {"p": "c", "q": "c", "r": "new"}

    def test_have_labels_and_taints(self, three):
        three.pod("picky", 100, node_selector={"disk": "ssd"})
        plain, kept = node("plain"), node("kept", labels={"disk": "ssd"}, taints=(Taint("gpu"),))
        assert moves(three.foresee(add=[plain, kept])) == {}
        assert moves(three.foresee(add=[plain, evolve(kept, taints=())])) == {"picky": "kept"}

    def test_who_waits_does_not_go_before_who_matters_more(self, three):
        three.pod("waits", 900)
        three.pod("urgent", 300, priority=9)
        assert three.where()["urgent"] == "b"
        three.tell(s.CordonNode, "c")
        prospect = three.foresee(fail=["b"], add=[node("new")])
        assert moves(prospect) == {"r": "new", "urgent": "new"}


class TestPodsThatAreAskedFor:
    def test_come_after_all_that(self, three):
        prospect = three.foresee(fail=["a"], pods=[spec("s", 300), spec("t", 300)])
        assert [(each.spec.name, each.node_name) for each in prospect.planned] == [("s", "b"), ("t", None)]
        assert "insufficient cpu" in prospect.planned[1].reason

    def test_and_are_told_when_nobody_can_rank_them(self, drive, fussy):
        driven = drive(discipline=fussy)
        driven.node("a")
        driven.pod("large", 5000)
        prospect = driven.foresee(pods=[spec("odd", 9000)])
        assert "ZeroDivisionError" in prospect.planned[0].reason

    def test_or_wait_behind_another(self, drive):
        driven = drive(discipline=FirstComeFirstServed())
        driven.node("a")
        driven.pod("large", 5000)
        (planned,) = driven.foresee(pods=[spec("p", 1)]).planned
        assert planned.reason == "waits behind a pod that fits on no node, which nobody may overtake"


class TestWhatCannotBeSupposed:
    def test_is_told_all_at_once(self, three):
        wanted = WhatIf(
            fail=["a", "x", "b"],
            drain=["b", "c", "c"],
            add=[node("a"), node("new"), node("new")],
            pods=[spec("s", scheduler_name="nope")],
        )
        with pytest.raises(ManifestError) as caught:
            three.cluster.foresee(wanted)
        assert [str(problem) for problem in caught.value.problems] == [
            "fail[1]: there is no node 'x'; see 'kube9 node list'",
            "drain[0]: node 'b' is in fail[2] already; expected each node once in all",
            "drain[2]: node 'c' is in drain[1] already; expected each node once in all",
            "add[0].metadata.name: there is a node 'a' already; give the new one another name",
            "add[2].metadata.name: node 'new' is in add[1].metadata.name already; expected each node once in all",
            "pod 's': there is no scheduler 'nope'; installed: usual",
        ]


class TestTheClusterItself:
    def test_does_not_change(self, three):
        three.deploy("web", 2)
        three.pod("waits", 5000)
        before = three.state()
        three.foresee(fail=["a"], drain=["b"], add=[node("new")], pods=[spec("s")], losses=True)
        assert three.state() == before
        three.cluster.check()
        assert three.tell(s.TimePassed).changes == ()

    def test_may_go_on_meanwhile_which_makes_no_difference(self, three):
        wanted = {"fail": ["a"], "drain": ["b"], "losses": True}
        calm = three.foresee(**wanted)
        steps = three.cluster.foresee(WhatIf(**wanted))
        for name in ("p", "q", "r"):
            next(steps)
            three.tell(s.DeletePod, name)
            three.stopped(name)
        three.node("other")
        three.pod("s", 900)
        assert three.finish(steps) == calm

    def test_a_policy_that_fails_is_a_reason(self, drive):
        @scheduler("broken")
        def broken(pod, nodes):
            if pod.name == "q":
                raise ZeroDivisionError("of all things")
            return nodes.free["cpu"]

        driven = drive(broken)
        driven.node("a")
        driven.node("b")
        driven.pod("p", 100)
        driven.pod("q", 100, scheduler_name="")
        assert "ZeroDivisionError" in driven.pods["q"].reason
        assert driven.foresee(fail=["a"]).still_waiting == 1


POLICIES = st.sampled_from((BestFit(), WorstFit(), Random()))


@given(
    data=st.data(),
    present=st.lists(strategies.pod_specs(per_node=4), max_size=8),
    wanted=st.lists(strategies.pod_specs(per_node=4), max_size=2),
    nodes=st.lists(strategies.node_specs(), min_size=1, max_size=5),
    policy=POLICIES,
    blocks=st.booleans(),
)
def test_what_is_foreseen_comes_to_pass(drive, data, present, wanted, nodes, policy, blocks):
    driven = drive(policy, discipline=FirstComeFirstServed() if blocks else Priority())
    names = [f"n{number}" for number in range(len(nodes))]
    split = data.draw(st.integers(1, len(nodes)))
    for name, each in zip(names[:split], nodes, strict=False):
        join(driven, evolve(each, name=name))
    for number, each in enumerate(present):
        driven.tell(s.LaunchPod, f"p{number}", spec=evolve(each, name=f"p{number}"))
    fates = st.sampled_from(("stays", "fails") if blocks else ("stays", "fails", "is drained", "is cordoned"))
    fate = {name: data.draw(fates) for name in names[:split]}
    for name, its in fate.items():
        if its == "is cordoned":
            driven.tell(s.CordonNode, name)
    added = [evolve(each, name=name) for name, each in zip(names[split:], nodes[split:], strict=True)]
    if added and driven.cluster.waiting:  # of several things that help those that wait, live one is always the first
        fate, added, wanted = {}, added[:1], []
    failing = [name for name, its in fate.items() if its == "fails"]
    draining = [name for name, its in fate.items() if its == "is drained"]
    wanted = [evolve(each, name=f"w{number}") for number, each in enumerate(wanted)]
    before = dict(driven.where())
    prospect = driven.foresee(fail=failing, drain=draining, add=added, pods=wanted)
    for each in added:
        join(driven, each)
    for name in draining:
        driven.tell(s.CordonNode, name)
    driven.fail(*failing)
    for name in draining:
        driven.drain(name)
    for each in wanted:
        driven.tell(s.LaunchPod, each.name, spec=each)
    expected = before | moves(prospect) | {each.spec.name: each.node_name for each in prospect.planned}
    assert {uid: name for uid, name in expected.items() if name is not None} == driven.where()


def join(driven, spec):
    driven.tell(s.AddNode, spec.name, spec=spec)
    driven.tell(s.NodeJoined, spec.name)
