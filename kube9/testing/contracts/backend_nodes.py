"""What every backend must keep to about nodes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from attrs import evolve

from kube9.clocks import VirtualClock
from kube9.core.nodes import Node, NodePhase
from kube9.core.stimuli import DestroyNodeDone, NodeFenced, NodeJoined, PodStarted, RestartNodeFailed
from kube9.testing.contracts.backend_setting import GRACE_MS, BackendSetting
from kube9.testing.contracts.contract import needs
from kube9.testing.contracts.stage import Stage

__all__ = ["BackendNodes"]

_MANY_NODES, _PODS_EACH = 4, 3


class BackendNodes(BackendSetting):
    """The part of the contract that is about nodes."""

    def test_a_created_node_joins_once(self, stage: Stage) -> None:
        """Neither twice nor never."""
        node = self.joined(stage)
        stage.settle()
        assert stage.heard(NodeJoined, node.uid) == 1

    def test_a_node_created_twice_joins_once(self, stage: Stage) -> None:
        """Also where the second call comes after it has joined."""
        node = stage.new_node(self.node_spec("node"))
        stage.ask.create_node(node, self.join_ticket(node))
        stage.create(node, self.join_ticket(node))
        stage.ask.create_node(node, self.join_ticket(node))
        stage.settle()
        assert stage.heard(NodeJoined, node.uid) == 1

    def test_nothing_is_delivered_within_a_call(self, stage: Stage) -> None:
        """Whoever calls may hold a lock that the delivery wants."""
        node = stage.new_node(self.node_spec("node"))
        pod = stage.new_pod(node, self.long_pod())
        with stage.deliveries.during_call():
            stage.ask.create_node(node, self.join_ticket(node))
        stage.expect(NodeJoined, node.uid)
        calls: list[Callable[[], None]] = [
            lambda: stage.ask.start_pod(node, pod),
            lambda: stage.ask.stop_pod(node, pod, GRACE_MS),
            lambda: stage.ask.destroy_node(node),
        ]
        for call in calls:
            with stage.deliveries.during_call():
                call()
            stage.settle()
        told = stage.deliveries.within_calls
        assert not told, f"delivered by the thread that called, before the call returned: {told}; let another do it"

    def test_an_unknown_node_runs_nothing(self, stage: Stage) -> None:
        """What asks about pods on a node that was never created raises ``NodeGone``."""
        node = stage.new_node(self.node_spec("node"))
        self.assert_gone(stage, node)

    def test_a_destroyed_node_is_told(self, stage: Stage) -> None:
        """Once it is gone."""
        node = self.joined(stage)
        stage.ask.destroy_node(node)
        stage.expect(DestroyNodeDone, node.uid)

    def test_destroying_an_unknown_node_is_told(self, stage: Stage) -> None:
        """Nothing was to be done, and that is the answer."""
        node = stage.new_node(self.node_spec("node"))
        stage.ask.destroy_node(node)
        stage.expect(DestroyNodeDone, node.uid)

    def test_a_destroyed_node_takes_its_pods_with_it(self, stage: Stage) -> None:
        """Nothing of it is left for anybody to ask about."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.start(node, pod)
        stage.ask.destroy_node(node)
        stage.expect(DestroyNodeDone, node.uid)
        stage.expect_copies(node, pod, 0)
        self.assert_gone(stage, node)

    @needs("restart")
    def test_a_restarted_node_joins_once_more(self, stage: Stage) -> None:
        """One call, one answer."""
        node = self.joined(stage)
        stage.ask.restart_node(node)
        stage.expect(NodeJoined, node.uid, times=2)
        stage.settle()
        assert stage.heard(NodeJoined, node.uid) == 2

    @needs("restart")
    def test_a_restarted_node_is_empty(self, stage: Stage) -> None:
        """Its pods were given to others, so that a survivor would be a second copy."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.start(node, pod)
        stage.ask.restart_node(node)
        stage.expect(NodeJoined, node.uid, times=2)
        left = list(stage.listed(node))
        assert left == [], f"list_pods({node.name}) gives {left}, expected nothing; {stage.story(node)}"
        stage.expect_copies(node, pod, 0)

    @needs("fence", "restart")
    def test_a_restart_that_somebody_waits_for_fences_the_node(self, stage: Stage) -> None:
        """Its pods start elsewhere at that word: by then none of them runs, and it is given before the node is back."""
        node = evolve(self.joined(stage), phase=NodePhase.RECOVERING, lease_left_ms=60_000)
        pod = stage.new_pod(node, self.long_pod())
        stage.start(node, pod)
        stage.ask.restart_node(node)
        stage.expect(NodeFenced, node.uid)
        stage.expect(NodeJoined, node.uid, times=2)
        stage.expect_alive(node, pod, [])
        told = [type(each) for each in stage.deliveries.all if isinstance(each, NodeFenced | NodeJoined)]
        assert told == [NodeJoined, NodeFenced, NodeJoined]

    @needs("lose")
    def test_a_lost_node_runs_nothing(self, stage: Stage) -> None:
        """What asks about pods on a dead node raises ``NodeGone``."""
        node = self.joined(stage)
        self.lose(stage, node)
        self.assert_gone(stage, node)

    @needs("lose", "restart")
    def test_the_restart_of_a_lost_node_is_answered(self, stage: Stage) -> None:
        """Either it is back, empty, or the attempt has failed."""
        node = self.joined(stage)
        stage.start(node, stage.new_pod(node, self.long_pod()))
        self.lose(stage, node)
        stage.ask.restart_node(node)

        def answered() -> bool:
            return stage.heard(NodeJoined, node.uid) == 2 or stage.heard(RestartNodeFailed, node.uid) == 1

        assert stage.deliveries.wait_for(answered, self.patience_ms), "neither NodeJoined nor RestartNodeFailed came"
        if stage.heard(NodeJoined, node.uid) == 2:
            assert list(stage.listed(node)) == []

    @needs("many-nodes")
    def test_many_nodes_at_once_do_not_mix(self, stage: Stage) -> None:
        """Each runs what it was given and nothing else, also where the calls come at once."""
        nodes = [stage.new_node(self.node_spec(f"node-{number}")) for number in range(_MANY_NODES)]

        def fill(node: Node) -> set[str]:
            pods = [stage.new_pod(node, self.long_pod(), f"{node.name}-{number}") for number in range(_PODS_EACH)]
            for pod in pods:
                stage.ask.start_pod(node, pod)
            return {pod.uid for pod in pods}

        for node in nodes:
            stage.ask.create_node(node, self.join_ticket(node))
        for node in nodes:
            stage.expect(NodeJoined, node.uid)
        # A virtual clock is for one thread.
        threads = 1 if isinstance(stage.deliveries.clock, VirtualClock) else _MANY_NODES
        with ThreadPoolExecutor(threads) as pool:
            given = dict(zip((node.uid for node in nodes), pool.map(fill, nodes), strict=True))
        for node in nodes:
            for uid in given[node.uid]:
                stage.expect(PodStarted, uid)
            assert {report.pod_uid for report in stage.listed(node)} == given[node.uid]
