"""Carries out what the cluster says, on the in-memory backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kube9.backends.memory import MemoryBackend
from kube9.core.errors import NodeGone
from kube9.core.outcome import CreateNode, Instruction, RestartNode, StartPod
from kube9.core.ports import JoinTicket

__all__ = ["Carrier"]


class Carrier:
    """Hands instructions to a backend. In a simulation nobody deletes a node or a pod that was placed."""

    def __init__(self, backend: MemoryBackend) -> None:
        self._backend = backend
        self._how: Mapping[type, Callable[[Any], None]] = {
            CreateNode: self._create_node,
            RestartNode: self._restart_node,
            StartPod: self._start_pod,
        }

    def carry_out(self, instructions: Iterable[Instruction]) -> None:
        """Begin each of ``instructions``; what comes of it the backend delivers."""
        for instruction in instructions:
            self._how[type(instruction)](instruction)

    def _create_node(self, instruction: CreateNode) -> None:
        self._backend.create_node(instruction.node, JoinTicket(node_uid=instruction.node.uid))

    def _restart_node(self, instruction: RestartNode) -> None:
        self._backend.restart_node(instruction.node)

    def _start_pod(self, instruction: StartPod) -> None:
        try:
            self._backend.start_pod(instruction.node, instruction.pod)
        except NodeGone:
            # It is down and nobody has noticed yet. A dead machine gives no answer at all, so the pod is taken to be
            # starting there until the node is known to have failed or joins anew; either moves it.
            return
