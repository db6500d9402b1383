"""A machine whose beats are worked out when somebody looks, as long as they tell nothing new."""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

from kube9.agent.brain import Answer, Beat
from kube9.simulator.chaos.box import Box
from kube9.simulator.chaos.moments import Moments
from kube9.simulator.chaos.truth import Truth
from kube9.simulator.chaos.weather import Climate

__all__ = ["CalmBox", "Post"]

#: How much of its lease a machine has left that need not watch it: a lost beat and the next one fit in.
_LEASE_LEFT_MS = 2_500
#: The longest time between two beats of machines that rest. They are looked at twice in it, sooner than a beat is
#: repeated to which no answer came.
_INTERVAL_MS_MAX = 1_700
_NEVER = 1 << 62


class Post(Protocol):
    """What is between a machine and the server."""

    def delays(self, uid: str) -> tuple[int, ...]:
        """When a beat of that machine arrives that is sent now: never, once, or twice."""

    def answer_delays(self, uid: str) -> tuple[int, ...]:
        """The same of the answer to it; this may be asked before the beat has come."""

    def put_back(self, uid: str, delays: tuple[int, ...]) -> None:
        """What was asked for too early."""

    def take(self, uid: str, beat: Beat, at_ms: int) -> Answer:
        """Have the server take a beat in that came then, and tells nothing new."""

    def send_beat(self, uid: str, beat: Beat, at_ms: int) -> None:
        """Have a beat arrive then."""

    def send_answer(self, uid: str, answer: Answer, at_ms: int) -> None:
        """Have an answer arrive then."""

    def is_calm(self, uid: str) -> bool:
        """Whether the server knows all that the machine tells, and nothing is under way between them."""


class _Next(IntEnum):
    """What a machine that rests does next."""

    NOTHING = 0
    BEAT = 1
    #: Its beat arrives.
    ARRIVE = 2
    #: The answer arrives.
    HEED = 3


