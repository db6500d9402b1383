"""A run in which machines rest that have nothing new to tell, so that whole days pass quickly."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import define, field

from kube9.agent.brain import Answer, Beat
from kube9.simulator.chaos.box import Box
from kube9.simulator.chaos.calmbox import CalmBox
from kube9.simulator.chaos.calmoffice import CalmOffice
from kube9.simulator.chaos.measured import MeasuredWorld
from kube9.simulator.chaos.moments import Moments
from kube9.simulator.chaos.office import Office
from kube9.simulator.chaos.world import Link

__all__ = ["CalmWorld"]


@define(eq=False)
class CalmLink(Link):
    """Its machine is disturbed before it changes."""

    box: CalmBox = field(kw_only=True)
    #: Of its own, so that it does not depend on other machines, nor on when anybody looks.
    rng: random.Random = field(kw_only=True)
    rng_of_answers: random.Random = field(kw_only=True)
    #: How long the next answer takes, where that is known already.
    early: tuple[int, ...] | None = None
    rank: int = field(kw_only=True)
    #: Messages that are in the clock.
    under_way: int = 0
    #: Whether the server knew all that the last beat told, and nothing came between.
    told_all: bool = False

    def disturb(self) -> None:
        """Something changes."""
        self.told_all = False
        self.box.disturb()

    def cut(self, up: bool, down: bool) -> None:
        self.disturb()
        super().cut(up, down)

    def mend(self, up: bool, down: bool) -> None:
        self.disturb()
        super().mend(up, down)


class CalmWorld(MeasuredWorld):
    """The same run, where each machine and its link have chances of their own.

    :param rests: whether machines rest; what comes of it is the same.
    """

    def __init__(self, seed: int, *, clock: Moments, rests: bool = True, **parts: Any) -> None:
        self._moments, self._rests = clock, rests
        self._lines: dict[str, CalmLink] = {}
        self._calm: list[CalmBox] = []
        super().__init__(seed, clock=clock, **parts)

    def catch_up(self) -> None:
        """Have all machines do what is due by now."""
        now_ms = self.clock.now_ms()
        for box in self._calm:
            if box.due_ms <= now_ms:
                box.play()

    def disturb(self, node_uid: str) -> None:
        """Something about that machine, or what the server knows of it, has changed or is about to."""
        line = self._lines.get(node_uid)
        if line is not None:
            line.disturb()

    def disturb_all(self) -> None:
        """The same of every machine."""
        for line in self._lines.values():
            line.disturb()

    def told_all(self, node_uid: str, told: bool) -> None:
        """The server knows now all that the last beat told, or not."""
        self._lines[node_uid].told_all = told

    def _make_office(self, **parts: Any) -> Office:
        self._calm_office = CalmOffice(self, self._moments, told=self._hear, **parts)
        return self._calm_office

    def _make_machine(self, uid: str) -> tuple[Link, Box]:
        rng, rank = random.Random(f"machine/{self.seed}/{uid}"), len(self._calm)
        answers = random.Random(f"answers/{self.seed}/{uid}")
        box = CalmBox(uid, self._moments, rng, self.climate, self.truth, self._send_up, post=self, rank=rank)
        self._calm.append(box)
        line = self._lines[uid] = CalmLink(box=box, rng=rng, rng_of_answers=answers, rank=rank)
        return line, box

    def _end_weather(self) -> None:
        self.disturb_all()
        super()._end_weather()

    # Links.

    def _send(self, link: Link, up: bool, what: Callable[[], None]) -> None:
        assert isinstance(link, CalmLink)
        for delay_ms in self._quality.delays(link.rng):
            self._put_on(link, up, what, self.clock.now_ms() + delay_ms)

    def _put_on(self, line: CalmLink, up: bool, what: Callable[[], None], at_ms: int) -> None:
        def arrive() -> None:
            line.under_way -= 1
            self._arrive(line, up, what)

        line.under_way += 1
        self._moments.call_last(at_ms, line.rank, arrive)

    def answer(self, node_uid: str, answer: Answer) -> None:
        for delay_ms in self.answer_delays(node_uid):
            self.send_answer(node_uid, answer, self.clock.now_ms() + delay_ms)

    def delays(self, uid: str) -> tuple[int, ...]:
        return self._quality.delays(self._lines[uid].rng)

    def answer_delays(self, uid: str) -> tuple[int, ...]:
        line = self._lines[uid]
        early, line.early = line.early, None
        return self._quality.delays(line.rng_of_answers) if early is None else early

    def put_back(self, uid: str, delays: tuple[int, ...]) -> None:
        self._lines[uid].early = delays

    def take(self, uid: str, beat: Beat, at_ms: int) -> Answer:
        return self._calm_office.hear_again(uid, beat, at_ms)

    def send_beat(self, uid: str, beat: Beat, at_ms: int) -> None:
        self._put_on(self._lines[uid], True, partial(self.office.beat, uid, beat), at_ms)

    def send_answer(self, uid: str, answer: Answer, at_ms: int) -> None:
        self._put_on(self._lines[uid], False, partial(self.boxes[uid].hear, answer), at_ms)

    def is_calm(self, uid: str) -> bool:
        line = self._lines[uid]
        return (
            self._rests
            and line.told_all
            and not (line.under_way or line.up_cut or line.down_cut or self._quality.twice)
            and self.office.up
            and not self.office.paused
            and self._calm_office.is_settled(uid)
        )
