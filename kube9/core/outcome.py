"""What one stimulus led to: what to make durable, what to do, and what to tell."""

from __future__ import annotations

from attrs import frozen

from kube9.core.deployments import Deployment
from kube9.core.events import Event
from kube9.core.nodes import Node
from kube9.core.pods import Pod

__all__ = [
    "Change",
    "CreateNode",
    "DeploymentRemoved",
    "DeploymentStored",
    "DestroyNode",
    "InspectNode",
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


@frozen
class DeploymentStored:
    """Insert or replace a deployment; within one outcome there is at most one change for a uid."""

    deployment: Deployment


@frozen
class DeploymentRemoved:
    uid: str


Change = NodeStored | NodeRemoved | PodStored | PodRemoved | DeploymentStored | DeploymentRemoved


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
class InspectNode:
    """Ask the backend what runs on the node; leads to ``NodeReported`` or ``NodeAbsent``."""

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


Instruction = CreateNode | RestartNode | DestroyNode | InspectNode | StartPod | StopPod


@frozen
class Outcome:
    """What one stimulus led to. Changes: nodes, deployments, pods; instructions and events: as they came about."""

    changes: tuple[Change, ...]
    instructions: tuple[Instruction, ...]
    events: tuple[Event, ...]