class CalmBox(Box):
    """Does what :class:`Box` does, at the same moments and with the same chances, for less.

    After an answer to a beat that told nothing new it rests: the beats that follow are not put into the clock, but made
    up for by :meth:`play`. Whoever is about to do something to it, or to read what it does, calls that first, or
    :meth:`disturb`. A beat that is lost does not end the rest; one that is late does.
    """

    def __init__(
        self,
        uid: str,
        clock: Moments,
        rng: random.Random,
        climate: Climate,
        truth: Truth,
        send: Callable[[str, Beat], None],
        *,
        post: Post,
        rank: int,
    ) -> None:
        super().__init__(uid, clock, rng, climate, truth, self._send_latest)
        self._send_on, self._latest = send, 0
        self._moments, self._post, self._rank = clock, post, rank
        self._next = _Next.NOTHING
        #: When it does that; and when it beats again if no answer comes, and has heard the last one.
        self.due_ms = _NEVER
        self._again_ms = self._heeded_ms = 0
        self._under_way: Beat | Answer | None = None
        self._answer_delays: tuple[int, ...] = ()
        #: Whether what comes next is such that it has to be in the clock.
        self._ends = False

    def play(self) -> None:
        """Do all that is due by now."""
        if self._next:
            passed_ms = self._moments.passed(self._rank)
            while self.due_ms < passed_ms:
                self._step(self.due_ms)
            if self._next and self._ends:
                self._wake()

    def disturb(self) -> None:
        """Do all that is due by now, and rest no longer."""
        self.play()
        if self._next:
            self._wake()

    # Beats that nobody waits for.

    def _go_on(self, answer: Answer) -> None:
        if not self._may_rest(answer):
            super()._go_on(answer)
            return
        self._next_beat = None
        self._beat_after_answer(answer, self._clock.now_ms())
        if self._ends:
            self._wake()

    def _may_rest(self, answer: Answer) -> bool:
        # Of a beat that was lost the server knows nothing, so it must be the latest that was answered.
        latest = answer.sequence == self._latest and not self.brain.changed
        return latest and not answer.gone and answer.interval_ms <= _INTERVAL_MS_MAX and self._post.is_calm(self.uid)

    def _send_latest(self, uid: str, beat: Beat) -> None:
        self._latest = beat.sequence
        self._send_on(uid, beat)

    def _beat_after_answer(self, answer: Answer, at_ms: int) -> None:
        self._heeded_ms, self._again_ms = at_ms, -1
        self._beat_next(at_ms + self._spread(answer.interval_ms))

    def _beat_next(self, at_ms: int) -> None:
        self._next, self.due_ms = _Next.BEAT, at_ms
        self._ends = self._is_pressed(at_ms)

    def _is_pressed(self, at_ms: int) -> bool:
        """Whether the lease may run out before a beat that is sent then is answered."""
        return (self.brain.lease_until_ms or 0) - self.own_ms_at(at_ms) < _LEASE_LEFT_MS

    def _step(self, at_ms: int) -> None:
        if self._next is _Next.BEAT:
            self._send_at(at_ms)
        elif self._next is _Next.ARRIVE:
            assert isinstance(self._under_way, Beat)
            self._under_way = self._post.take(self.uid, self._under_way, at_ms)
            self._await(_Next.HEED, at_ms, self._answer_delays)
        else:
            assert isinstance(self._under_way, Answer)
            self.brain.heed(self._under_way)
            self._beat_after_answer(self._under_way, at_ms)

    def _send_at(self, at_ms: int) -> None:
        beat = self._under_way = self.brain.beat(self.own_ms_at(at_ms))
        self._latest = beat.sequence
        delays = self._post.delays(self.uid)
        self._again_ms = at_ms + self._spread(1_000)
        self._await(_Next.ARRIVE, at_ms, delays)
        if delays:
            # Asked for now, since it is now that there is time to have in the clock what does not come in order.
            self._answer_delays = self._post.answer_delays(self.uid)
            back_ms = self.due_ms + sum(self._answer_delays)
            self._ends = back_ms >= self._again_ms or (not self._answer_delays and self._is_pressed(self._again_ms))

    def _await(self, what: _Next, at_ms: int, delays: tuple[int, ...]) -> None:
        if delays:
            self._next, self.due_ms = what, at_ms + delays[0]
        else:
            self._beat_next(self._again_ms)

    def _wake(self) -> None:
        """Put what comes next into the clock, as if it had been there since it was decided."""
        coming, at_ms = self._next, self.due_ms
        self._next, self.due_ms = _Next.NOTHING, _NEVER
        if coming is _Next.ARRIVE:
            self._post.put_back(self.uid, self._answer_delays)
        assert at_ms >= self._clock.now_ms(), f"{self.uid} overslept"
        if coming is _Next.BEAT and at_ms != self._again_ms:
            self._beat_at(at_ms)
            self._watch_lease(self._heeded_ms)
            return
        self._watch_lease(self._heeded_ms)
        if coming is _Next.BEAT:
            self._beat_at(at_ms)
        elif isinstance(self._under_way, Beat):
            self._post.send_beat(self.uid, self._under_way, at_ms)
            self._beat_at(self._again_ms)
        elif self._under_way is not None:
            self._beat_at(self._again_ms)
            self._post.send_answer(self.uid, self._under_way, at_ms)

    # What disturbs.

    def boot(self) -> None:
        self.disturb()
        super().boot()

    def die(self) -> None:
        self.disturb()
        super().die()

    def freeze(self, on: bool) -> None:
        self.disturb()
        super().freeze(on)

    def pause_agent(self, on: bool) -> None:
        self.disturb()
        super().pause_agent(on)

    def _act(self, life: int, what: Callable[[], None]) -> None:
        self.disturb()
        super()._act(life, what)

    def _call_at(self, at_ms: int, what: Callable[[], None]) -> None:
        self._moments.call_last(at_ms, self._rank, what)
