from __future__ import annotations

import threading
from contextlib import closing

import numpy as np
import pytest

from kube9.backends.behaviour import NodeBehaviour, PodBehaviour
from kube9.controlplane import digest_of
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import Conflict, DuplicateName, Kube9Error, ManifestError, NotRunning, UnknownName
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.outcome import NodeStored, PodStored
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.policy import scheduler
from kube9.core.settings import Settings
from kube9.core.whatif import WhatIf
from kube9.plugins.health import Heartbeat
from kube9.store import open_store
from kube9.testing.clusters import cluster_with

PATIENCE_S = 60.0
DAY_MS = 86_400_000

#: Pods enough for more than one part of working out what would become of them.
PODS = 1_500


def spec(name, cpu_milli=100, **more):
    return PodSpec(name=name, requests={"cpu": cpu_milli}, **more)


class TestNodes:
    def test_a_node_is_made_and_comes_up(self, world):
        plane = world.start()
        added = plane.add_node(NodeSpec(name="n"), uid="u")
        assert (added.created, added.node.uid, added.node.phase) == (True, "u", NodePhase.PROVISIONING)
        assert added.ticket.node_uid == "u"
        assert added.ticket.token
        world.until_event("NodeReady")
        assert plane.view.node("n").phase is NodePhase.READY
        plane.stop()
        assert [type(event).__name__ for event in world.told] == ["NodeAdded", "NodeReady"]

    def test_the_same_again_is_answered_with_the_one_there_is(self, world):
        plane = world.start()
        node = world.node("n")
        for uid in ("uid-n", "another"):
            added = plane.add_node(NodeSpec(name="n", capacity={"cpu": 1000}), uid=uid)
            assert (added.node, added.ticket, added.created) == (node, None, False)

    @pytest.mark.parametrize("name, uid", [("n", "another"), ("m", "uid-n")])
    def test_another_under_the_same_name_or_uid_is_refused(self, world, name, uid):
        plane = world.start()
        world.node("n")
        with pytest.raises(DuplicateName, match="already, and it is another than what was asked for; choose another"):
            plane.add_node(NodeSpec(name=name, capacity={"cpu": 5}), uid=uid)

    def test_an_unknown_backend_is_refused_and_lists_what_there_is(self, world):
        plane = world.start(backends=("memory", "ssh"))
        with pytest.raises(UnknownName, match="there is no backend 'memry'; installed: memory, ssh. Did you mean"):
            plane.add_node(NodeSpec(name="n", backend="memry"), uid="u")
        assert plane.view.nodes() == []

    def test_one_that_cannot_be_made_is_lost_with_the_reason(self, world):
        plane = world.start()
        plane.add_node(NodeSpec(name="n", options={"speed": "7"}), uid="u")
        world.until_event("NodeLost")
        assert "there is no option 'speed'; expected one of" in plane.view.node("n").reason

    def test_cordon_drain_and_delete(self, world):
        plane = world.start()
        world.node("a")
        world.running("p")
        assert plane.cordon_node("a", True).cordoned
        assert not plane.cordon_node("a", False).cordoned
        world.node("b")
        assert plane.drain_node("a", 0).cordoned
        world.until(lambda view: view.node_name(view.pod("default", "p").node_uid) == "b")
        assert plane.delete_node("a").deleting
        world.until(lambda view: [node.name for node in view.nodes()] == ["b"])
        with pytest.raises(UnknownName, match="there is no node 'a'"):
            plane.delete_node("a")

    def test_one_being_deleted_cannot_be_asked_for_again_yet(self, world):
        plane = world.start(knobs={"node_behaviour": NodeBehaviour(destroy_delay_ms=60_000)})
        world.node("n")
        plane.delete_node("n")
        with pytest.raises(Conflict, match="node 'n' is being deleted; ask again when it is gone"):
            plane.add_node(NodeSpec(name="n", capacity={"cpu": 1000}), uid="another")

    def test_only_one_that_is_down_is_struck_out_by_force(self, world):
        plane = world.start()
        world.node("n")
        with pytest.raises(Conflict):
            plane.delete_node("n", force=True)
        plane.add_node(NodeSpec(name="broken", options={"create_error": "no quota"}), uid="u")
        world.until_event("NodeLost")
        assert plane.delete_node("broken", force=True) is None
        assert [node.name for node in plane.view.nodes()] == ["n"]


