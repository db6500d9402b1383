from __future__ import annotations

import pytest

from kube9.core import stimuli as s
from kube9.core.nodes import NodePhase

LEASE_MS = 10_000


class TestOfManyNodes:
    NAMES = tuple(f"n{number}" for number in range(40))

    def pauses_ms(self, drive, backoff_ms=1000):
        """For each node, the pauses before its second and its third recovery, all having failed in one moment."""
        driven = drive(settings={"recovery_backoff_ms": backoff_ms}, checked=False)
        for name in self.NAMES:
            driven.node(name)
        for name in self.NAMES:
            driven.tell(s.FailNode, name)
        pauses = {name: [] for name in self.NAMES}
        for name in self.NAMES:
            driven.tell(s.RestartNodeFailed, name, reason="off")
        failed_ms = dict.fromkeys(self.NAMES, 0)
        while (due_ms := driven.cluster.due_at_ms) is not None:
            for instruction in driven.at(due_ms).tell(s.TimePassed).instructions:
                name = instruction.node.name
                pauses[name].append(due_ms - failed_ms[name])
                failed_ms[name] = due_ms
                driven.tell(s.RestartNodeFailed, name, reason="off")
        return pauses

    def test_are_spread_over_a_quarter_of_the_pause(self, drive):
        pauses = self.pauses_ms(drive)
        for number, pause_ms in enumerate((1000, 2000)):
            each = [pauses[name][number] for name in self.NAMES]
            assert all(pause_ms <= one < 1.25 * pause_ms for one in each)
            assert max(each) - min(each) > pause_ms / 8
            assert len(set(each)) > len(each) / 2

    def test_are_the_same_each_time(self, drive):
        assert self.pauses_ms(drive) == self.pauses_ms(drive)

    def test_are_not_spread_where_there_is_nothing_to_spread_over(self, drive):
        assert set(map(tuple, self.pauses_ms(drive, backoff_ms=1).values())) == {(1, 2)}


def recover(driven):
    """The server goes away in the middle of the first attempt."""
    driven.tell(s.FailNode, "n")


def pause(driven):
    """The server goes away in the pause before the second."""
    recover(driven)
    driven.tell(s.RestartNodeFailed, "n", reason="off")


def cut_off(driven):
    """The server goes away while pods may still run there."""
    driven.tell(s.FailNode, "n", lease_left_ms=LEASE_MS)


class TestAfterTheControlPlaneWasAway:
    """What it was about to do is not done, and nobody answers for what it had begun."""

    @pytest.fixture
    def driven(self, drive):
        driven = drive()
        driven.node("n")
        return driven

    @pytest.mark.parametrize("before,attempt", [(recover, 1), (pause, 2), (cut_off, 1)])
    def test_go_on_as_soon_as_the_node_is_known_to_be_down(self, driven, before, attempt):
        before(driven)
        driven.restart()
        assert driven.told() == ["InspectNode n"]
        driven.tell(s.NodeDied, "n", reason="its agent has ended")
        assert driven.told()[-1] == "RestartNode n"
        assert driven.nodes["n"].recovery_attempts == driven.outcome.instructions[-1].node.recovery_attempts == attempt
        driven.tell(s.NodeDied, "n", reason="its agent has ended")
        assert "RestartNode n" not in driven.told()
        driven.at(10**6).tell(s.TimePassed)
        assert "RestartNode n" not in driven.told()

    @pytest.mark.parametrize("before,attempt,pause_ms", [(recover, 1, 1000), (pause, 2, 1000), (cut_off, 1, LEASE_MS)])
    def test_go_on_after_a_while_where_nobody_can_tell(self, driven, before, attempt, pause_ms):
        before(driven)
        driven.at(5000)
        driven.restart()
        driven.at(5000 + pause_ms - 1).tell(s.TimePassed)
        assert driven.outcome.instructions == ()
        driven.at(5000 + 2 * pause_ms).tell(s.TimePassed)
        assert driven.told()[-1] == "RestartNode n"
        assert driven.nodes["n"].phase is NodePhase.RECOVERING
        assert driven.nodes["n"].recovery_attempts == attempt

    def test_fail_as_any(self, drive):
        driven = drive(settings={"recovery_attempts": 2})
        driven.node("n")
        recover(driven)
        driven.restart()
        driven.tell(s.NodeDied, "n")
        driven.tell(s.RestartNodeFailed, "n", reason="off")
        driven.at(2000).tell(s.TimePassed)
        assert driven.told() == ["NodeRecovering n", "RestartNode n"]
        driven.tell(s.RestartNodeFailed, "n", reason="off")
        assert driven.nodes["n"].phase is NodePhase.LOST

    @pytest.mark.parametrize("before", [recover, pause, cut_off])
    @pytest.mark.parametrize(
        "news",
        [
            [s.NodeReported],
            [s.NodeJoined],
            [s.NodeAbsent],
            [s.GiveUpNode],
            [s.DeleteNode],
            [s.NodeReported, s.FailNode],
        ],
        ids=lambda kinds: " ".join(kind.__name__ for kind in kinds),
    )
    def test_do_not_once_something_else_became_of_the_node(self, driven, before, news):
        before(driven)
        driven.restart()
        for kind in news:
            driven.tell(kind, "n")
        driven.at(10**6).tell(s.TimePassed)
        assert driven.outcome.instructions == ()

    @pytest.mark.parametrize("before", [recover, pause, cut_off])
    def test_do_not_where_it_failed_again_meanwhile(self, driven, before):
        before(driven)
        driven.restart()
        driven.found()
        driven.tell(s.FailNode, "n")
        assert "RestartNode n" in driven.told()
        driven.tell(s.NodeDied, "n")
        assert driven.outcome.instructions == ()

    def test_do_not_where_another_node_has_the_uid_by_now(self, driven):
        recover(driven)
        driven.restart()
        driven.tell(s.DestroyNodeDone, "n")
        driven.node("n")
        recover(driven)
        driven.at(10**6).tell(s.TimePassed)
        assert driven.outcome.instructions == ()

    @pytest.mark.parametrize("end", [s.GiveUpNode, s.DeleteNode])
    def test_do_not_where_the_node_is_lost_or_goes(self, driven, end):
        recover(driven)
        driven.tell(end, "n")
        driven.restart()
        driven.at(10**6).tell(s.TimePassed)
        driven.tell(s.NodeDied, "n")
        assert "RestartNode n" not in driven.told()
