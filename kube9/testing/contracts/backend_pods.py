"""What every backend must keep to about pods."""

from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core.containers import RestartPolicy
from kube9.core.pods import PodPhase
from kube9.core.stimuli import PodExited, PodHealthChanged, PodStarted, StartPodFailed, StopPodDone
from kube9.testing.contracts.backend_setting import GRACE_MS, BackendSetting
from kube9.testing.contracts.contract import needs
from kube9.testing.contracts.stage import Stage

__all__ = ["BackendPods"]


class BackendPods(BackendSetting):
    """The part of the contract that is about pods."""

    def test_a_started_pod_is_told_and_listed(self, stage: Stage) -> None:
        """With its uid and epoch, as running."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod(), epoch=7)
        stage.start(node, pod)
        listed = [(report.epoch, report.phase, report.exit_code) for report in stage.reports(node, pod)]
        assert listed == [(7, PodPhase.RUNNING, None)]

    def test_a_pod_started_twice_runs_once(self, stage: Stage) -> None:
        """Also where the second call comes when it runs; and it is told once."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.ask.start_pod(node, pod)
        stage.start(node, pod)
        stage.ask.start_pod(node, pod)
        stage.settle()
        stage.expect_alive(node, pod, [1])
        told = stage.deliveries.of(PodStarted, pod.uid, pod.epoch)
        assert len(told) == 1, f"{pod.name} was told as started {len(told)} times; {stage.story(node)}"
        stage.expect_never(StartPodFailed, node, pod)

    @needs("start-error")
    def test_a_pod_that_cannot_start_is_told_and_why(self, stage: Stage) -> None:
        """And nothing of it runs."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.unstartable_pod())
        stage.ask.start_pod(node, pod)
        stage.expect(StartPodFailed, pod.uid, pod.epoch)
        assert all(each.reason.strip() for each in stage.deliveries.of(StartPodFailed, pod.uid)), "no reason was given"
        assert stage.heard(PodStarted, pod.uid) == 0
        stage.expect_alive(node, pod, [])

    def test_a_stopped_pod_is_told(self, stage: Stage) -> None:
        """Once nothing of it runs."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.start(node, pod)
        stage.ask.stop_pod(node, pod, GRACE_MS)
        stage.expect(StopPodDone, pod.uid, pod.epoch)
        stage.expect_copies(node, pod, 0)

    def test_a_stopped_pod_is_listed_no_more(self, stage: Stage) -> None:
        """It is over and done with."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.start(node, pod)
        stage.ask.stop_pod(node, pod, GRACE_MS)
        stage.settle()
        stage.deliveries.wait_for(lambda: not stage.reports(node, pod), self.patience_ms)
        assert stage.reports(node, pod) == []

    def test_a_pod_that_never_ran_is_told_as_stopped(self, stage: Stage) -> None:
        """So that whoever lost track gets an answer."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.ask.stop_pod(node, pod, GRACE_MS)
        stage.expect(StopPodDone, pod.uid, pod.epoch)

    def test_a_pod_stopped_twice_is_told_after_each(self, stage: Stage) -> None:
        """The second caller may not have heard of the first."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.start(node, pod)
        for times in (1, 2):
            stage.ask.stop_pod(node, pod, GRACE_MS)
            stage.expect(StopPodDone, pod.uid, pod.epoch, times=times)

    def test_a_pod_stopped_right_after_its_start_does_not_run(self, stage: Stage) -> None:
        """However far the start had come."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.ask.start_pod(node, pod)
        stage.ask.stop_pod(node, pod, GRACE_MS)
        stage.expect(StopPodDone, pod.uid, pod.epoch)
        stage.settle()
        stage.expect_alive(node, pod, [])

    def test_a_stop_leaves_another_epoch_alone(self, stage: Stage) -> None:
        """Also where the one that is to be stopped is not there."""
        node = self.joined(stage)
        early, running, late = (stage.new_pod(node, self.long_pod(), epoch=epoch) for epoch in (1, 2, 3))
        stage.start(node, running)
        for other in (early, late):
            stage.ask.stop_pod(node, other, GRACE_MS)
            stage.expect(StopPodDone, other.uid, other.epoch)
        stage.expect_alive(node, running, [2])

    @needs("copies")
    def test_a_stop_leaves_other_epochs_alone(self, stage: Stage) -> None:
        """Neither a younger nor an older copy is meant."""
        node = self.joined(stage)
        copies = [stage.new_pod(node, self.long_pod(), epoch=epoch) for epoch in (1, 2, 3)]
        for copy in copies:
            stage.start(node, copy)
        stage.ask.stop_pod(node, copies[1], GRACE_MS)
        stage.expect(StopPodDone, copies[1].uid, 2)
        stage.expect_alive(node, copies[0], [1, 3])

    def test_a_late_start_of_an_older_epoch_does_not_run(self, stage: Stage) -> None:
        """The pod was bound anew since, and is not to run twice."""
        node = self.joined(stage)
        old, new = (stage.new_pod(node, self.long_pod(), epoch=epoch) for epoch in (1, 2))
        stage.start(node, new)
        stage.ask.start_pod(node, old)
        stage.settle()
        stage.expect_alive(node, new, [2])
        stage.expect_never(PodStarted, node, old)

    def test_a_late_start_of_a_stopped_epoch_does_not_run(self, stage: Stage) -> None:
        """Its stop overtook it, or it came twice."""
        node = self.joined(stage)
        ran, never = (stage.new_pod(node, self.long_pod(), name) for name in ("ran", "never"))
        stage.start(node, ran)
        for pod in (ran, never):
            stage.ask.stop_pod(node, pod, GRACE_MS)
            stage.expect(StopPodDone, pod.uid, pod.epoch)
            stage.ask.start_pod(node, pod)
            stage.settle()
            stage.expect_alive(node, pod, [])

    @needs("exit")
    @pytest.mark.parametrize("exit_code", [0, 3])
    def test_a_pod_that_exits_is_told_once_with_its_code(self, stage: Stage, exit_code: int) -> None:
        """Zero and others."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.short_pod(exit_code))
        stage.ask.start_pod(node, pod)
        stage.expect(PodExited, pod.uid, pod.epoch)
        stage.settle()
        assert [each.exit_code for each in stage.deliveries.of(PodExited, pod.uid)] == [exit_code]

    @needs("exit")
    @pytest.mark.parametrize("exit_code,phase", [(0, PodPhase.SUCCEEDED), (3, PodPhase.FAILED)])
    def test_a_pod_that_exited_is_listed_until_stopped(self, stage: Stage, exit_code: int, phase: PodPhase) -> None:
        """So that an exit that nobody heard of is not lost."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.short_pod(exit_code))
        stage.ask.start_pod(node, pod)
        stage.expect(PodExited, pod.uid, pod.epoch)
        assert [(report.phase, report.exit_code) for report in stage.reports(node, pod)] == [(phase, exit_code)]
        stage.ask.stop_pod(node, pod, GRACE_MS)
        stage.expect(StopPodDone, pod.uid, pod.epoch)
        assert stage.reports(node, pod) == []

    @needs("restart-container")
    def test_a_container_that_ends_is_started_again_on_its_node(self, stage: Stage) -> None:
        """It is the same copy of the pod, which never exits, and each restart is counted."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.crashing_pod(), epoch=3)
        stage.ask.start_pod(node, pod)

        def restarts() -> int:
            told = [each.restarts for each in stage.deliveries.of(PodHealthChanged, pod.uid, 3)]
            return max(told, default=0)

        assert stage.deliveries.wait_for(lambda: restarts() >= 2, self.patience_ms), "nothing of two restarts was told"
        assert stage.heard(PodExited, pod.uid) == 0
        # Between two restarts nothing of it may be there to be counted.
        assert stage.epochs_alive(node, pod) == [3]
        assert [report.restarts >= 2 for report in stage.reports(node, pod)] == [True]

    @needs("restart-container")
    def test_a_container_that_is_never_to_be_started_again_is_not(self, stage: Stage) -> None:
        """The pod has ended with it."""
        node = self.joined(stage)
        pod = stage.new_pod(node, evolve(self.crashing_pod(), restart_policy=RestartPolicy.NEVER))
        stage.ask.start_pod(node, pod)
        stage.expect(PodExited, pod.uid, pod.epoch)
        stage.settle()
        assert [each.restarts for each in stage.deliveries.of(PodHealthChanged, pod.uid) if each.restarts] == []
        stage.expect_alive(node, pod, [])

    @needs("restart-container")
    def test_a_pod_between_two_restarts_can_be_stopped(self, stage: Stage) -> None:
        """And nothing of it is started any more."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.crashing_pod())
        stage.start(node, pod)
        stage.ask.stop_pod(node, pod, GRACE_MS)
        stage.expect(StopPodDone, pod.uid, pod.epoch)
        before = stage.heard(PodHealthChanged, pod.uid)
        stage.settle()
        assert stage.reports(node, pod) == []
        assert stage.heard(PodHealthChanged, pod.uid) == before

    @needs("readiness")
    def test_a_pod_is_told_as_ready_when_it_is(self, stage: Stage) -> None:
        """Not when it runs."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.unready_pod())
        stage.start(node, pod)
        assert [each.ready for each in stage.deliveries.of(PodStarted, pod.uid)] == [False]

        def ready() -> bool:
            return any(each.ready for each in stage.deliveries.of(PodHealthChanged, pod.uid, pod.epoch))

        assert stage.deliveries.wait_for(ready, self.patience_ms), "nobody told that it was ready"
        assert [(report.epoch, report.ready) for report in stage.reports(node, pod)] == [(pod.epoch, True)]