class TestPods:
    def test_one_is_bound_before_the_answer_and_then_runs(self, world):
        plane = world.start()
        node = world.node("n")
        launched = plane.launch_pod(spec("p"), uid="u")
        assert (launched.created, launched.pod.node_uid, launched.pod.phase) == (True, node.uid, PodPhase.STARTING)
        assert plane.view.pod("default", "p").epoch == 1
        world.until_event("PodRunning")
        assert plane.view.used(node.uid) == ({"cpu": 100}, 1)

    def test_one_without_room_waits_and_says_why(self, world):
        plane = world.start()
        world.node("n")
        pod = plane.launch_pod(spec("p", 5000), uid="u").pod
        assert (pod.phase, pod.reason) == (PodPhase.PENDING, "0 of 1 nodes fit: 1 insufficient cpu")

    def test_the_same_again_is_answered_with_the_one_there_is(self, world):
        plane = world.start()
        world.node("n")
        plane.launch_pod(spec("p"), uid="u")
        for uid in ("u", "another"):
            again = plane.launch_pod(spec("p"), uid=uid)
            assert (again.created, again.pod.uid) == (False, "u")
        assert len(plane.view.pods()) == 1

    def test_a_long_list_has_one_answer_each_in_order(self, world):
        plane = world.start(settings={"batch_pods": 3})
        world.node("n")
        plane.launch_pod(spec("p4", 7), uid="old")
        wanted = [(f"u{number}", spec(f"p{number}")) for number in range(8)]
        wanted += [("u0", spec("p0")), ("x", spec("x", scheduler_name="none"))]
        answers = plane.launch_pods(wanted)
        assert [getattr(answer, "created", type(answer)) for answer in answers] == [
            *[True] * 4,
            DuplicateName,
            *[True] * 3,
            False,
            UnknownName,
        ]
        assert sorted(pod.name for pod in plane.view.pods()) == [f"p{number}" for number in range(8)]

    def test_two_of_one_name_in_one_list_are_one_pod(self, world):
        plane = world.start()
        first, second = plane.launch_pods([("u", spec("p")), ("v", spec("p"))])
        assert (first.created, second.created, second.pod.uid) == (True, False, "u")

    def test_one_is_deleted_and_its_name_is_free_again(self, world):
        plane = world.start()
        world.node("n")
        world.running("p")
        assert plane.delete_pod("default", "p", 0).deleting
        world.until(lambda view: not view.pods())
        with pytest.raises(UnknownName, match="there is no pod 'p' in namespace 'default'"):
            plane.delete_pod("default", "p")
        assert world.pod("p").uid != "uid-p"

    def test_one_that_waits_is_gone_at_once(self, world):
        plane = world.start()
        world.pod("p")
        assert plane.delete_pod("default", "p").name == "p"
        assert plane.view.pods() == []

    def test_logs_come_from_the_node(self, world):
        plane = world.start()
        world.node("n")
        world.pod("waits", 5000)
        with pytest.raises(Conflict, match="pod 'waits' is Pending on no node, and has no logs"):
            plane.containers.logs("default", "waits")
        world.running("p")
        assert b"running" in b"".join(plane.containers.logs("default", "p"))

    def test_options_of_a_node_are_how_its_pods_behave(self, world):
        world.start()
        world.node("n", options={"run_for_ms": "1", "exit_code": "3"})
        world.pod("p")
        world.until_event("PodFinished")
        assert world.plane.view.pod("default", "p").exit_code == 3


class TestDeployments:
    def test_one_is_applied_scaled_and_deleted(self, world):
        plane = world.start()
        world.node("n")
        wanted = DeploymentSpec(name="web", replicas=2, template=spec("web"))
        applied = plane.apply_deployment(wanted, uid="u")
        assert (applied.created, applied.changed) == (True, True)
        assert [pod.name for pod in plane.view.pods_of("u")] == ["web-1", "web-2"]
        again = plane.apply_deployment(wanted, uid="another")
        assert (again.created, again.changed, again.deployment.uid) == (False, False, "u")
        assert plane.scale_deployment("default", "web", 3).spec.replicas == 3
        world.until(lambda view: len(view.pods_of("u")) == 3)
        changed = plane.apply_deployment(wanted, uid="another")
        assert (changed.created, changed.changed) == (False, True)
        plane.delete_deployment("default", "web", 0)
        world.until(lambda view: not view.deployments() and not view.pods())
        with pytest.raises(UnknownName, match="there is no deployment 'web'"):
            plane.scale_deployment("default", "web", 1)

    def test_a_pod_of_it_that_is_deleted_is_replaced(self, world):
        plane = world.start()
        world.node("n")
        plane.apply_deployment(DeploymentSpec(name="web", template=spec("web")), uid="u")
        world.until_event("PodRunning")
        plane.delete_pod("default", "web-1", 0)
        world.until(lambda view: [pod.name for pod in view.pods_of("u")] == ["web-2"])


