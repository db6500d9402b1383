"""The server of a run in which machines rest."""

from __future__ import annotations

from typing import Any, Protocol

from kube9.agent.brain import Answer, Beat
from kube9.core.nodes import Node
from kube9.core.outcome import NodeRemoved, NodeStored, Outcome, PodRemoved, PodStored
from kube9.core.reception import Reception
from kube9.core.stimuli import Stimulus
from kube9.simulator.chaos.moments import Moments
from kube9.simulator.chaos.office import Hands, Office

__all__ = ["CalmOffice", "CalmRun"]


class CalmRun(Hands, Protocol):
    """Whoever knows which machines rest."""

    def catch_up(self) -> None:
        """Have all machines do what is due by now."""

    def disturb(self, node_uid: str) -> None:
        """Something about that machine, or what the server knows of it, has changed or is about to."""

    def disturb_all(self) -> None:
        """The same of every machine."""

    def told_all(self, node_uid: str, told: bool) -> None:
        """The server knows now all that the last beat told, or not."""


class Skimming(Reception):
    """Need not read what it knows."""

    def skim(self, node: Node, beat: Beat, at_ms: int) -> None:
        """Take a beat in that tells nothing new."""
        self._roll.receive(node, beat.boot, beat.token, beat.sequence)
        self._watch.heard(node.uid, at_ms)


class CalmOffice(Office):
    """Sees to it that all is made up for before it reads or does anything."""

    def __init__(self, world: CalmRun, clock: Moments, **parts: Any) -> None:
        self._world = world
        super().__init__(clock, world, **parts)

    def _make_reception(self) -> Reception:
        self._skimming = Skimming(self.watch, self._make_token)
        return self._skimming

    def handle(self, stimulus: Stimulus) -> None:
        self._world.catch_up()
        super().handle(stimulus)

    def _judge(self, life: int) -> None:
        self._world.catch_up()
        super()._judge(life)

    def _act_on(self, outcome: Outcome) -> None:
        for uid in dict.fromkeys(self._concerned(outcome)):
            self._world.disturb(uid)
        super()._act_on(outcome)

    def _concerned(self, outcome: Outcome) -> list[str]:
        """The nodes about which, or about the pods of which, anything has changed."""
        found: list[str | None] = [instruction.node.uid for instruction in outcome.instructions]
        for change in outcome.changes:
            if isinstance(change, NodeStored):
                found.append(change.node.uid)
            elif isinstance(change, NodeRemoved):
                found.append(change.uid)
            elif isinstance(change, (PodStored, PodRemoved)):
                uid = change.pod.uid if isinstance(change, PodStored) else change.uid
                before = self.pods.get(uid)
                found.append(None if before is None else before.node_uid)
                found.append(change.pod.node_uid if isinstance(change, PodStored) else None)
        return [uid for uid in found if uid is not None]

    def answer_to(self, node_uid: str, beat: Beat, at_ms: int) -> Answer | None:
        before = self.stimuli
        answer = super().answer_to(node_uid, beat, at_ms)
        self._world.told_all(node_uid, answer is not None and answer.lease_ms > 0 and self.stimuli == before)
        return answer

    def hear_again(self, node_uid: str, beat: Beat, at_ms: int) -> Answer:
        """The same of a beat that tells nothing but what the one before told, where nothing has changed since."""
        self._skimming.skim(self.cluster.nodes[node_uid], beat, at_ms)
        return Answer(beat.sequence, beat.token, self.watch.lease_ms, self.watch.interval_ms, False, beat.boot)

    def is_settled(self, node_uid: str) -> bool:
        """Whether a node runs just what it should, so that nobody has to be reminded of anything."""
        bound = self.cluster.pods_on(node_uid)
        _, reports = self._told_last.get(node_uid, ((), ()))
        told = {(copy.pod_uid, copy.epoch): copy.phase for copy in reports if not copy.phase.finished}
        return told == {(pod.uid, pod.epoch): pod.phase for pod in bound if not (pod.deleting or pod.evicting)}

    def crash(self) -> None:
        self._world.disturb_all()
        super().crash()

    def restart(self) -> None:
        self._world.disturb_all()
        super().restart()

    def pause(self, on: bool) -> None:
        self._world.disturb_all()
        super().pause(on)
