"""What leads a pod from one phase to the next. Each function returns the pod after.

Those that every pod goes through are written out: ``evolve`` costs three times as much.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from kube9.core.frozen import FrozenMap
from kube9.core.pods import Owner, Pod, PodPhase, PodReport, PodSpec

# An enumeration's members are looked up anew at each use, which on the path of every pod is worth a name.
_STARTING, _RUNNING = PodPhase.STARTING, PodPhase.RUNNING
_SUCCEEDED, _FAILED = PodPhase.SUCCEEDED, PodPhase.FAILED

#: What a pod without devices holds of them.
NO_DEVICES: Mapping[str, tuple[int, ...]] = FrozenMap()


def bound(pod: Pod, node_uid: str, devices: Mapping[str, tuple[int, ...]]) -> Pod:
    """It got a node, and with it its next epoch."""
    return Pod(
        uid=pod.uid,
        spec=pod.spec,
        ordinal=pod.ordinal,
        created_at_ms=pod.created_at_ms,
        phase=_STARTING,
        node_uid=node_uid,
        epoch=pod.epoch + 1,
        devices=devices,
        owner=pod.owner,
        start_failures=pod.start_failures,
    )


def bound_at_once(
    uid: str,
    spec: PodSpec,
    ordinal: int,
    at_ms: int,
    owner: Owner | None,
    node_uid: str,
    devices: Mapping[str, tuple[int, ...]],
) -> Pod:
    """It came and got a node in one moment."""
    return Pod(
        uid=uid,
        spec=spec,
        ordinal=ordinal,
        created_at_ms=at_ms,
        phase=_STARTING,
        node_uid=node_uid,
        epoch=1,
        devices=devices,
        owner=owner,
    )


def running(pod: Pod, at_ms: int, ready: bool = True, restarts: int = 0, reason: str = "") -> Pod:
    return Pod(
        uid=pod.uid,
        spec=pod.spec,
        ordinal=pod.ordinal,
        created_at_ms=pod.created_at_ms,
        phase=_RUNNING,
        node_uid=pod.node_uid,
        epoch=pod.epoch,
        devices=pod.devices,
        deleting=pod.deleting,
        evicting=pod.evicting,
        leaving=pod.leaving,
        owner=pod.owner,
        started_at_ms=at_ms,
        ready=ready,
        restarts=max(pod.restarts, restarts),
        reason=reason,
    )


def health(pod: Pod, ready: bool, restarts: int, reason: str) -> Pod | None:
    """What its node says of a pod that starts or runs; ``None`` where that is known, or older than what is known."""
    ready = ready and pod.phase is _RUNNING
    if restarts < pod.restarts or (ready, restarts, reason) == (pod.ready, pod.restarts, pod.reason):
        return None
    return evolve(pod, ready=ready, restarts=restarts, reason=reason)


def finished(pod: Pod, at_ms: int, exit_code: int | None, reason: str) -> Pod:
    """It ended by itself; it stays known on the node it ran on, and holds nothing there."""
    return Pod(
        uid=pod.uid,
        spec=pod.spec,
        ordinal=pod.ordinal,
        created_at_ms=pod.created_at_ms,
        phase=_SUCCEEDED if exit_code == 0 else _FAILED,
        node_uid=pod.node_uid,
        epoch=pod.epoch,
        owner=pod.owner,
        started_at_ms=pod.started_at_ms,
        finished_at_ms=at_ms,
        start_failures=pod.start_failures,
        exit_code=exit_code,
        restarts=pod.restarts,
        reason=reason,
    )


def evicted(pod: Pod, reason: str) -> Pod:
    """It lost its node."""
    return evolve(
        pod,
        phase=PodPhase.PENDING,
        node_uid=None,
        devices=NO_DEVICES,
        evicting=False,
        leaving=False,
        started_at_ms=None,
        ready=False,
        reason=reason,
    )


def not_started(pod: Pod, reason: str) -> Pod:
    """Its node could not start it."""
    return evolve(evicted(pod, reason), start_failures=pod.start_failures + 1)


def waiting(pod: Pod, reason: str) -> Pod:
    """It is known why it waits."""
    return evolve(pod, reason=reason)


def deleting(pod: Pod) -> Pod:
    return evolve(pod, deleting=True)


def evicting(pod: Pod) -> Pod:
    """It is being stopped, to run elsewhere."""
    return evolve(pod, evicting=True)


def leaving(pod: Pod, on: bool) -> Pod:
    """It is to go as soon as another one runs in its place, or not any more."""
    return evolve(pod, leaving=on)


def remnant(report: PodReport, node_uid: str) -> Pod:
    """A copy that nobody knows any more, as far as it takes to stop it."""
    spec = PodSpec(name="unknown")
    return Pod(uid=report.pod_uid, spec=spec, ordinal=0, created_at_ms=0, node_uid=node_uid, epoch=report.epoch)
