"""What leads a node from one phase to the next. Each function returns the node after, or ``None`` where it cannot be.

::

    Provisioning -> Ready <-> Suspect -> Failed -> Recovering -> Ready
          |                                 ^          |
          v                                 +----------+ another try, after a while
        Lost <------------------------------------------ no tries left
          |
          +-> Ready, when the machine comes back by itself

    any but Lost -> Provisioning, when it is not there after the control plane was away
"""

from __future__ import annotations

from attrs import evolve

from kube9.core.drains import Drain
from kube9.core.nodes import Node, NodePhase

_P = NodePhase


def joined(node: Node, flaps_max: int, incarnation: str = "") -> Node | None:
    """It is up.

    :param flaps_max: one that failed more often than that in a row is tried last.
    """
    if node.deleting:
        return None
    return evolve(
        node,
        phase=_P.READY,
        recovery_attempts=0,
        reason="",
        lease_left_ms=0,
        tried_last=node.streak > flaps_max,
        incarnation=incarnation or node.incarnation,
    )


def suspected(node: Node, reason: str) -> Node | None:
    return evolve(node, phase=_P.SUSPECT, reason=reason) if node.phase is _P.READY else None


def trusted(node: Node) -> Node | None:
    return evolve(node, phase=_P.READY, reason="") if node.phase is _P.SUSPECT else None


def failed(node: Node, reason: str, *, lease_left_ms: int, at_ms: int, settled_after_ms: int) -> Node | None:
    """It is not counted on any more.

    :param lease_left_ms: for how long its pods may still run there.
    :param settled_after_ms: after so long without a failure the earlier ones do not count.
    """
    if node.phase not in (_P.READY, _P.SUSPECT):
        return None
    again = node.failed_at_ms is not None and at_ms - node.failed_at_ms < settled_after_ms
    return evolve(
        node,
        phase=_P.FAILED,
        failures=node.failures + 1,
        reason=reason,
        lease_left_ms=lease_left_ms,
        failed_at_ms=at_ms,
        streak=node.streak + 1 if again else 1,
        tried_last=False,
    )


def lease_over(node: Node) -> Node | None:
    """Nothing runs there any more."""
    return evolve(node, lease_left_ms=0) if node.lease_left_ms else None


def settled(node: Node) -> Node | None:
    """It has been good for long enough."""
    return evolve(node, tried_last=False) if node.tried_last else None


def recovering(node: Node) -> Node | None:
    """Another recovery attempt begins."""
    if node.phase is not _P.FAILED or node.deleting:
        return None
    return evolve(node, phase=_P.RECOVERING, recovery_attempts=node.recovery_attempts + 1)


def not_recovered(node: Node, reason: str, attempts_max: int) -> Node | None:
    """A recovery attempt failed: another one later, or none."""
    if node.phase is not _P.RECOVERING:
        return None
    if node.recovery_attempts < attempts_max:
        return evolve(node, phase=_P.FAILED, reason=reason)
    return evolve(node, phase=_P.LOST, reason=f"not recovered in {node.recovery_attempts} attempts (last: {reason})")


def not_created(node: Node, reason: str) -> Node | None:
    return evolve(node, phase=_P.LOST, reason=f"not created: {reason}") if node.phase is _P.PROVISIONING else None


def given_up(node: Node, reason: str) -> Node | None:
    if node.phase is _P.LOST:
        return None
    return evolve(node, phase=_P.LOST, reason=reason, lease_left_ms=0, tried_last=False)


def absent(node: Node) -> Node | None:
    """Its backend has nothing of it, or only something that is down; it is made anew."""
    if node.phase in (_P.PROVISIONING, _P.LOST):
        return None
    return evolve(
        node,
        phase=_P.PROVISIONING,
        recovery_attempts=0,
        reason="it was not up when it was looked for",
        lease_left_ms=0,
        tried_last=False,
        # Whatever boot joins next is news, or a node that was only thought to be gone could never come up.
        incarnation="",
    )


def may_be_forgotten(node: Node) -> bool:
    """Whether nothing can run on it any more, as far as anybody knows."""
    return node.phase is _P.PROVISIONING or (node.down and not node.lease_left_ms)


def cordoned(node: Node, on: bool) -> Node | None:
    return evolve(node, cordoned=on) if node.cordoned is not on else None


def draining(node: Node, drain: Drain) -> Node:
    """It is being emptied, and takes no pods."""
    return evolve(node, cordoned=True, drain=drain)


def not_draining(node: Node) -> Node:
    """It is empty, or is not to be any more."""
    return evolve(node, drain=None)


def deleting(node: Node) -> Node:
    return evolve(node, deleting=True)
