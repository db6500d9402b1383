"""What one stimulus led to: what to make durable, what to do, and what to tell."""

from __future__ import annotations

from attrs import frozen

from kube9.core.events import Event
from kube9.core.nodes import Node
from kube9.core.pods import Pod

__all__ = [
    "Change",
    "CreateNode",
    "DestroyNode",
    "Instruction",
    "NodeRemoved",
    "NodeStored",
    "Outcome",
    "PodRemoved",
    "PodStored",
    "RestartNode",
    "StartPod",
    "StopPod",
]


@frozen
class NodeStored:
    """Insert or replace a node; within one outcome there is at most one change for a uid."""

    node: Node


@frozen
class NodeRemoved:
    uid: str


@frozen
class PodStored:
    """Insert or replace a pod; within one outcome there is at most one change for a uid."""

    pod: Pod


@frozen
class PodRemoved:
    uid: str


Change = NodeStored | NodeRemoved | PodStored | PodRemoved


@frozen
class CreateNode:
    node: Node


@frozen
class RestartNode:
    """A recovery attempt; ``node.recovery_attempts`` says which."""

    node: Node


@frozen
class DestroyNode:
    node: Node


@frozen
class StartPod:
    """Start this epoch of the pod on the node."""

    node: Node
    pod: Pod


@frozen
class StopPod:
    """Stop this epoch of the pod on the node, by force after ``grace_ms``."""

    node: Node
    pod: Pod
    grace_ms: int


Instruction = CreateNode | RestartNode | DestroyNode | StartPod | StopPod


@frozen
class Outcome:
    """The changes of one stimulus, nodes before pods, and its instructions and events in the order they came about."""

    changes: tuple[Change, ...]
    instructions: tuple[Instruction, ...]
    events: tuple[Event, ...]
