"""What becomes of a pod when somebody asks for something, or a node reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kube9.core import events, podlife
from kube9.core import stimuli as s
from kube9.core.binder import Binder
from kube9.core.errors import DuplicateName, UnknownName
from kube9.core.ledger import Ledger
from kube9.core.outcome import StartPod, StopPod
from kube9.core.placing import Placing
from kube9.core.pods import Pod, PodPhase, PodReport
from kube9.core.settings import Settings

__all__ = ["PodTurns"]


class PodTurns:
    """Handles every stimulus about a pod."""

    def __init__(self, *, ledger: Ledger, binder: Binder, placing: Placing, settings: Settings) -> None:
        self._ledger, self._binder, self._placing, self._settings = ledger, binder, placing, settings
        self.handlers: Mapping[type[s.Stimulus], Callable[[Any], None]] = {
            s.DeletePod: self._delete,
            s.LaunchPod: self._launch,
            s.PodExited: self._exited,
            s.PodHealthChanged: self._health_changed,
            s.PodStarted: self._started,
            s.StartPodFailed: self._not_started,
            s.StopPodDone: self._stopped,
        }

    # Requests.

    def _launch(self, stimulus: s.LaunchPod) -> None:
        ledger, spec = self._ledger, stimulus.spec
        if (spec.namespace, spec.name) in ledger.pod_uids:
            raise DuplicateName(f"there is a pod {spec.name!r} in namespace {spec.namespace!r} already")
        if stimulus.uid in ledger.pods:
            raise DuplicateName(f"there is a pod with uid {stimulus.uid!r} already")
        if spec.scheduler_name not in self._binder.pipelines:
            raise UnknownName.of("scheduler", spec.scheduler_name, filter(None, self._binder.pipelines))
        self._placing.launch(stimulus.uid, spec)

    def _delete(self, stimulus: s.DeletePod) -> None:
        self.delete(self._ledger.asked_pod(stimulus.uid), stimulus.grace_ms)

    def delete(self, pod: Pod, grace_ms: int | None) -> None:
        """Stop ``pod`` if it has a node, and forget it then; at once if not."""
        if pod.node_uid is None or pod.phase.finished:
            self._placing.withdraw(pod)
            return
        self.stop(podlife.deleting(pod), grace_ms)

    def stop(self, pod: Pod, grace_ms: int | None) -> None:
        """Tell the node of ``pod``, which is deleting or evicting, to stop it; ``None`` for the pod's own grace."""
        self._ledger.put_pod(pod)
        grace_ms = pod.spec.grace_ms if grace_ms is None else grace_ms
        self._ledger.instructions.append(StopPod(self._ledger.node_of(pod), pod, grace_ms))

    # What nodes report.

    def _started(self, stimulus: s.PodStarted) -> None:
        pod = self._ledger.present_copy(stimulus)
        if pod is not None and pod.phase is PodPhase.STARTING:
            self._run(pod, stimulus)

    def _run(self, pod: Pod, told: s.PodStarted | PodReport) -> None:
        pod = podlife.running(pod, self._ledger.now_ms, told.ready, told.restarts, told.reason)
        self._ledger.put_pod(pod)
        self._ledger.tell(events.PodRunning, pod=pod)

    def _health_changed(self, stimulus: s.PodHealthChanged) -> None:
        if (pod := self._ledger.present_copy(stimulus)) is not None:
            self._note_health(pod, stimulus)

    def _note_health(self, before: Pod, told: s.PodHealthChanged | PodReport) -> None:
        pod = podlife.health(before, told.ready, told.restarts, told.reason)
        if pod is None:
            return
        self._ledger.put_pod(pod)
        restarted = pod.restarts > before.restarts
        if restarted:
            self._ledger.tell(events.ContainerRestarted, pod=pod)
        if pod.ready:
            if not before.ready:
                self._ledger.tell(events.PodReady, pod=pod)
        elif before.ready or (pod.reason and not restarted):
            self._ledger.tell(events.PodUnready, pod=pod)

    def _not_started(self, stimulus: s.StartPodFailed) -> None:
        if (pod := self._ledger.present_copy(stimulus)) is not None:
            self._start_failed(pod, stimulus.reason)

    def _start_failed(self, pod: Pod, reason: str) -> None:
        node_name = self._ledger.table.names[self._placing.leave(pod)]
        if pod.deleting:
            self._placing.forget(pod)
            return
        pod = podlife.not_started(pod, f"could not start on {node_name}: {reason}")
        if pod.start_failures >= self._settings.start_attempts:
            self._finish(podlife.finished(pod, self._ledger.now_ms, None, pod.reason))
            return
        self._ledger.put_pod(pod)
        self._ledger.tell(events.PodEvicted, pod=pod, node_name=node_name)
        self._placing.pause(pod, self._settings.start_backoff_ms << (pod.start_failures - 1))

    def _exited(self, stimulus: s.PodExited) -> None:
        if (pod := self._ledger.present_copy(stimulus)) is not None:
            self._end(pod, stimulus.exit_code, stimulus.reason)

    def _end(self, pod: Pod, exit_code: int | None, reason: str) -> None:
        self._placing.leave(pod)
        if pod.deleting:
            self._placing.forget(pod)
        else:
            self._finish(podlife.finished(pod, self._ledger.now_ms, exit_code, reason))

    def _finish(self, pod: Pod) -> None:
        self._placing.finish(pod)
        if pod.owner is not None:
            self._ledger.ended.append(pod)

    def _stopped(self, stimulus: s.StopPodDone) -> None:
        pod = self._ledger.present_copy(stimulus)
        if pod is not None and (pod.deleting or pod.evicting):
            self._gone(pod, "it was moved away")

    def _gone(self, pod: Pod, reason: str) -> None:
        """Nothing of this copy runs any more, and it did not end by itself."""
        node_name = self._ledger.table.names[self._placing.leave(pod)]
        if pod.deleting:
            self._placing.forget(pod)
        else:
            self._placing.requeue(podlife.evicted(pod, reason), node_name)

    # After the control plane was away.

    def adopt(self, pod: Pod, report: PodReport | None) -> None:
        """Go on with a pod that is bound, from what its node says of this very copy; ``None`` if it has none."""
        stopping = pod.deleting or pod.evicting
        if report is None:
            if pod.phase is PodPhase.STARTING and not stopping:
                self._ledger.instructions.append(StartPod(self._ledger.node_of(pod), pod))
            else:
                self._gone(pod, "its node did not run it any more")
        elif report.phase.finished and stopping:  # as it was told to; nobody was there to hear of it
            self._gone(pod, "it was moved away")
        elif report.error:
            self._start_failed(pod, report.error)
        elif report.phase.finished:
            self._end(pod, report.exit_code, report.reason)
        else:
            if report.phase is PodPhase.RUNNING and pod.phase is PodPhase.STARTING:
                self._run(pod, report)
            elif report.phase is pod.phase:
                self._note_health(pod, report)
            if stopping:
                self.stop(self._ledger.pods[pod.uid], None)
