"""One machine: it boots, runs an agent and what that starts, crashes, stands still, and has a clock of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from kube9.agent.brain import Answer, Beat, Brain
from kube9.clocks import VirtualClock
from kube9.simulator.chaos.truth import Truth
from kube9.simulator.chaos.weather import Climate

__all__ = ["Box"]

#: How long a change waits for others, to be told together.
_SOON_MS = 50


class Box:
    """A machine with an agent.

    Whatever runs on it, and all that it does, stands still while it is frozen. While its agent alone is paused, its
    pods run on, and end with the lease all the same: what watches the lease is not the agent's own process.

    :param send: sends a beat to the server.
    """

    def __init__(
        self,
        uid: str,
        clock: VirtualClock,
        rng: random.Random,
        climate: Climate,
        truth: Truth,
        send: Callable[[str, Beat], None],
    ) -> None:
        self.uid = uid
        self._clock, self._rng, self._climate, self._truth, self._send = clock, rng, climate, truth, send
        self._offset_ms = rng.randrange(10**9)
        self._rate = 1 + rng.uniform(-climate.drift, climate.drift)
        self.up = self.frozen = self.paused = self.destroyed = False
        #: It stays down, whoever wants it up.
        self.broken = False
        self._boots = 0
        self.brain = Brain("")
        #: What came for the agent while nothing could take it.
        self._mail: list[Callable[[], None]] = []
        self._next_beat: object = None

    @property
    def own_ms(self) -> int:
        """The time by the machine's own clock."""
        return self.own_ms_at(self._clock.now_ms())

    def own_ms_at(self, at_ms: int) -> int:
        """The same at another moment."""
        return self._offset_ms + int(at_ms * self._rate)

    # The machine.

    def boot(self) -> None:
        """Come up, empty, after a while; whatever ran ends now."""
        if self.destroyed or self.broken:
            return
        self.die()
        life = self._boots
        self._later(self._climate.boot_ms, lambda: self._booted(life))

    def _booted(self, life: int) -> None:
        if self._boots != life or self.up or self.destroyed or self.broken:
            return
        self._boots += 1
        self.up = True
        self._truth.came_up(self.uid)
        self.brain = Brain(f"{self.uid}/{self._boots}/{self._rng.getrandbits(32):08x}")
        self._beat()

    def die(self) -> None:
        """Everything on it ends at once."""
        self._boots += 1
        if self.up:
            self._truth.went_down(self.uid)
        self.up = self.frozen = self.paused = False
        self._mail.clear()
        self._end_all()

    def _end_all(self) -> None:
        for uid in self._truth.pods:
            for place, epoch in self._truth.where(uid):
                if place == self.uid:
                    self._truth.ended(uid, epoch, place)

    def freeze(self, on: bool) -> None:
        """Stand still, with all that runs, or go on. It sees that its lease is over before anything else happens."""
        if not self.up or on == self.frozen:
            return
        self.frozen = on
        if on:
            self._end_all()
            return
        self.fence()
        for copy in self.brain.running():
            self._truth.goes_on(copy.uid, copy.epoch, self.uid)
        self._read_mail()

    def pause_agent(self, on: bool) -> None:
        """Let the agent alone stand still, or go on."""
        if self.up and on != self.paused:
            self.paused = on
            if not on:
                self._read_mail()

    # The agent.

    def fence(self) -> None:
        """End what the lease does not cover any more. Not for the agent to do, who may stand still."""
        if self.up and not self.frozen:
            for uid, epoch in self.brain.fence(self.own_ms):
                self._truth.ended(uid, epoch, self.uid)
                self._truth.kills += 1

    def hear(self, answer: Answer) -> None:
        """An answer came."""
        self._deliver(partial(self._heed, answer))

    def start_pod(self, uid: str, epoch: int, told_after: tuple[str, int], run_ms: int) -> None:
        """The server wants a copy started."""
        self._deliver(partial(self._start, uid, epoch, told_after, run_ms))

    def stop_pod(self, uid: str, epoch: int) -> None:
        """The server wants a copy stopped."""
        self._deliver(partial(self._stop, uid, epoch))

    def _heed(self, answer: Answer) -> None:
        if self.brain.heed(answer):
            self._beat()
        else:
            self._go_on(answer)
        if answer.gone:
            self.fence()
        self._watch_lease(self._clock.now_ms())

    def _go_on(self, answer: Answer) -> None:
        """Nothing is to be told at once."""
        self._beat_in(answer.interval_ms)

    def _watch_lease(self, heard_ms: int) -> None:
        until_ms = self.brain.lease_until_ms
        if until_ms is not None:
            left_ms = int((until_ms - self.own_ms_at(heard_ms)) / self._rate) + 1
            self._call_at(heard_ms + max(0, left_ms), self.fence)

    def _start(self, uid: str, epoch: int, told_after: tuple[str, int], run_ms: int) -> None:
        if self.brain.is_void(told_after):
            self._beat_in(_SOON_MS)
        elif self.brain.start(self.own_ms, uid, epoch):
            life = self._boots
            pause_ms = int(self._rng.uniform(0, self._climate.start_ms))
            self._later(pause_ms, lambda: self._act(life, partial(self._started, uid, epoch, run_ms)))
        self._tell_changes()

    def _started(self, uid: str, epoch: int, run_ms: int) -> None:
        self.fence()
        if not self.brain.has(uid, epoch):
            return
        self.brain.started(uid, epoch)
        self._truth.began(uid, epoch, self.uid)
        if run_ms:
            life = self._boots
            self._later(run_ms, lambda: self._act(life, partial(self._exited, uid, epoch)))
        self._tell_changes()

    def _exited(self, uid: str, epoch: int) -> None:
        if self.brain.has(uid, epoch):
            self._truth.ended(uid, epoch, self.uid)
            self.brain.exited(uid, epoch, 0)
            self._tell_changes()

    def _stop(self, uid: str, epoch: int) -> None:
        if self.brain.stop(uid, epoch):
            self._truth.ended(uid, epoch, self.uid)
            self.brain.stopped(uid, epoch)
        self._tell_changes()

    def _tell_changes(self) -> None:
        """Beat soon where something has changed; several changes at once are told with one beat."""
        if self.brain.changed:
            self._beat_in(_SOON_MS)

    def _beat(self) -> None:
        if self.up and not self.frozen and not self.paused:
            self._send(self.uid, self.brain.beat(self.own_ms))
            # Answers get lost, and beats go on.
            self._beat_in(1_000)

    def _beat_in(self, interval_ms: int) -> None:
        self._beat_at(self._clock.now_ms() + self._spread(interval_ms))

    def _spread(self, interval_ms: int) -> int:
        return int(interval_ms * self._rng.uniform(0.9, 1.0))

    def _beat_at(self, at_ms: int) -> None:
        turn = self._next_beat = object()
        life = self._boots

        def beat() -> None:
            if self._next_beat is turn and self._boots == life:
                if self.frozen or self.paused:
                    self._mail.append(self._beat)
                else:
                    self._beat()

        self._call_at(at_ms, beat)

    # When things happen.

    def _deliver(self, what: Callable[[], None]) -> None:
        """Something came for the agent; a machine that is down loses it, one that stands still gets it later."""
        if self.up:
            self._act(self._boots, what)

    def _act(self, life: int, what: Callable[[], None]) -> None:
        if self._boots != life or not self.up:
            return
        if self.frozen or self.paused:
            self._mail.append(what)
        else:
            what()

    def _read_mail(self) -> None:
        mail, self._mail = self._mail, []
        life = self._boots
        for what in mail:
            self._act(life, what)

    def _call_at(self, at_ms: int, what: Callable[[], None]) -> None:
        self._clock.call_at(at_ms, what)

    def _later(self, pause_ms: int, what: Callable[[], None]) -> None:
        self._clock.call_at(self._clock.now_ms() + pause_ms, what)
