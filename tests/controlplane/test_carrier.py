from __future__ import annotations

from functools import partial

import pytest
from attrs import evolve

from kube9.clocks import VirtualClock
from kube9.controlplane.backends import Backends
from kube9.controlplane.carrier import Carrier
from kube9.controlplane.inbox import Inbox
from kube9.controlplane.settings import PlaneSettings
from kube9.controlplane.tickets import Tickets
from kube9.controlplane.turn import Turn
from kube9.controlplane.view import View
from kube9.core import stimuli as s
from kube9.core.errors import BackendError, NodeGone
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.outcome import (
    CreateNode,
    DestroyNode,
    InspectNode,
    NodeRemoved,
    NodeStored,
    PodRemoved,
    PodStored,
    RestartNode,
    StartPod,
    StopPod,
)
from kube9.core.pods import Pod, PodPhase, PodReport, PodSpec
from kube9.testing.clusters import cluster_with

NODE = Node(uid="n", spec=NodeSpec(name="node"), ordinal=1)
POD = Pod(uid="p", spec=PodSpec(name="pod"), ordinal=2, created_at_ms=0, node_uid="n", epoch=3)
REPORT = PodReport(pod_uid="p", epoch=3, phase=PodPhase.RUNNING)


class Scripted:
    """A backend that notes each call, and fails as long as there are failures."""

    by_agent = False

    def __init__(self):
        self.calls, self.failures = [], []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self._call, name)

    def _call(self, name, node, *more):
        self.calls.append((name, node.uid, *more))
        if self.failures:
            raise self.failures.pop(0)
        return [REPORT] if name == "list_pods" else None


class Bench:
    def __init__(self):
        self.clock, self.inbox, self.view, self.tickets = VirtualClock(), Inbox(100), View(), Tickets("http://here")
        self.backend = Scripted()
        self.view.apply([NodeStored(NODE), PodStored(POD)])
        backends = Backends(lambda name, deliver: self.backend, ["memory"], self.inbox.put)
        self.carrier = Carrier(
            backends=backends,
            tickets=self.tickets,
            view=self.view,
            inbox=self.inbox,
            clock=self.clock,
            settings=PlaneSettings(backend_retry_ms=100, backend_retry_ms_max=300),
        )
        self.carrier.start()

    def carry_out(self, *instructions):
        """What came of them, at once."""
        self.carrier.carry_out(instructions)
        return self.heard()

    def heard(self):
        assert self.carrier.drain(60)
        return self.inbox.take(100, 0)

    def later(self, ms):
        self.clock.advance(ms)
        return self.heard()


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.carrier.close(60)


CALLS = [
    (RestartNode(NODE), ("restart_node", "n")),
    (DestroyNode(NODE), ("destroy_node", "n")),
    (StartPod(NODE, POD), ("start_pod", "n", POD)),
    (StopPod(NODE, POD, 7), ("stop_pod", "n", POD, 7)),
]


@pytest.mark.parametrize("instruction, call", CALLS, ids=str)
def test_an_instruction_is_a_call_and_the_rest_is_the_backends_to_tell(bench, instruction, call):
    assert bench.carry_out(instruction) == []
    assert bench.backend.calls == [call]
    assert bench.carrier.begun == 1


def test_a_node_is_made_with_its_ticket(bench):
    bench.tickets.issue("n")
    bench.carry_out(CreateNode(NODE))
    ((_, _, join),) = bench.backend.calls
    assert join == bench.tickets.ticket("n")
    assert (join.node_uid, join.server_url) == ("n", "http://here")


def test_an_inspected_node_reports_what_runs_on_it(bench):
    assert bench.carry_out(InspectNode(NODE)) == [s.NodeReported(at_ms=0, uid="n", pods=(REPORT,))]


def test_a_node_that_is_gone_when_inspected_is_absent(bench):
    bench.backend.failures = [NodeGone("who?")]
    assert bench.carry_out(InspectNode(evolve(NODE, incarnation="boot-1"))) == [
        s.NodeAbsent(at_ms=0, uid="n", incarnation="boot-1")
    ]


FAILURES = [
    (CreateNode(NODE), s.CreateNodeFailed(at_ms=0, uid="n", reason="no power")),
    (RestartNode(NODE), s.RestartNodeFailed(at_ms=0, uid="n", reason="no power")),
    (StartPod(NODE, POD), s.StartPodFailed(at_ms=0, uid="p", epoch=3, reason="no power")),
]


