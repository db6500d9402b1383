"""What a deployment lacks and what it has too much of."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from kube9.core.deployments import Deployment
from kube9.core.pods import Pod, PodPhase

__all__ = ["Wish", "wish"]


@frozen
class Wish:
    """What would bring a deployment nearer to what was asked for."""

    #: How many pods to launch.
    launch: int
    #: Pods to delete.
    delete: tuple[Pod, ...]
    #: Whether pods of an older template are still there; then each pod that starts to run may allow another step.
    rolling: bool = False


def wish(deployment: Deployment, pods: Iterable[Pod]) -> Wish:
    """What ``deployment`` wants, given all ``pods`` it owns.

    Pods of an older template go first, one after the other: of those that run no more at a time than the deployment
    can do without.
    """
    if deployment.deleting:
        return Wish(0, tuple(pod for pod in pods if not pod.deleting))
    alive = [pod for pod in pods if not pod.deleting and not pod.phase.finished]
    want = deployment.spec.replicas
    if len(alive) < want:
        return Wish(want - len(alive), (), any(_is_old(pod, deployment) for pod in alive))
    surplus = sorted(alive, key=lambda pod: _worth(pod, deployment))[: len(alive) - want]
    gone = {pod.uid for pod in surplus}
    kept = [pod for pod in alive if pod.uid not in gone]
    old = [pod for pod in kept if _is_old(pod, deployment)]
    idle = [pod for pod in old if pod.phase is not PodPhase.RUNNING]
    missing = sum(pod.phase is not PodPhase.RUNNING for pod in kept)
    spare = max(0, deployment.spec.max_unavailable - missing)
    running = [pod for pod in old if pod.phase is PodPhase.RUNNING][:spare]
    return Wish(0, (*surplus, *idle, *running), bool(old))


def _is_old(pod: Pod, deployment: Deployment) -> bool:
    return pod.owner is None or pod.owner.revision != deployment.revision


def _worth(pod: Pod, deployment: Deployment) -> tuple[bool, int, int]:
    """What is least to be missed comes first: old ones, those that do not run yet, the youngest."""
    return not _is_old(pod, deployment), _STAGES.index(pod.phase), -pod.ordinal


_STAGES = (PodPhase.PENDING, PodPhase.STARTING, PodPhase.RUNNING)
