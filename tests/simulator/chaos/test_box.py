from __future__ import annotations

import random
from itertools import pairwise

import pytest
from attrs import evolve

from kube9.agent.brain import Answer
from kube9.clocks import VirtualClock
from kube9.simulator.chaos.box import Box
from kube9.simulator.chaos.truth import Truth
from kube9.simulator.chaos.weather import Climate

CLIMATE = Climate(boot_ms=2_000, start_ms=0, drift=0.0)
LEASE_MS = 9_000


class Bench:
    """One machine, and a server that hears all its beats and answers when a test wants it to."""

    def __init__(self, climate=CLIMATE, *, seed=1):
        self.clock, self.truth = VirtualClock(), Truth()
        self.beats = []
        self.box = Box("n", self.clock, random.Random(seed), climate, self.truth, self._hear)

    def _hear(self, uid, beat):
        assert uid == "n"
        self.beats.append((self.clock.now_ms(), beat))

    @property
    def last(self):
        return self.beats[-1][1]

    def answer(self, *, lease_ms=LEASE_MS, token="t", gone=False):
        self.box.hear(Answer(self.last.sequence, token, lease_ms, 1_000, gone))

    def up(self):
        """The machine is up, knows its token, and was answered just now."""
        self.box.boot()
        self.clock.advance(2_000)
        self.answer(lease_ms=0)
        self.answer()
        return self

    def start(self, uid="p", epoch=1, run_ms=0):
        self.box.start_pod(uid, epoch, (self.last.boot, self.last.sequence), run_ms)

    def running(self, uid="p"):
        return bool(self.truth.where(uid))

    def listed(self):
        return {copy.uid: copy.phase for copy in self.last.pods}


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def up():
    return Bench().up()


# Booting and beating.


def test_it_comes_up_after_a_while_and_beats(bench):
    bench.box.boot()
    bench.clock.advance(1_999)
    assert (bench.box.up, bench.beats) == (False, [])
    bench.clock.advance(1)
    assert bench.box.up
    ((at_ms, beat),) = bench.beats
    assert (at_ms, beat.token, beat.sequence, beat.pods) == (2_000, "", 1, ())


def test_it_beats_on_without_answers_about_once_a_second(bench):
    bench.box.boot()
    bench.clock.advance(12_000)
    times = [at_ms for at_ms, _ in bench.beats]
    assert all(900 <= after - before <= 1_000 for before, after in pairwise(times))
    assert [beat.sequence for _, beat in bench.beats] == list(range(1, len(times) + 1))


def test_it_beats_as_often_as_it_is_asked_to(up):
    up.beats.clear()
    up.clock.advance(900)
    while not up.beats:
        up.clock.advance(1)
    up.box.hear(Answer(up.last.sequence, "t", LEASE_MS, 5_000, False))
    count = len(up.beats)
    up.clock.advance(4_499)
    assert len(up.beats) == count
    up.clock.advance(501)
    assert len(up.beats) == count + 1


def test_a_new_token_is_told_at_once(bench):
    bench.box.boot()
    bench.clock.advance(2_000)
    bench.answer(token="t", lease_ms=0)
    assert [(at_ms, beat.token) for at_ms, beat in bench.beats] == [(2_000, ""), (2_000, "t")]


def test_each_boot_is_another_start(up):
    first = up.last.boot
    up.box.boot()
    up.clock.advance(2_000)
    assert up.last.boot != first
    assert (up.last.sequence, up.last.token) == (1, "")


def test_a_machine_that_is_down_is_silent_and_hears_nothing(up):
    up.start()
    up.clock.advance(1)
    up.box.die()
    count = len(up.beats)
    up.answer()
    up.start("q")
    up.clock.advance(60_000)
    assert (up.running(), up.running("q"), len(up.beats)) == (False, False, count)


def test_one_that_is_destroyed_never_comes_back(up):
    up.box.die()
    up.box.destroyed = True
    up.box.boot()
    up.clock.advance(60_000)
    assert not up.box.up


def test_to_boot_twice_boots_once(bench):
    bench.box.boot()
    bench.clock.advance(1_000)
    bench.box.boot()
    bench.clock.advance(1_999)
    assert not bench.box.up
    bench.clock.advance(1)
    assert bench.box.up
    assert len(bench.beats) == 1


# Pods.


def test_a_pod_runs_and_its_change_is_told_soon(up):
    up.start()
    up.clock.advance(1)
    assert up.truth.where("p") == [("n", 1)]
    up.clock.advance(50)
    assert up.listed() == {"p": "Running"}