class TestQuestions:
    def test_a_plugin_that_fails_is_told_of_once_and_refuses_to_explain(self, world, caplog):
        @scheduler("broken")
        def broken(pod, nodes):
            raise ZeroDivisionError("of all things")

        plane = world.start(cluster=cluster_with(broken))
        world.node("n")
        for name in ("p", "q"):
            plane.ask_for_pod(spec(name), uid=name)
        world.until_event("PodUnschedulable")
        with pytest.raises(Conflict, match="pod 'p': scheduler .* failed: ZeroDivisionError: of all things"):
            plane.explain_pod("default", "p")
        plane.stop()
        assert caplog.text.count("failed: ZeroDivisionError: of all things; first for pod p") == 1

    def test_explain_and_plan_change_nothing(self, world):
        plane = world.start()
        world.node("n")
        world.pod("p", 900)
        revision = plane.view.revision
        assert plane.explain_pod("default", "p").verdicts[0].node_name == "n"
        assert [planned.node_name for planned in plane.plan([spec("q", 100), spec("r", 100)])] == ["n", None]
        with pytest.raises(UnknownName, match="there is no pod 'q'"):
            plane.explain_pod("default", "q")
        world.until_event("PodRunning")
        assert plane.view.revision <= revision + 1

    def test_what_would_become_of_it_changes_nothing(self, world):
        plane = world.start()
        world.node("n")
        world.node("m", 500)
        world.running("p", 900)
        revision = plane.view.revision
        prospect = plane.foresee(WhatIf(fail=["n"], pods=[spec("q", 100)], losses=True))
        assert [(move.pod.name, move.from_node, move.to_node) for move in prospect.moves] == [("p", "n", None)]
        assert [planned.node_name for planned in prospect.planned] == ["m"]
        assert (prospect.losses.nodes, prospect.losses.then.node_name) == (1, "m")
        with pytest.raises(ManifestError, match="there is no node 'x'"):
            plane.foresee(WhatIf(drain=["x"]))
        assert plane.view.revision == revision

    def test_others_are_served_while_that_is_worked_out(self, world):
        asked = []

        @scheduler("nosy")
        def nosy(pod, nodes):
            asked.append(pod.name)
            if len(asked) == PODS + 1:  # the first after all were launched
                plane.ask_for_pod(spec("between", 1), uid="between")
            return -np.arange(len(nodes))

        plane = world.start(cluster=cluster_with(nosy), settings={"foresee_ms": 1})
        world.node("n", 1_000_000)
        world.node("m", 1_000_000)
        plane.launch_pods([(f"u{number}", spec(f"p{number}", 1 + number)) for number in range(PODS)])
        plane.foresee(WhatIf(losses=True))
        assert "between" in asked[: len(asked) - 1]
        assert asked.count("between") == 1

    def test_health_tells_of_every_node(self, world):
        plane = world.start()
        world.node("n")
        (health,) = plane.health()
        assert (health.name, health.phase, health.last_heard_ms_ago, health.suspicion) == ("n", "Ready", None, None)

    def test_status(self, world):
        plane = world.start()
        world.node("n")
        world.pod("p", 5000)
        status = plane.status()
        assert (status.ready, status.reason, status.store_ok, status.pods_waiting) == (True, "", True, 1)
        assert status.turns >= status.commits > 0
        assert (status.last_event_id, status.backends) == (plane.events.last_id, ("memory",))


