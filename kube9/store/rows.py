"""Core values as rows, and back.

A row is its state, which is written at every change, and what comes of its spec, which is written when the spec is
another one. The columns of each stand in the order in which the functions give their values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import orjson
from attrs import asdict, frozen
from sqlalchemy import Table

from kube9.core.deployments import Deployment
from kube9.core.drains import Drain
from kube9.core.frozen import FrozenMap
from kube9.core.nodes import Node, NodePhase
from kube9.core.pods import Owner, Pod, PodPhase
from kube9.store import schema
from kube9.store.plaintext import plain_text
from kube9.store.spectext import SpecReader, SpecWriter

__all__ = ["DEPLOYMENTS", "NODES", "PODS", "Row", "RowKind"]

Row = tuple[Any, ...]
V = TypeVar("V", Node, Pod, Deployment)

_NO_DEVICES: Mapping[str, tuple[int, ...]] = FrozenMap()
_NODE_PHASES = {phase.value: phase for phase in NodePhase}
_POD_PHASES = {phase.value: phase for phase in PodPhase}


@frozen
class RowKind(Generic[V]):
    """How the values of one table are written and read."""

    table: Table
    #: Written at every change; the last is the uid.
    state_columns: tuple[str, ...]
    state: Callable[[V], Row]
    #: Written when the spec is another one.
    spec_columns: tuple[str, ...]
    spec: Callable[[V, SpecWriter], Row]
    #: Makes the value of a row: first its state, then what comes of its spec.
    value: Callable[[Row, SpecReader], V]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.state_columns + self.spec_columns


def _node_state(node: Node) -> Row:
    return (
        node.ordinal,
        node.created_at_ms,
        node.phase._value_,
        1 if node.cordoned else 0,
        1 if node.deleting else 0,
        node.failures,
        node.recovery_attempts,
        node.lease_left_ms,
        node.failed_at_ms,
        node.streak,
        1 if node.tried_last else 0,
        plain_text(node.incarnation),
        "" if node.drain is None else _drain_text(node.drain),
        plain_text(node.reason),
        node.token_digest,
        node.uid,
    )


def _node_spec(node: Node, texts: SpecWriter) -> Row:
    return node.spec.name, texts.node(node.spec)


def _node(row: Row, specs: SpecReader) -> Node:
    state, (name, text) = row[:16], row[16:]
    ordinal, created_at_ms, phase, cordoned, deleting, failures, attempts = state[:7]
    lease_left_ms, failed_at_ms, streak, tried_last, incarnation, drain, reason, digest, uid = state[7:]
    return Node(
        uid=uid,
        spec=specs.node(text, name),
        ordinal=ordinal,
        phase=_NODE_PHASES[phase],
        cordoned=bool(cordoned),
        drain=Drain(**orjson.loads(drain)) if drain else None,
        deleting=bool(deleting),
        failures=failures,
        recovery_attempts=attempts,
        lease_left_ms=lease_left_ms,
        failed_at_ms=failed_at_ms,
        streak=streak,
        tried_last=bool(tried_last),
        incarnation=incarnation,
        reason=reason,
        created_at_ms=created_at_ms,
        token_digest=digest,
    )


def _drain_text(drain: Drain) -> str:
    return orjson.dumps({**asdict(drain), "waiting_for": plain_text(drain.waiting_for)}).decode()


def _pod_state(pod: Pod) -> Row:
    owner, devices, reason = pod.owner, pod.devices, pod.reason
    return (
        pod.ordinal,
        pod.created_at_ms,
        # An enumeration's `value` is a property in Python, and this is done for every pod.
        pod.phase._value_,
        pod.node_uid,
        pod.epoch,
        orjson.dumps(devices).decode() if devices else "",
        1 if pod.deleting else 0,
        1 if pod.evicting else 0,
        1 if pod.leaving else 0,
        None if owner is None else owner.uid,
        None if owner is None else owner.revision,
        pod.started_at_ms,
        pod.finished_at_ms,
        pod.start_failures,
        pod.exit_code,
        1 if pod.ready else 0,
        pod.restarts,
        plain_text(reason) if reason else "",
        pod.uid,
    )


def _pod_spec(pod: Pod, texts: SpecWriter) -> Row:
    spec = pod.spec
    return spec.namespace, spec.name, texts.pod(spec)


def _pod(row: Row, specs: SpecReader) -> Pod:
    state, (namespace, name, text) = row[:19], row[19:]
    ordinal, created_at_ms, phase, node_uid, epoch, devices, deleting, evicting, leaving = state[:9]
    owner_uid, revision, started_at_ms, finished_at_ms, start_failures, exit_code = state[9:15]
    ready, restarts, reason, uid = state[15:]
    return Pod(
        uid=uid,
        spec=specs.pod(text, namespace, name),
        ordinal=ordinal,
        created_at_ms=created_at_ms,
        phase=_POD_PHASES[phase],
        node_uid=node_uid,
        epoch=epoch,
        devices=_devices(devices) if devices else _NO_DEVICES,
        deleting=bool(deleting),
        evicting=bool(evicting),
        leaving=bool(leaving),
        owner=None if owner_uid is None else Owner(owner_uid, revision),
        started_at_ms=started_at_ms,
        finished_at_ms=finished_at_ms,
        start_failures=start_failures,
        exit_code=exit_code,
        ready=bool(ready),
        restarts=restarts,
        reason=reason,
    )


def _devices(text: str) -> Mapping[str, tuple[int, ...]]:
    return FrozenMap({kind: tuple(indices) for kind, indices in orjson.loads(text).items()})


def _deployment_state(deployment: Deployment) -> Row:
    return (
        deployment.ordinal,
        deployment.created_at_ms,
        deployment.revision,
        deployment.launched,
        deployment.failures,
        1 if deployment.deleting else 0,
        deployment.uid,
    )


def _deployment_spec(deployment: Deployment, texts: SpecWriter) -> Row:
    spec = deployment.spec
    return spec.namespace, spec.name, texts.deployment(spec)


def _deployment(row: Row, specs: SpecReader) -> Deployment:
    ordinal, created_at_ms, revision, launched, failures, deleting, uid, namespace, name, text = row
    return Deployment(
        uid=uid,
        spec=specs.deployment(text, namespace, name),
        ordinal=ordinal,
        created_at_ms=created_at_ms,
        revision=revision,
        launched=launched,
        failures=failures,
        deleting=bool(deleting),
    )


NODES = RowKind(
    schema.nodes,
    (
        "ordinal",
        "created_at_ms",
        "phase",
        "cordoned",
        "deleting",
        "failures",
        "recovery_attempts",
        "lease_left_ms",
        "failed_at_ms",
        "streak",
        "tried_last",
        "incarnation",
        "drain",
        "reason",
        "token_digest",
        "uid",
    ),
    _node_state,
    ("name", "spec"),
    _node_spec,
    _node,
)
PODS = RowKind(
    schema.pods,
    (
        "ordinal",
        "created_at_ms",
        "phase",
        "node_uid",
        "epoch",
        "devices",
        "deleting",
        "evicting",
        "leaving",
        "owner_uid",
        "owner_revision",
        "started_at_ms",
        "finished_at_ms",
        "start_failures",
        "exit_code",
        "ready",
        "restarts",
        "reason",
        "uid",
    ),
    _pod_state,
    ("namespace", "name", "spec"),
    _pod_spec,
    _pod,
)
DEPLOYMENTS = RowKind(
    schema.deployments,
    ("ordinal", "created_at_ms", "revision", "launched", "failures", "deleting", "uid"),
    _deployment_state,
    ("namespace", "name", "spec"),
    _deployment_spec,
    _deployment,
)