def test_a_pod_ends_by_itself(up):
    up.start(run_ms=500)
    up.clock.advance(499)
    assert up.running()
    up.clock.advance(2)
    assert not up.running()
    up.clock.advance(50)
    assert up.listed() == {"p": "Succeeded"}


def test_a_pod_is_stopped(up):
    up.start()
    up.clock.advance(1)
    up.box.stop_pod("p", 1)
    assert not up.running()
    up.clock.advance(50)
    assert up.listed() == {}


def test_to_stop_another_epoch_stops_nothing(up):
    up.start(epoch=2)
    up.clock.advance(1)
    up.box.stop_pod("p", 1)
    assert up.truth.where("p") == [("n", 2)]


def test_one_that_is_stopped_while_it_starts_never_runs():
    bench = Bench(evolve(CLIMATE, start_ms=5_000)).up()
    bench.start()
    bench.box.stop_pod("p", 1)
    bench.clock.advance(6_000)
    assert bench.truth.starts == 0


def test_what_was_said_before_its_latest_beat_is_not_started_and_it_beats_soon(up):
    said_after = (up.last.boot, up.last.sequence)
    up.clock.advance(1_000)
    count = len(up.beats)
    up.box.start_pod("p", 1, said_after, 0)
    up.clock.advance(50)
    assert up.truth.starts == 0
    assert len(up.beats) == count + 1


def test_a_node_that_is_not_known_any_more_ends_all(up):
    up.start()
    up.clock.advance(1)
    up.clock.advance(50)
    up.answer(gone=True, lease_ms=0)
    assert not up.running()


# Leases, by its own clock.


@pytest.mark.parametrize("rate", [1.0, 0.991, 1.009, 0.5, 2.0])
def test_it_ends_its_pods_when_its_own_clock_says_so(rate):
    bench = Bench()
    bench.box._rate = rate
    bench.up()
    bench.start()
    bench.clock.advance(1)
    until_ms = bench.box.brain.lease_until_ms
    while bench.box.own_ms < until_ms:
        assert bench.running()
        bench.clock.advance(1)
    bench.clock.advance(1)
    assert not bench.running()
    assert bench.clock.now_ms() - 2_000 == pytest.approx(LEASE_MS / rate, abs=3)
    assert bench.truth.kills == 1


def test_clocks_drift_within_the_climate_and_start_anywhere():
    boxes = [Bench(evolve(CLIMATE, drift=0.009), seed=seed).box for seed in range(50)]
    assert len({box.own_ms for box in boxes}) == 50
    rates = [box._rate for box in boxes]
    assert all(0.991 <= rate <= 1.009 for rate in rates)
    assert min(rates) < 1 < max(rates)


def test_a_lease_that_is_renewed_lasts(up):
    up.start()
    for _ in range(20):
        up.clock.advance(1_000)
        up.answer()
    assert (up.running(), up.truth.kills) == (True, 0)


def test_an_answer_that_came_late_renews_from_when_the_beat_was_sent(up):
    up.start()
    up.clock.advance(60)
    sequence, sent_ms = up.last.sequence, up.beats[-1][0]
    up.clock.advance(8_000)
    up.box.hear(Answer(sequence, "t", LEASE_MS, 1_000, False))
    up.clock.run_until(sent_ms + LEASE_MS - 1)
    assert up.running()
    up.clock.advance(2)
    assert not up.running()


# A machine that stands still.


def test_while_it_is_frozen_nothing_runs_and_then_it_goes_on(up):
    up.start()
    up.clock.advance(1)
    up.box.freeze(True)
    assert not up.running()
    count = len(up.beats)
    up.clock.advance(3_000)
    assert len(up.beats) == count
    up.box.freeze(False)
    assert up.truth.where("p") == [("n", 1)]
    assert len(up.beats) > count


def test_one_that_was_frozen_past_its_lease_ends_all_before_anything_runs(up):
    up.start()
    up.clock.advance(1)
    up.box.freeze(True)
    up.clock.advance(LEASE_MS)
    up.truth.began("p", 2, "elsewhere")  # nobody may run beside it now, not for a moment
    up.box.freeze(False)
    assert up.truth.where("p") == [("elsewhere", 2)]
    assert up.truth.most == 1