class TestFaults:
    def test_a_broken_node_is_found_out_and_its_pods_move(self, world):
        plane = world.start(knobs={"heartbeat_ms": 10}, health=Heartbeat(interval_ms=10, suspect_ms=500, fail_ms=1000))
        world.node("a")
        world.running("p")
        world.node("b")
        plane.fail_node("a")
        world.until(lambda view: view.node_name(view.pod("default", "p").node_uid) == "b")
        assert plane.view.pod("default", "p").epoch == 2
        world.until(lambda view: view.node("a").phase is NodePhase.READY)
        assert plane.view.node("a").failures == 1

    def test_a_backend_that_cannot_break_nodes_says_so(self, world):
        plane = world.start(make_backend=lambda name, clock, deliver: Sound(clock, deliver))
        plane.add_node(NodeSpec(name="n", backend="memory"), uid="u")
        with pytest.raises(Conflict, match="backend 'memory', which cannot break nodes on purpose"):
            plane.fail_node("n")

    def test_a_node_that_is_not_there_yet_cannot_be_broken(self, world):
        plane = world.start()
        plane.add_node(NodeSpec(name="n", options={"create_error": "no quota"}), uid="u")
        world.until_event("NodeLost")
        with pytest.raises(Conflict, match="node 'n' is Lost and cannot be broken"):
            plane.fail_node("n")


class Sound:
    """The least that a backend can be: it takes everything on and reports nothing."""

    def __init__(self, clock, deliver):
        pass

    def create_node(self, node, join):
        pass

    restart_node = destroy_node = list_pods = lambda self, node: ()
    start_pod = logs = lambda self, node, pod: ()
    stop_pod = lambda self, node, pod, grace_ms: None  # noqa: E731


class TestHeartbeats:
    def test_a_node_that_beats_has_joined_and_learns_when_to_beat_next(self, world):
        plane = world.start(make_backend=lambda name, clock, deliver: Sound(clock, deliver))
        plane.add_node(NodeSpec(name="n"), uid="u")
        answer = plane.heartbeat("n", uid="u")
        assert 900 <= answer.interval_ms <= 1_000
        assert answer.lease_ms == 30_000
        world.until(lambda view: view.node("n").phase is NodePhase.READY)
        told = plane.status().stimuli_handled
        for _ in range(100):
            plane.heartbeat("n")
        assert (plane.status().stimuli_handled, plane.status().heartbeats) == (told, 101)
        assert plane.health()[0].last_heard_ms_ago < 1000 * PATIENCE_S

    def test_one_of_another_life_is_refused(self, world):
        plane = world.start()
        world.node("n")
        with pytest.raises(UnknownName, match="there is no node 'n' with uid 'old'"):
            plane.heartbeat("n", uid="old")
        with pytest.raises(UnknownName, match="there is no node 'm'"):
            plane.heartbeat("m")


