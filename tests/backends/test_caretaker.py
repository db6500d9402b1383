from __future__ import annotations

import pytest

from kube9.backends.behaviour import PodBehaviour
from kube9.backends.memory import MemoryBackend
from kube9.clocks import VirtualClock
from kube9.core.containers import Container, Probe, RestartPolicy, TcpSocketAction
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.ports import JoinTicket
from kube9.core.stimuli import NodeJoined, PodExited, PodHealthChanged, PodStarted

NODE = Node(uid="n", spec=NodeSpec(name="n"), ordinal=1)
TCP = TcpSocketAction(port=80)


class Cared:
    """One pod with containers on a node in memory."""

    def __init__(self, behaviour, *containers, policy="Always", init=()):
        self.clock, self.told = VirtualClock(), []
        self.backend = MemoryBackend(self.clock, self.told.append, behaviour=behaviour)
        self.backend.create_node(NODE, JoinTicket(node_uid="n"))
        self.clock.run_until(0)
        spec = PodSpec(
            name="p",
            containers=containers or (Container(name="web"),),
            init_containers=init,
            restart_policy=RestartPolicy(policy),
        )
        self.pod = Pod(uid="p", spec=spec, ordinal=1, created_at_ms=0, node_uid="n", epoch=1)
        self.backend.start_pod(NODE, self.pod)
        self.steps = 0

    def until(self, at_ms):
        while self.clock.next_at_ms is not None and self.clock.next_at_ms <= at_ms:
            self.clock.run_next()
            self.steps += 1
        self.clock.run_until(at_ms)
        return [line(each) for each in self.told if not isinstance(each, NodeJoined)]

    @property
    def listed(self):
        return [(each.phase, each.ready, each.restarts) for each in self.backend.list_pods(NODE)]


def line(told):
    if isinstance(told, PodExited):
        return f"{told.at_ms} exited {told.exit_code}"
    if isinstance(told, PodStarted | PodHealthChanged):
        word = "started " if isinstance(told, PodStarted) else ""
        return f"{told.at_ms} {word}{'ready' if told.ready else told.reason.split(':')[0]} {told.restarts}"
    return f"{told.at_ms} {type(told).__name__}"


def test_a_container_that_crashes_is_started_again_with_growing_pauses():
    cared = Cared(PodBehaviour(start_delay_ms=5, crash_after_ms=1_000))
    assert cared.until(80_000) == [
        "5 started ready 0",
        "1005 ready 1",
        "2005 CrashLoopBackOff 1",
        "12005 ready 2",
        "13005 CrashLoopBackOff 2",
        "33005 ready 3",
        "34005 CrashLoopBackOff 3",
        "74005 ready 4",
        "75005 CrashLoopBackOff 4",
    ]
    assert cared.listed == [(PodPhase.RUNNING, False, 4)]


@pytest.mark.parametrize(
    "policy,exit_code,last",
    [
        ("Never", 3, "10 exited 3"),
        ("Never", 0, "10 exited 0"),
        ("OnFailure", 0, "10 exited 0"),
        ("OnFailure", 3, "10 ready 1"),
        ("Always", 0, "10 ready 1"),
    ],
)
def test_the_policy_says_whether_a_pod_has_ended(policy, exit_code, last):
    cared = Cared(PodBehaviour(run_for_ms=10, exit_code=exit_code), policy=policy)
    assert cared.until(10) == ["0 started ready 0", last]


def test_a_pod_that_ends_as_soon_as_it_runs_is_told_to_have_run():
    cared = Cared(PodBehaviour(run_for_ms=0), policy="Never")
    assert cared.until(10)[-1] == "0 exited 0"
    assert len(cared.told) == 3
    assert cared.listed == [(PodPhase.SUCCEEDED, False, 0)]


def test_one_that_hangs_fails_its_liveness_probe_in_each_run():
    liveness = Probe(action=TCP, period_ms=10_000, failure_threshold=3)
    cared = Cared(PodBehaviour(hang_after_ms=60_000, stop_delay_ms=500), Container(name="web", liveness=liveness))
    assert cared.until(200_000) == [
        "0 started ready 0",
        "80000 Unhealthy 0",
        "80500 ready 1",
        "160500 Unhealthy 1",
        "161000 CrashLoopBackOff 1",
        "171000 ready 2",
    ]
    assert cared.told[-2].reason == "CrashLoopBackOff: container web failed its liveness probe: it hangs; again in 10 s"


def test_one_that_is_ready_later_is_told_so():
    readiness = Probe(action=TCP, period_ms=1_000, failure_threshold=1)
    cared = Cared(PodBehaviour(ready_after_ms=2_500), Container(name="web", readiness=readiness))
    assert cared.until(10_000) == ["0 started Unhealthy 0", "3000 ready 0"]


def test_the_startup_probe_comes_first():
    probe = Probe(action=TCP, period_ms=1_000, failure_threshold=9)
    cared = Cared(PodBehaviour(ready_after_ms=2_500), Container(name="web", startup=probe, readiness=probe))
    assert cared.until(10_000) == ["0 started NotReady 0", "3000 ready 0"]


def test_init_containers_end_at_once_and_well():
    cared = Cared(PodBehaviour(), init=(Container(name="a"), Container(name="b")))
    assert cared.until(10) == ["0 started ready 0"]


def test_probes_that_can_change_nothing_take_no_steps():
    probe = Probe(action=TCP, period_ms=1_000)
    cared = Cared(PodBehaviour(), Container(name="web", startup=probe, liveness=probe, readiness=probe))
    year_ms = 365 * 86_400_000
    assert cared.until(year_ms) == ["0 started ready 0"]
    assert cared.steps < 5


def test_what_is_stopped_or_dies_with_its_node_is_not_started_again():
    cared = Cared(PodBehaviour(crash_after_ms=1_000, stop_delay_ms=300))
    cared.until(1_900)
    cared.backend.stop_pod(NODE, cared.pod, 1_000)
    assert cared.until(100_000)[2:] == ["2200 StopPodDone"]
    cared = Cared(PodBehaviour(crash_after_ms=1_000))
    cared.until(1_900)
    cared.backend.crash_node("n", 50)
    assert cared.until(100_000) == ["0 started ready 0", "1000 ready 1"]