@pytest.mark.parametrize("instruction, told", FAILURES, ids=str)
def test_what_could_not_begin_is_told_in_the_backends_stead(bench, instruction, told):
    bench.backend.failures = [BackendError("no power")]
    assert bench.carry_out(instruction) == [told]


def test_a_bug_of_a_backend_is_a_failure_like_any_other(bench):
    bench.backend.failures = [ZeroDivisionError("of all things")]
    (told,) = bench.carry_out(CreateNode(NODE))
    assert told.reason.startswith("ZeroDivisionError: of all things")


def test_a_backend_that_is_not_there_any_more_makes_no_node(bench):
    node = Node(uid="n", spec=NodeSpec(name="node", backend="gone"), ordinal=1)
    (told,) = bench.carry_out(CreateNode(node))
    assert told.reason == "there is no backend 'gone'; installed: memory."


AGAIN = [StopPod(NODE, POD, 7), DestroyNode(NODE), InspectNode(NODE)]


@pytest.mark.parametrize("instruction", AGAIN, ids=str)
def test_what_no_stimulus_could_tell_is_tried_again_with_growing_pauses(bench, instruction):
    bench.backend.failures = [BackendError("no answer")] * 4
    bench.carry_out(instruction)
    tries = []
    for _ in range(10):
        bench.later(100)
        tries.append(len(bench.backend.calls))
    assert tries == [2, 2, 3, 3, 3, 4, 4, 4, 5, 5]


@pytest.mark.parametrize(
    "instruction, change",
    [
        (AGAIN[0], PodRemoved("p")),
        (AGAIN[0], PodStored(Pod(uid="p", spec=POD.spec, ordinal=2, created_at_ms=0, node_uid="n", epoch=4))),
        (AGAIN[1], NodeRemoved("n")),
        (AGAIN[2], NodeRemoved("n")),
    ],
    ids=str,
)
def test_nothing_is_tried_again_that_nobody_wants_any_more(bench, instruction, change):
    bench.backend.failures = [BackendError("no answer")]
    bench.carry_out(instruction)
    bench.view.apply([change])
    bench.later(1000)
    assert len(bench.backend.calls) == 1


class TestANodeThatTurnsOutToBeGone:
    @pytest.fixture
    def cluster(self):
        cluster = cluster_with()
        cluster.handle(s.AddNode(at_ms=0, uid="n", spec=NodeSpec(name="node")))
        cluster.handle(s.NodeJoined(at_ms=0, uid="n"))
        cluster.handle(s.LaunchPod(at_ms=0, uid="p", spec=PodSpec(name="pod")))
        return cluster

    @pytest.mark.parametrize("kind", [lambda pod: StartPod(NODE, pod), lambda pod: StopPod(NODE, pod, 0)])
    def test_has_failed_and_the_pod_is_not_blamed(self, bench, cluster, kind):
        bench.backend.failures = [NodeGone("it is down")]
        (errand,) = bench.carry_out(kind(cluster.pods["p"]))
        errand(Turn(cluster, bench.tickets, 1))
        assert (cluster.nodes["n"].phase, cluster.nodes["n"].reason) == (NodePhase.RECOVERING, "it is down")
        assert (cluster.pods["p"].node_uid, cluster.pods["p"].start_failures) == (None, 0)

    def test_is_left_alone_if_it_has_started_anew_by_now(self, bench, cluster):
        bench.backend.failures = [NodeGone("it is down")]
        (errand,) = bench.carry_out(StartPod(NODE, cluster.pods["p"]))
        cluster.handle(s.NodeJoined(at_ms=0, uid="n"))
        errand(Turn(cluster, bench.tickets, 1))
        assert cluster.nodes["n"].phase is NodePhase.READY
        assert cluster.pods["p"].epoch == 2


def test_however_often_an_inspection_is_asked_for_in_vain_it_is_tried_again_once(bench):
    bench.backend.failures = [BackendError("away")] * 5
    for _ in range(5):
        bench.carry_out(InspectNode(NODE))
    assert len(bench.backend.calls) == 5
    bench.later(1_000)
    assert len(bench.backend.calls) == 6
    bench.carry_out(InspectNode(NODE))
    assert len(bench.backend.calls) == 7
