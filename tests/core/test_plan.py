from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import stimuli as s
from kube9.core.errors import UnknownName
from kube9.core.nodes import DeviceGroup
from kube9.core.plan import Planned
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.core.policy import scheduler
from kube9.plugins.policies import BestFit, Random, WorstFit
from kube9.plugins.queues import FirstComeFirstServed, Priority
from kube9.testing import strategies


def spec(name, cpu=500, **more):
    return PodSpec(name=name, requests={"cpu": cpu}, **more)


def places(planned):
    return {each.spec.name: each.node_name for each in planned}


def everything(cluster):
    """All of the table and of what the cluster knows, to the last bit."""
    table = cluster.table
    of_devices = (table.devices, table.device_count, table.device_milli, table.device_model, table.device_pods)
    groups = (table.free, table.capacity, *of_devices)
    columns = [{name: column.tobytes() for name, column in group.items()} for group in groups]
    single = [each.tobytes() for each in (table.phase, table.taint_code, table.cordoned, table.schedulable)]
    pods = dict(cluster.pods)
    explained = {uid: cluster.explain(uid) for uid in pods}
    return dict(cluster.nodes), pods, dict(cluster.deployments), columns, single, explained, cluster.waiting


def test_pods_are_planned_in_their_order_each_with_those_before_it_in_place(drive):
    driven = drive()
    driven.node("a", {"cpu": 1000})
    driven.node("b", {"cpu": 600})
    specs = [spec("p", 700), spec("q", 500), spec("r", 500), spec("s", 100)]
    planned = driven.cluster.plan(specs)
    assert planned == (
        Planned(specs[0], "a"),
        Planned(specs[1], "b"),
        Planned(specs[2], None, "0 of 2 nodes fit: 2 insufficient cpu"),
        Planned(specs[3], "a"),
    )


def test_nothing_at_all_has_changed_afterwards(drive):
    driven = drive(BestFit())
    for name in ("a", "b", "c", "d", "e", "f"):
        driven.node(name, {"cpu": 1000}, devices=[DeviceGroup(kind="gpu", count=2)])
    gpu = (DeviceRequest(kind="gpu", count=1, milli=300),)
    for number in range(6):
        driven.pod(f"p{number}", 300, devices=gpu if number % 2 else ())
    driven.pod("waiting", 9000)
    driven.deploy("web", 2)
    before = everything(driven.cluster)
    driven.cluster.plan([spec(f"q{number}", 150, devices=gpu if number % 3 else ()) for number in range(40)])
    driven.cluster.check()
    assert everything(driven.cluster) == before
    assert driven.tell(s.TimePassed).changes == ()


def test_nobody_who_waits_is_helped_or_told_anything(drive):
    driven = drive()
    driven.node("a", {"cpu": 1000})
    driven.pod("waiting", 5000)
    reason = driven.pods["waiting"].reason
    driven.cluster.plan([spec("p", 900)])
    assert driven.tell(s.TimePassed).events == ()
    assert driven.pods["waiting"].reason == reason


def test_devices_are_given_to_one_at_a_time(drive):
    driven = drive()
    driven.node("a", devices=[DeviceGroup(kind="gpu", count=2)])
    whole = (DeviceRequest(kind="gpu", count=1),)
    planned = driven.cluster.plan([spec(name, 1, devices=whole) for name in "pqr"])
    assert places(planned) == {"p": "a", "q": "a", "r": None}
    assert planned[2].reason == "0 of 1 nodes fit: 1 no 1 x 1000 milli of gpu left"
    assert driven.cluster.table.devices["gpu"].tolist() == [[1000, 1000]]


def test_where_there_are_no_nodes_or_no_pods(drive):
    driven = drive()
    assert driven.cluster.plan([spec("p")])[0].reason == "0 of 0 nodes fit"
    assert driven.cluster.plan([]) == ()
    assert driven.cluster.plan(spec(name) for name in "ab")[1].node_name is None


def test_each_pod_is_planned_by_the_scheduler_it_names(drive):
    driven = drive(BestFit(), others={"spread": WorstFit()})
    driven.node("small", {"cpu": 600})
    driven.node("large", {"cpu": 900})
    planned = driven.cluster.plan([spec("p", 100), spec("q", 100, scheduler_name="spread")])
    assert places(planned) == {"p": "small", "q": "large"}


