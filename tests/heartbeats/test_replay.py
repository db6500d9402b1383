from __future__ import annotations

import random
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.clocks import VirtualClock
from kube9.controlplane.backends import Backends
from kube9.controlplane.inbox import Inbox
from kube9.controlplane.monitor import Monitor
from kube9.controlplane.tickets import Tickets
from kube9.controlplane.turn import Turn
from kube9.controlplane.view import View
from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.nodes import NodePhase, NodeSpec
from kube9.core.stimuli import Stimulus
from kube9.heartbeats.beatfile import Life, Recording
from kube9.heartbeats.judge import Judge
from kube9.heartbeats.replay import Tally, replay
from kube9.plugins.health import Heartbeat
from kube9.plugins.phiaccrual import PhiAccrual
from kube9.testing.clusters import cluster_with

#: Suspects after 300 ms and gives up after 1000; looks every 50 ms.
CHECK = Heartbeat(interval_ms=100, suspect_ms=300, fail_ms=1000)


def life(*arrivals_ms, down_ms=None, end_ms, node_name="a"):
    return Life(node_name=node_name, arrivals_ms=arrivals_ms, down_ms=down_ms, end_ms=end_ms)


def judged(*lives, check=CHECK, from_ms=0):
    beats = sum(len(each.arrivals_ms) for each in lives)
    return replay(Recording(path="beats.csv", lives=lives, beats=beats, from_ms=from_ms), Judge(check))


def counts(tally):
    return tally.noticed_ms, tally.unnoticed, tally.false


NOTHING = ((), 0, 0)


def test_a_crash_is_noticed_at_the_next_look_around():
    outcome = judged(life(0, 100, 210, down_ms=250, end_ms=5000))
    assert counts(outcome.suspected) == ((550 - 250,), 0, 0)
    assert counts(outcome.failed) == ((1250 - 250,), 0, 0)
    assert (outcome.interval_ms, outcome.fail_after_ms) == (100, 1000)


def test_looks_are_counted_from_the_beginning_of_the_recording():
    outcome = judged(life(20, 120, 220, down_ms=250, end_ms=5000), from_ms=20)
    assert outcome.suspected.noticed_ms == (520 - 250,)


def test_a_node_that_is_heard_in_time_is_no_matter():
    outcome = judged(life(*range(0, 5000, 290), end_ms=5000))
    assert (counts(outcome.suspected), counts(outcome.failed)) == (NOTHING, NOTHING)


def test_a_beat_at_the_moment_of_the_look_is_in_time():
    assert counts(judged(life(0, 300, end_ms=310)).suspected) == NOTHING
    assert counts(judged(life(0, 301, end_ms=310)).suspected) == ((), 0, 1)


def test_what_is_heard_again_was_suspected_wrongly_and_so_was_what_never_went_down():
    outcome = judged(life(0, 400, 2000, 2100, end_ms=2500))
    assert counts(outcome.suspected) == ((), 0, 3)
    assert counts(outcome.failed) == ((), 0, 1)
    day_ms = 24 * 3600 * 1000
    assert outcome.suspected.false_per_node_day == 3 * day_ms / 2500


def test_who_was_suspected_before_its_crash_was_suspected_wrongly_and_is_noticed_at_once():
    outcome = judged(life(0, 100, down_ms=500, end_ms=5000))
    assert counts(outcome.suspected) == ((0,), 0, 1)
    assert counts(outcome.failed) == ((600,), 0, 0)


def test_a_crash_that_is_over_too_soon_goes_unnoticed():
    outcome = judged(life(0, 100, down_ms=150, end_ms=900), life(900, 1000, down_ms=1010, end_ms=1100))
    assert counts(outcome.suspected) == ((250,), 1, 0)
    assert counts(outcome.failed) == ((), 2, 0)


def test_a_node_that_was_given_up_wrongly_begins_another_history():
    check = PhiAccrual(interval_ms=100, pause_ms=0)
    regular = tuple(range(0, 2000, 100))
    again = tuple(range(20_000, 22_000, 100))
    first = judged(life(*regular, down_ms=regular[-1], end_ms=10**6), check=check)
    both = judged(life(*regular, *again, down_ms=again[-1], end_ms=10**6), check=check)
    assert both.failed.false == 1
    assert both.failed.noticed_ms == first.failed.noticed_ms


def test_quantiles_are_times_that_really_were():
    tally = Tally(noticed_ms=tuple(range(1, 201)), unnoticed=0, false=0, false_per_node_day=0.0)
    assert [tally.quantile_ms(percent) for percent in (0, 1, 50, 99, 100)] == [1, 2, 100, 198, 200]
    one = Tally(noticed_ms=(7,), unnoticed=0, false=0, false_per_node_day=0.0)
    assert {one.quantile_ms(percent) for percent in (0, 50, 99, 100)} == {7}
    assert Tally(noticed_ms=(), unnoticed=1, false=0, false_per_node_day=0.0).quantile_ms(50) is None


def test_a_recording_of_no_time_at_all():
    assert judged(life(5, end_ms=5)).suspected.false_per_node_day == 0.0


# Beside a live cluster.


class Beating:
    heartbeat_ms = 100