def test_a_lease_that_came_while_it_was_frozen_does_not_bring_back_what_was_over(up):
    up.start()
    up.clock.advance(1)
    up.box.freeze(True)
    up.clock.advance(LEASE_MS)
    up.answer(lease_ms=60_000)
    up.box.freeze(False)
    assert not up.running()


def test_mail_is_read_in_the_order_it_came(up):
    up.box.freeze(True)
    up.start("p", 1)
    up.box.stop_pod("p", 1)
    up.start("q", 1)
    up.box.freeze(False)
    up.clock.advance(1)
    assert (up.running("p"), up.running("q")) == (False, True)


def test_mail_waits_until_both_the_machine_and_its_agent_go_on(up):
    up.box.freeze(True)
    up.box.pause_agent(True)
    up.start("p", 1)
    up.box.stop_pod("p", 1)
    up.start("q", 1)
    up.box.freeze(False)
    up.clock.advance(10)
    assert up.truth.starts == 0
    up.box.pause_agent(False)
    up.clock.advance(1)
    assert (up.running("p"), up.running("q")) == (False, True)


# An agent that stands still.


def test_while_its_agent_is_paused_pods_run_on_and_nobody_hears_it(up):
    up.start()
    up.clock.advance(60)
    up.box.pause_agent(True)
    count = len(up.beats)
    up.clock.advance(3_000)
    assert (up.running(), len(up.beats)) == (True, count)
    up.box.pause_agent(False)
    assert len(up.beats) > count


def test_while_its_agent_is_paused_pods_end_with_the_lease(up):
    up.start()
    up.clock.advance(1)
    up.box.pause_agent(True)
    up.clock.run_until(2_000 + LEASE_MS - 1)
    assert up.running()
    up.clock.advance(2)
    assert not up.running()


def test_answers_that_a_paused_agent_has_not_read_renew_nothing(up):
    up.start()
    up.clock.advance(60)
    up.box.pause_agent(True)
    up.answer(lease_ms=60_000)
    up.clock.advance(LEASE_MS + 1)
    assert not up.running()


# Nothing of an earlier life acts in the next.


def test_what_was_started_in_one_life_does_not_run_in_the_next():
    bench = Bench(evolve(CLIMATE, start_ms=60_000, boot_ms=1)).up()
    bench.start()
    bench.box.boot()
    bench.clock.advance(1)
    bench.answer(lease_ms=0)
    bench.answer(lease_ms=10**6)
    bench.clock.advance(120_000)
    assert bench.truth.starts == 0


def test_what_ends_in_one_life_does_not_end_in_the_next(up):
    up.start("p", 1, run_ms=4_000)
    up.clock.advance(1)
    up.box.boot()
    assert not up.running()
    up.clock.advance(2_000)
    up.answer(lease_ms=0)
    up.answer(lease_ms=60_000)
    up.start("p", 2)
    up.clock.advance(10_000)
    assert up.truth.where("p") == [("n", 2)]


def test_mail_of_one_life_is_not_read_in_the_next(up):
    up.box.freeze(True)
    up.start()
    up.answer(lease_ms=10**6)
    up.box.boot()
    up.clock.advance(2_000)
    assert (up.box.frozen, up.box.paused) == (False, False)
    assert up.box.brain.lease_until_ms is None
    up.clock.advance(3_000)  # it has sent beats of the same numbers by now
    up.box.freeze(True)
    up.box.freeze(False)
    assert up.box.brain.lease_until_ms is None
    up.clock.advance(5_000)
    assert up.truth.starts == 0


def test_a_copy_that_was_about_to_start_when_it_died_starts_once_in_the_next_life():
    for seed in range(20):
        bench = Bench(evolve(CLIMATE, start_ms=60_000, boot_ms=1), seed=seed).up()
        bench.answer(lease_ms=10**6)
        bench.start()
        bench.box.boot()
        bench.clock.advance(1)
        bench.answer(lease_ms=0)
        bench.answer(lease_ms=10**6)
        bench.start()
        bench.clock.advance(120_000)
        assert bench.truth.starts == 1


def test_a_lease_of_one_life_is_not_that_of_the_next(up):
    up.box.boot()
    up.clock.advance(2_000)
    up.start()
    up.clock.advance(10)
    assert up.truth.starts == 0


def test_the_next_life_beats_at_its_own_pace_alone(up):
    up.clock.advance(500)
    up.box.boot()
    up.clock.advance(2_000)
    up.beats.clear()
    up.clock.advance(10_000)
    assert 10 <= len(up.beats) <= 11