def test_a_scheduler_that_is_not_there(drive):
    driven = drive()
    driven.node("a")
    before = everything(driven.cluster)
    with pytest.raises(UnknownName, match="there is no scheduler 'usaul'; installed: usual. Did you mean 'usual'"):
        driven.cluster.plan([spec("p"), spec("q", scheduler_name="usaul")])
    assert everything(driven.cluster) == before


def test_a_scheduler_that_fails_says_so_of_its_pod_alone(drive):
    @scheduler("broken")
    def broken(pod, nodes):
        raise ZeroDivisionError("of all things")

    driven = drive(others={"broken": broken})
    driven.node("a")
    planned = driven.cluster.plan([spec("p"), spec("q", scheduler_name="broken"), spec("r")])
    assert places(planned) == {"p": "a", "q": None, "r": "a"}
    assert planned[1].reason == ("scheduler 'broken' of some-package 1.2 failed: ZeroDivisionError: of all things")
    assert driven.cluster.table.free["cpu"].tolist() == [1000]


def test_an_error_that_nobody_expected_leaves_nothing_behind(drive):
    class Interrupted(BaseException):
        pass

    @scheduler("moody")
    def moody(pod, nodes):
        if pod.name == "q":
            raise Interrupted
        return np.zeros(len(nodes))

    driven = drive(moody)
    driven.node("a")
    with pytest.raises(Interrupted):
        driven.cluster.plan([spec("p"), spec("q")])
    assert driven.cluster.table.free["cpu"].tolist() == [1000]
    driven.cluster.check()


class TestADisciplineThatBlocks:
    BEHIND = "waits behind a pod that fits on no node, which nobody may overtake"

    def test_lets_nobody_overtake_who_waits_already(self, drive):
        driven = drive(discipline=FirstComeFirstServed())
        driven.node("a")
        driven.pod("large", 5000)
        assert driven.cluster.plan([spec("p", 1)]) == (Planned(spec("p", 1), None, self.BEHIND),)
        driven.tell(s.DeletePod, "large")
        assert places(driven.cluster.plan([spec("p", 1)])) == {"p": "a"}

    def test_nor_who_would_wait_by_the_plan(self, drive):
        driven = drive(discipline=FirstComeFirstServed())
        driven.node("a")
        planned = driven.cluster.plan([spec("p", 1), spec("large", 5000), spec("q", 1)])
        assert places(planned) == {"p": "a", "large": None, "q": None}
        assert planned[1].reason == "0 of 1 nodes fit: 1 insufficient cpu"
        assert planned[2].reason == self.BEHIND

    def test_that_fails_is_told_of(self, drive, fussy):
        fussy.blocks = True
        driven = drive(discipline=fussy)
        driven.node("a")
        driven.pod("large", 5000)
        planned = driven.cluster.plan([spec("odd", 1)])
        assert planned[0].reason == "queue discipline Fussy failed: ZeroDivisionError: of all things"


@given(
    present=st.lists(strategies.pod_specs(per_node=4), max_size=4),
    wanted=st.lists(strategies.pod_specs(per_node=4), min_size=1, max_size=6),
    nodes=st.lists(strategies.node_specs(), max_size=4),
    policy=st.sampled_from((BestFit(), WorstFit(), Random())),
    blocks=st.booleans(),
)
def test_pods_go_where_they_were_planned_to_go(drive, present, wanted, nodes, policy, blocks):
    driven = drive(policy, discipline=FirstComeFirstServed() if blocks else Priority())
    for number, node in enumerate(nodes):
        driven.ask_for(f"n{number}", dict(node.capacity), devices=node.devices, labels=node.labels, taints=node.taints)
        driven.tell(s.NodeJoined, f"n{number}")
    for number, each in enumerate(present):
        driven.tell(s.LaunchPod, f"there{number}", spec=named(each, f"there{number}"))
    wanted = [named(each, f"p{number}") for number, each in enumerate(wanted)]
    before = everything(driven.cluster)
    planned = driven.cluster.plan(wanted)
    assert everything(driven.cluster) == before
    driven.cluster.check()
    for each in wanted:
        driven.tell(s.LaunchPod, each.name, spec=each)
    assert places(planned) == {each.name: driven.pods[each.name].node_uid for each in wanted}


def named(spec, name):
    return evolve(spec, name=name)