class LiveNode:
    """A node of a live cluster that is heard when the test says so, and starts anew when it was given up."""

    def __init__(self, check):
        self.clock, self.inbox, self.view = VirtualClock(), Inbox(100), View()
        self.cluster, self.happened = cluster_with(), []
        backends = Backends(lambda name, deliver: Beating(), ["memory"], self.inbox.put)
        backends.get("memory")
        self.monitor = Monitor(
            check=check, backends=backends, view=self.view, inbox=self.inbox, clock=self.clock, heartbeat_ms=100
        )
        self.monitor.start()
        #: A moment at which it looks around, and from which on it judges.
        self.from_ms = 1050
        self.go_on(self.from_ms)

    def heard(self):
        node = self.cluster.nodes.get("a")
        if node is None:
            self.do(s.AddNode(at_ms=self.clock.now_ms(), uid="a", spec=NodeSpec(name="a")))
        if node is None or node.phase not in (NodePhase.READY, NodePhase.SUSPECT):
            self.do(s.NodeJoined(at_ms=self.clock.now_ms(), uid="a"))
        else:
            self.monitor.beat("a")

    def go_on(self, until_ms):
        """Let time pass, and have the loop do at once what waits for it."""
        while (next_ms := self.clock.next_at_ms) is not None and next_ms <= until_ms:
            self.clock.run_next()
            self.work()
        self.clock.run_until(until_ms)

    def work(self):
        for item in self.inbox.take(1000, 0) if len(self.inbox) else ():
            self.do(item)

    def do(self, item):
        turn = Turn(self.cluster, Tickets(), self.clock.now_ms())
        if isinstance(item, Stimulus):
            turn.handle(item)
        else:
            item(turn)
        self.view.apply(turn.changes())
        self.monitor.hear(turn.events)
        self.happened += [(type(event), self.clock.now_ms()) for event in turn.events]


GAPS_MS = st.lists(
    st.just(100) | st.integers(90, 110) | st.integers(0, 400) | st.integers(0, 4000), min_size=1, max_size=60
)
CHECKS = {
    "heartbeat": CHECK,
    "phi-accrual": PhiAccrual(interval_ms=100, pause_ms=100),
    "phi-accrual in a hurry": PhiAccrual(interval_ms=100, pause_ms=0, fail_at=5),
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@given(gaps_ms=GAPS_MS, down_after_ms=st.integers(0, 500))
def test_it_is_judged_as_a_live_cluster_judges(check, gaps_ms, down_after_ms):
    live = LiveNode(check)
    # Not at the moment of a look, where it is left open what goes first.
    arrivals_ms = [at_ms + (at_ms % 50 == 0) for at_ms in accumulate(gaps_ms, initial=live.from_ms)]
    for at_ms in arrivals_ms:
        live.go_on(at_ms)
        live.heard()
        live.work()
    down_ms = arrivals_ms[-1] + down_after_ms
    live.go_on(down_ms + 100_000)
    outcome = judged(life(*arrivals_ms, down_ms=down_ms, end_ms=down_ms + 100_000), check=check, from_ms=live.from_ms)
    for kind, tally in ((e.NodeSuspected, outcome.suspected), (e.NodeFailed, outcome.failed)):
        moments = [at_ms for what, at_ms in live.happened if what is kind]
        assert tally.false == sum(at_ms < down_ms for at_ms in moments)
        assert tally.noticed_ms == (max(0, moments[-1] - down_ms),)


# What the defaults promise.

#: A fixed check that is as quick to suspect and to give up a node on a quiet network.
AS_QUICK = Heartbeat(suspect_ms=2582, fail_ms=7319)


def quiet_node(rng, seconds):
    """A node on a quiet network that beats every second."""
    first_ms = rng.uniform(0, 1000)
    return [round(first_ms + 1000 * second + rng.expovariate(1 / 3)) for second in range(seconds)]


def test_by_default_a_crash_on_a_quiet_network_is_suspected_in_less_than_three_seconds():
    rng = random.Random(7)
    lives = []
    for number in range(300):
        arrivals_ms = quiet_node(rng, 60)
        down_ms = arrivals_ms[-1] + rng.randrange(1000)
        lives.append(life(*arrivals_ms, down_ms=down_ms, end_ms=down_ms + 60_000, node_name=f"n{number}"))
    outcome = judged(*lives, check=PhiAccrual())
    assert outcome.suspected.quantile_ms(50) < 2500
    assert outcome.suspected.quantile_ms(99) < 3500
    assert outcome.failed.quantile_ms(99) < 8000
    assert (outcome.suspected.false, outcome.failed.false) == (0, 0)
    fixed = judged(*lives, check=Heartbeat())
    assert outcome.suspected.quantile_ms(50) < fixed.suspected.quantile_ms(50)
    assert outcome.failed.quantile_ms(50) < fixed.failed.quantile_ms(50)


@pytest.mark.parametrize("beats_before", [0, 1, 5, 12, 40])
def test_by_default_five_seconds_without_a_network_are_no_failure(beats_before):
    rng = random.Random(beats_before)
    lives = []
    for number in range(100):
        arrivals_ms = quiet_node(rng, beats_before + 30)
        cut_ms = arrivals_ms[beats_before] + rng.randrange(1, 1000)
        heard = [at_ms for at_ms in arrivals_ms if not cut_ms <= at_ms < cut_ms + 5000]
        assert max(later - earlier for earlier, later in pairwise(heard)) > 4500
        lives.append(life(*heard, end_ms=heard[-1], node_name=f"n{number}"))
    outcome = judged(*lives, check=PhiAccrual())
    assert (outcome.failed.false, outcome.suspected.false) == (0, 100)


def test_by_default_nodes_that_are_far_away_are_suspected_less_than_by_a_fixed_check_as_quick():
    rng = random.Random(7)
    lives = []
    for number in range(20):
        arrivals_ms = sorted(round(1000 * second + rng.lognormvariate(5.7, 1)) for second in range(1800))
        lives.append(life(*arrivals_ms, end_ms=arrivals_ms[-1], node_name=f"n{number}"))
    learning, fixed = (judged(*lives, check=check) for check in (PhiAccrual(), AS_QUICK))
    assert learning.fail_after_ms == fixed.fail_after_ms
    assert fixed.suspected.false > 20
    assert learning.suspected.false < fixed.suspected.false / 4
