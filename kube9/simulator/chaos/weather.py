"""What goes wrong: how links are, and which faults come how often. A seed picks the rates as well as the faults."""

from __future__ import annotations

import random

from attrs import field, fields, frozen

from kube9.core.settings import Settings

__all__ = ["Climate", "LinkQuality"]


@frozen(kw_only=True)
class LinkQuality:
    """How one direction of a link treats messages."""

    #: The least time a message takes.
    delay_ms: int = 1
    #: The mean of what comes on top of that, unlike for each message.
    jitter_ms: float = 0.0
    #: The share of messages that are lost.
    loss: float = 0.0
    #: The share of those that come twice.
    twice: float = 0.0
    #: The share of those that take up to ``late_ms`` longer.
    late: float = 0.0
    #: How much longer those take, at most.
    late_ms: int = 0

    def delays(self, rng: random.Random) -> tuple[int, ...]:
        """When a message arrives that is sent now: never, once, or twice."""
        if self.loss and rng.random() < self.loss:
            return ()
        if self.twice and rng.random() < self.twice:
            return self._delay(rng), self._delay(rng)
        return (self._delay(rng),)

    def _delay(self, rng: random.Random) -> int:
        delay = self.delay_ms + (int(rng.expovariate(1 / self.jitter_ms)) if self.jitter_ms else 0)
        if self.late and self.late_ms and rng.random() < self.late:
            delay += rng.randrange(1, self.late_ms + 1)
        return delay


#: Patient and hasty ones: the hasty give nodes up long before their lease is over.
_HEALTH = ("heartbeat", "heartbeat", "heartbeat:suspect_ms=1500,fail_ms=2500", "heartbeat:fail_ms=60000")
#: The time between two faults of a kind, where it is never.
_NEVER = 0


@frozen(kw_only=True)
class Climate:
    """How one run is. Times are means where nothing else is said, those between two faults of the whole cluster's, and
    0 there is never.
    """

    #: How many nodes there are.
    nodes: int = 5
    #: How many pods there are to begin with.
    pods: int = 12
    #: How links are.
    link: LinkQuality = field(factory=LinkQuality)
    #: By what share the clock of a node goes too fast or too slow, at most.
    drift: float = 0.002
    #: How long two crashes are apart: a machine goes down with its pods, until the fault is over or it is restarted.
    crash_every_ms: int = _NEVER
    #: The same of reboots: a machine goes down and comes up at once.
    reboot_every_ms: int = _NEVER
    #: The same of cuts: nothing gets through one link, in either direction.
    cut_every_ms: int = _NEVER
    #: The same of cuts in one direction, whichever.
    one_way_cut_every_ms: int = _NEVER
    #: The same of cuts of several links at once, of any number from one to all.
    partition_every_ms: int = _NEVER
    #: The same of machines that stand still with all that they run, and go on.
    freeze_every_ms: int = _NEVER
    #: The same of agents that stand still while their pods go on.
    agent_pause_every_ms: int = _NEVER
    #: The same of the server standing still.
    server_pause_every_ms: int = _NEVER
    #: The same of the server being killed; it starts again when the fault is over.
    server_restart_every_ms: int = _NEVER
    #: How long a fault lasts.
    fault_ms: int = 20_000
    #: How long what a user asks for is apart.
    user_every_ms: int = 4_000
    #: Whether somebody can restart a node without going through its link, as a hypervisor can.
    remote_hands: bool = True
    #: How long a pod runs; 0 for ever.
    run_ms: int = 0
    #: How long a pod takes to start, at most.
    start_ms: int = 300
    #: How long a machine takes to come up, each time.
    boot_ms: int = 2_000
    #: For how long faults come; no mean.
    storm_ms: int = 120_000
    #: The health check, by name and options, and the lease in beats.
    health: str = "heartbeat"
    lease_intervals: int = 9
    #: How patient the cluster is.
    patience: Settings = field(factory=Settings)

    @property
    def faults(self) -> list[str]:
        """The kinds of fault there are."""
        kinds = [each.name.removesuffix("_every_ms") for each in fields(Climate) if each.name.endswith("_every_ms")]
        return [kind for kind in kinds if kind != "user" and getattr(self, f"{kind}_every_ms")]

    @classmethod
    def draw(cls, seed: int) -> Climate:
        """The climate of a seed: most have a few kinds of fault, some have none, some all."""
        rng = random.Random(f"climate/{seed}")
        share = rng.choice((0.2, 0.5, 1.0))

        def every(low_ms: int, high_ms: int) -> int:
            return int(rng.uniform(low_ms, high_ms)) if rng.random() < share else _NEVER

        link = LinkQuality(
            delay_ms=rng.choice((0, 1, 20, 100, 300)),
            jitter_ms=rng.choice((0.0, 5.0, 100.0)),
            loss=rng.choice((0.0, 0.0, 0.05, 0.3)),
            twice=rng.choice((0.0, 0.0, 0.1)),
            late=rng.choice((0.0, 0.0, 0.02, 0.2)),
            late_ms=rng.choice((2_000, 30_000)),
        )
        return cls(
            nodes=rng.choice((1, 2, 3, 5, 8)),
            pods=rng.choice((1, 4, 12, 25)),
            link=link,
            drift=rng.choice((0.0, 0.002, 0.009)),
            crash_every_ms=every(8_000, 90_000),
            reboot_every_ms=every(8_000, 90_000),
            cut_every_ms=every(5_000, 60_000),
            one_way_cut_every_ms=every(5_000, 60_000),
            partition_every_ms=every(20_000, 90_000),
            freeze_every_ms=every(8_000, 60_000),
            agent_pause_every_ms=every(8_000, 60_000),
            server_pause_every_ms=every(15_000, 90_000),
            server_restart_every_ms=every(10_000, 90_000),
            fault_ms=rng.choice((1_000, 5_000, 20_000, 60_000)),
            user_every_ms=rng.choice((1_000, 4_000, 20_000)),
            remote_hands=rng.random() < 0.6,
            run_ms=rng.choice((0, 0, 30_000)),
            start_ms=rng.choice((0, 300, 5_000)),
            boot_ms=rng.choice((100, 2_000, 15_000)),
            storm_ms=rng.choice((60_000, 120_000, 300_000)),
            health=rng.choice(_HEALTH),
            lease_intervals=rng.choice((3, 9, 9, 25)),
            patience=Settings(
                recovery_attempts=rng.choice((1, 3, 6)),
                flaps_max=rng.choice((1, 2, 100)),
                tried_last_ms=rng.choice((5_000, 60_000)),
                move_burst=rng.choice((1, 3, 1_000)),
                moves_per_s=rng.choice((1, 100)),
                finished_kept=rng.choice((0, 5, 10_000)),
            ),
        )