class TestRestart:
    def test_nodes_in_memory_are_made_anew_and_pods_placed_again(self, world):
        plane = world.start()
        world.node("n")
        first = world.running("p")
        digest = plane.view.node("n").token_digest
        last_id = plane.events.last_id
        plane = world.restart()
        world.until_event("PodRunning")
        pod = plane.view.pod("default", "p")
        assert (pod.uid, pod.node_uid, pod.epoch) == (first.uid, first.node_uid, first.epoch + 1)
        assert plane.events.since(0)[0].id == last_id + 1
        assert plane.store.events(limit=1)[0].id == 1
        assert digest

    def test_nodes_that_lived_on_are_adopted_with_their_pods(self, world):
        world.start(outliving=True)
        world.node("n")
        before = world.running("p")
        world.running("q")
        plane = world.restart(outliving=True)
        world.running("r")
        assert plane.view.pod("default", "p") == before
        assert "PodEvicted" not in world.types()
        assert plane.view.used("uid-n").pods == 3

    def test_what_ended_meanwhile_is_learnt(self, world):
        world.start(outliving=True, knobs={"behaviour": PodBehaviour(run_for_ms=DAY_MS, exit_code=3)})
        world.node("n")
        world.running("p")
        world.plane.stop()
        ended = threading.Event()
        world._outliving.listener = lambda _: ended.set()
        world._outliving.clock.come_to_pass()
        assert ended.wait(PATIENCE_S)
        plane = world.start(outliving=True)
        world.until_event("PodFinished")
        assert plane.view.pod("default", "p").exit_code == 3

    def test_a_node_that_was_not_made_yet_gets_another_token(self, world):
        plane = world.start(make_backend=lambda name, clock, deliver: Sound(clock, deliver))
        old = plane.add_node(NodeSpec(name="n"), uid="u").node.token_digest
        asked = []

        class Listening(Sound):
            def create_node(self, node, join):
                asked.append((node, join))

        plane = world.restart(make_backend=lambda name, clock, deliver: Listening(clock, deliver))
        world.until(lambda view: asked and view.node("n").token_digest != old)
        ((_, join),) = asked
        assert plane.view.node("n").token_digest == digest_of(join.token)

    def test_what_is_due_is_done_though_nobody_is_heard(self, world):
        restarted = threading.Event()

        class Silent(Sound):
            def list_pods(self, node):
                return None

            def restart_node(self, node):
                restarted.set()

        patience = Settings(recovery_backoff_ms=10)
        node = Node(uid="u", spec=NodeSpec(name="n"), ordinal=1, created_at_ms=0, phase=NodePhase.FAILED, failures=1)
        pod = Pod(uid="p", spec=spec("p"), ordinal=2, created_at_ms=0, phase=PodPhase.STARTING, node_uid="u", epoch=1)
        with closing(open_store(str(world.path))) as store:
            store.load()
            store.commit([NodeStored(node), PodStored(pod)])
        world.start(make_backend=lambda name, clock, deliver: Silent(clock, deliver), patience=patience)
        world.until(lambda view: view.pod("default", "p").phase is PodPhase.PENDING)
        world.until(lambda view: view.node("n").phase is NodePhase.RECOVERING)
        assert restarted.wait(PATIENCE_S)

    def test_time_goes_on_from_where_it_was(self, world):
        plane = world.start()
        world.node("n")
        loaded_ms = plane.store.load().now_ms
        world.restart()
        world.until_event("NodeReady")
        assert world.plane.events.since(0)[0].at_ms >= loaded_ms


class TestStop:
    def test_before_the_start_and_after_the_stop_nothing_is_taken_on(self, world):
        plane = world.start()
        world.node("n")
        plane.stop()
        for write in (lambda: world.pod("p"), lambda: plane.plan([spec("p")])):
            with pytest.raises(NotRunning, match="the control plane is shutting down"):
                write()
        assert plane.status().reason == "the control plane is shutting down"
        assert plane.view.node("n").name == "n"
        assert not plane.events.wait(plane.events.last_id, PATIENCE_S)
        plane.stop()

    def test_what_was_acknowledged_is_begun_before_the_end(self, world):
        plane = world.start(outliving=True)
        node = world.node("n", 100_000)
        plane.launch_pods([(f"u{number}", spec(f"p{number}")) for number in range(500)])
        plane.stop()
        assert len(world._outliving.machines.list_pods(node)) == 500

    def test_nodes_are_left_running_unless_told_otherwise(self, world):
        plane = world.start(outliving=True)
        node = world.node("n")
        plane.stop()
        assert world._outliving.machines.list_pods(node) == ()
        plane = world.start(outliving=True)
        plane.stop(stop_nodes=True)
        with pytest.raises(Kube9Error, match="was it created, or destroyed"):
            world._outliving.machines.list_pods(node)
        world.start(outliving=True)
        world.until_event("NodeReady")
        assert world.plane.view.node("n").uid == node.uid

    def test_all_who_wait_are_woken(self, world):
        plane = world.start()
        waits = [
            threading.Thread(target=plane.view.wait, args=(10**9, PATIENCE_S * 10)),
            threading.Thread(target=plane.events.wait, args=(10**9, PATIENCE_S * 10)),
        ]
        for thread in waits:
            thread.start()
        plane.stop()
        for thread in waits:
            thread.join(PATIENCE_S)
        assert [thread.is_alive() for thread in waits] == [False, False]


def test_two_in_one_process_know_nothing_of_each_other(world, tmp_path):
    other = type(world)(tmp_path)
    other.path = tmp_path / "other.db"
    try:
        world.start()
        other.start()
        world.node("n")
        other.node("n", 5000)
        world.running("p")
        other.plane.stop()
        world.running("q")
        assert [pod.name for pod in world.plane.view.pods()] == ["p", "q"]
        assert other.plane.view.pods() == []
    finally:
        other.close()
