"""What a backend must keep to that hears its nodes itself."""

from __future__ import annotations

from kube9.core.nodes import Node
from kube9.core.stimuli import Heartbeat, NodeJoined
from kube9.testing.contracts.backend_setting import BackendSetting
from kube9.testing.contracts.contract import needs
from kube9.testing.contracts.stage import Stage

__all__ = ["BackendHeartbeats"]


class BackendHeartbeats(BackendSetting):
    """The part of the contract that is about heartbeats, by which it is noticed that a node has died."""

    @needs("heartbeats")
    def test_a_node_that_is_up_is_heard(self, stage: Stage) -> None:
        """Again and again: one that is heard no more is given up, but one that never was is not."""
        _heard_twice(stage, self.joined(stage))

    @needs("heartbeats", "lose")
    def test_a_lost_node_is_heard_no_more(self, stage: Stage) -> None:
        """Until it has joined again. One heartbeat may have been on its way."""
        node = self.joined(stage)
        two_beats_ms = _heard_twice(stage, node)
        joined, before = stage.heard(NodeJoined, node.uid), stage.heard(Heartbeat, node.uid)
        self.lose(stage, node)

        def still_heard() -> bool:
            return stage.heard(NodeJoined, node.uid) == joined and stage.heard(Heartbeat, node.uid) > before + 1

        still = stage.deliveries.wait_for(still_heard, 2 * two_beats_ms)
        assert not still, f"{node.name} is dead and has not joined again, and is heard; {stage.story(node)}"

    @needs("heartbeats", "reconnect")
    def test_after_a_reconnect_its_nodes_are_heard_again(self, stage: Stage) -> None:
        """They are not made anew."""
        node = self.joined(stage)
        self.reconnect(stage, node)
        _heard_twice(stage, node)


def _heard_twice(stage: Stage, node: Node) -> int:
    """Wait until a node was heard, and twice more; returns how long that took from the first on."""
    before = stage.heard(Heartbeat, node.uid)
    _expect_heard(stage, node, before + 1)
    first_ms = stage.deliveries.clock.now_ms()
    _expect_heard(stage, node, before + 3)
    return stage.deliveries.clock.now_ms() - first_ms


def _expect_heard(stage: Stage, node: Node, times: int) -> None:
    heard = stage.deliveries.wait_for(lambda: stage.heard(Heartbeat, node.uid) >= times, stage.patience_ms)
    assert heard, (
        f"{node.name} is up, and {stage.heard(Heartbeat, node.uid)} heartbeats of it came, expected {times} within "
        f"{stage.patience_ms} ms; deliver Heartbeat again and again, or, where its agent beats over HTTP, name "
        f"'heartbeats' in cannot; {stage.story(node)}"
    )
