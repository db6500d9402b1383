from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import invariants
from kube9.core import stimuli as s
from kube9.core.nodes import NodeSpec
from kube9.core.twin import Twin
from kube9.plugins.policies import BestFit
from kube9.testing import strategies


def twin_of(driven):
    """As the cluster makes one of itself."""
    cluster = driven.cluster
    return Twin(
        ledger=cluster._ledger,
        binder=cluster._binder,
        waiting=iter(cluster._queue),
        discipline=driven.parts["discipline"],
        settings=driven.parts["settings"],
    )


def check(twin):
    invariants.check_table(twin.ledger)
    invariants.check_places(twin.ledger, twin.queue, set(), ())
    invariants.check_nobody_waits_in_vain(twin.queue, twin.binder, twin.ledger.table)


@given(
    present=st.lists(strategies.pod_specs(per_node=4), max_size=8),
    nodes=st.lists(strategies.node_specs(), min_size=2, max_size=4),
)
def test_whatever_it_goes_through_every_invariant_holds(drive, present, nodes):
    driven = drive(BestFit())
    for number, each in enumerate(nodes):
        driven.tell(s.AddNode, f"n{number}", spec=evolve(each, name=f"n{number}"))
        driven.tell(s.NodeJoined, f"n{number}")
    driven.deploy("web", 2)
    for number, each in enumerate(present):
        driven.tell(s.LaunchPod, f"p{number}", spec=evolve(each, name=f"p{number}"))
    before = driven.state()
    twin = twin_of(driven)
    first, second = list(twin.ledger.nodes.values())[:2]
    twin.add(NodeSpec(name="new", capacity={"cpu": 1000, "memory": 1000}))
    twin.ledger.put_node(twin.failed(first))
    twin.evict_all(first)
    driven.finish(twin.settle())
    check(twin)
    twin.cordon(second)
    for pod in twin.ledger.pods_on(second):
        driven.finish(twin.move(pod))
        check(twin)
    for number, each in enumerate(present):
        driven.finish(twin.launch(f"again{number}", evolve(each, name=f"again{number}")))
        check(twin)
    assert driven.state() == before
    driven.cluster.check()


class TestAFailedNode:
    def test_is_being_recovered_as_it_would_be(self, drive):
        driven = drive()
        driven.node("a")
        failed = twin_of(driven).failed(driven.nodes["a"])
        driven.tell(s.FailNode, "a")
        assert failed == driven.nodes["a"]

    @pytest.mark.parametrize("happens", [[], [s.NodeJoined, s.FailNode]])
    def test_is_what_it_was_if_it_did_not_run(self, drive, happens):
        driven = drive()
        driven.ask_for("a")
        for kind in happens:
            driven.tell(kind, "a")
        assert twin_of(driven).failed(driven.nodes["a"]) == driven.nodes["a"]


def test_who_pauses_before_the_next_try_is_not_queued(drive):
    driven = drive()
    driven.node("a")
    driven.pod("p")
    driven.not_started("p")
    twin = twin_of(driven)
    driven.finish(twin.settle())
    assert twin.ledger.pods["p"].node_uid is None
    assert len(twin.queue) == 0


def test_who_cannot_be_ranked_goes_before_all_others(drive, fussy):
    driven = drive(discipline=fussy)
    driven.node("a")
    driven.pod("p")
    driven.pod("odd")
    twin = twin_of(driven)
    ranks = {name: twin.rank(driven.pods[name]) for name in ("p", "odd")}
    assert ranks["odd"] < ranks["p"]
