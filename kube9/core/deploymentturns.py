"""What becomes of a deployment when somebody asks for something, or of one of its pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attrs import evolve

from kube9.core import events
from kube9.core import stimuli as s
from kube9.core.binder import Binder
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.errors import Conflict, DuplicateName, UnknownName
from kube9.core.ledger import Ledger
from kube9.core.placing import Placing
from kube9.core.pods import Owner, Pod, renamed
from kube9.core.podturns import PodTurns
from kube9.core.replicas import wish
from kube9.core.settings import Settings
from kube9.core.timers import Timers

__all__ = ["DeploymentTurns"]


class DeploymentTurns:
    """Handles every stimulus about a deployment, and keeps the number of its pods."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        binder: Binder,
        placing: Placing,
        pod_turns: PodTurns,
        timers: Timers,
        settings: Settings,
    ) -> None:
        self._ledger, self._binder, self._placing, self._pod_turns = ledger, binder, placing, pod_turns
        self._timers, self._settings = timers, settings
        #: By uid, until when a deployment launches nothing, because its pods end again and again.
        self.resting: dict[str, int] = {}
        self.handlers: Mapping[type[s.Stimulus], Callable[[Any], None]] = {
            s.ApplyDeployment: self._apply,
            s.DeleteDeployment: self._delete,
            s.ScaleDeployment: self._scale,
        }

    # Requests.

    def _apply(self, stimulus: s.ApplyDeployment) -> None:
        ledger, spec = self._ledger, stimulus.spec
        if spec.template.scheduler_name not in self._binder.pipelines:
            raise UnknownName.of("scheduler", spec.template.scheduler_name, filter(None, self._binder.pipelines))
        uid = ledger.deployment_uids.get((spec.namespace, spec.name))
        if uid is not None:
            self._change(ledger.deployments[uid], spec)
            return
        if stimulus.uid in ledger.deployments:
            raise DuplicateName(f"there is a deployment with uid {stimulus.uid!r} already")
        self._put(Deployment(uid=stimulus.uid, spec=spec, ordinal=ledger.next_ordinal(), created_at_ms=ledger.now_ms))

    def _change(self, deployment: Deployment, spec: DeploymentSpec) -> None:
        if deployment.deleting:
            raise Conflict(
                f"deployment {spec.name!r} in namespace {spec.namespace!r} is being deleted; wait until it is"
            )
        if spec == deployment.spec:
            return
        revision = deployment.revision + (spec.template != deployment.spec.template)
        self._put(evolve(deployment, spec=spec, revision=revision))

    def _scale(self, stimulus: s.ScaleDeployment) -> None:
        deployment = self._ledger.asked_deployment(stimulus.uid)
        self._change(deployment, evolve(deployment.spec, replicas=stimulus.replicas))

    def _delete(self, stimulus: s.DeleteDeployment) -> None:
        deployment = evolve(self._ledger.asked_deployment(stimulus.uid), deleting=True)
        self._ledger.put_deployment(deployment)
        for pod in self._pods(deployment):
            self._pod_turns.delete(pod, stimulus.grace_ms)

    def _put(self, deployment: Deployment) -> None:
        """A change that somebody asked for ends every pause."""
        deployment = evolve(deployment, failures=0)
        self._ledger.put_deployment(deployment)
        self._ledger.tell(events.DeploymentApplied, deployment=deployment)
        self.resting.pop(deployment.uid, None)

    # Keeping the number.

    def settle(self) -> None:
        """Launch what is missing and delete what is too much, wherever something has happened."""
        for pod in self._ledger.ended:
            self._count_end(pod)
        unsettled = self._ledger.unsettled
        while unsettled:
            uid = next(iter(unsettled))
            del unsettled[uid]
            deployment = self._ledger.deployments.get(uid)
            if deployment is not None:
                self._keep(deployment)

    def _keep(self, deployment: Deployment) -> None:
        ledger = self._ledger
        if deployment.deleting and not ledger.owned[deployment.uid].members:
            ledger.remove_deployment(deployment)
            self.resting.pop(deployment.uid, None)
            ledger.tell(events.DeploymentDeleted, deployment=deployment)
            return
        wanted = wish(deployment, ledger.owned[deployment.uid])
        if wanted.launch and deployment.uid not in self.resting:
            self._launch(deployment, wanted.launch)
        for pod in wanted.delete:
            self._pod_turns.delete(pod, self._drain_grace_ms(pod))

    def _drain_grace_ms(self, pod: Pod) -> int | None:
        """What whoever drains the node of a pod that leaves gives it to stop."""
        drain = self._ledger.node_of(pod).drain if pod.leaving else None
        return None if drain is None else drain.grace_ms

    def _launch(self, deployment: Deployment, count: int) -> None:
        ledger, spec = self._ledger, deployment.spec
        number, owner = deployment.launched, Owner(deployment.uid, deployment.revision)
        names: list[tuple[int, str]] = []
        while len(names) < count:
            number += 1
            name = f"{spec.name}-{number}"
            if (spec.namespace, name) not in ledger.pod_uids and f"{deployment.uid}-{number}" not in ledger.pods:
                names.append((number, name))
        ledger.put_deployment(evolve(deployment, launched=number))
        for number, name in names:
            pod_spec = renamed(spec.template, spec.namespace, name)
            self._placing.launch_anyway(f"{deployment.uid}-{number}", pod_spec, owner)

    def _count_end(self, pod: Pod) -> None:
        """A pod of a deployment ended: rest before it is replaced if that goes on and on."""
        deployment = self._ledger.deployments[pod.owner.uid] if pod.owner is not None else None
        if deployment is None or deployment.deleting or deployment.uid in self.resting:
            return
        settled = self._ran_ms(pod) >= self._settings.settled_after_ms
        deployment = evolve(deployment, failures=1 if settled else deployment.failures + 1)
        self._ledger.put_deployment(deployment)
        if deployment.failures > 1:
            doubled = self._settings.replace_backoff_ms << min(deployment.failures - 2, 30)
            pause_ms = min(doubled, self._settings.replace_backoff_ms_max)
            self.resting[deployment.uid] = until_ms = self._ledger.now_ms + pause_ms
            self._timers.set(until_ms, partial(self._end_rest, deployment.uid, until_ms))

    def _end_rest(self, uid: str, until_ms: int) -> None:
        if self.resting.get(uid) == until_ms:  # and not that of another rest, the one before having been cut short
            del self.resting[uid]
            self._ledger.unsettled[uid] = None

    @staticmethod
    def _ran_ms(pod: Pod) -> int:
        if pod.started_at_ms is None or pod.finished_at_ms is None:
            return 0
        return pod.finished_at_ms - pod.started_at_ms

    def _pods(self, deployment: Deployment) -> list[Pod]:
        pods = self._ledger.pods
        return [pods[uid] for uid in self._ledger.owned[deployment.uid].members]
