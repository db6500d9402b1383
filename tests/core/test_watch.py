from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import stimuli as s
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.watch import NodeWatch, WatchSettings, usual_watch, with_drift
from kube9.plugins.health import Heartbeat

READY, SUSPECT, FAILED, RECOVERING = NodePhase.READY, NodePhase.SUSPECT, NodePhase.FAILED, NodePhase.RECOVERING
HELD = "not heard; the fault may be here"


def node(uid="n", phase=READY):
    return Node(uid=uid, spec=NodeSpec(name=uid), ordinal=1, phase=phase)


def nodes(count, phase=READY):
    return [node(f"n{number}", phase) for number in range(count)]


def watch_of(*heard, at_ms=0, interval_of=lambda _: 0, **settings):
    """Suspects after 3,000 ms and gives up after 10,000, as long as nothing else is said."""
    watch = NodeWatch(Heartbeat(), WatchSettings(**settings), interval_of=interval_of)
    for each in heard:
        watch.heard(each.uid, at_ms)
    return watch


def judged(watch, what, at_ms):
    """What follows, a line for each."""
    return [line(stimulus) for stimulus in watch.judge(what, at_ms)]


def line(stimulus):
    if isinstance(stimulus, s.HoldMoves):
        return f"HoldMoves {stimulus.reason}".strip()
    return f"{type(stimulus).__name__} {stimulus.uid}"


# From silence to a verdict. Ten nodes, of which one is silent, so that nobody doubts the listener.


SILENCES = [
    (READY, 1_000, []),
    (READY, 2_999, []),
    (READY, 3_000, ["SuspectNode n"]),
    (READY, 9_999, ["SuspectNode n"]),
    (READY, 10_000, ["FailNode n"]),
    (SUSPECT, 1_001, []),
    (SUSPECT, 3_000, []),
    (SUSPECT, 9_999, []),
    (SUSPECT, 10_000, ["FailNode n"]),
    (SUSPECT, 10**9, ["FailNode n"]),
]


@pytest.mark.parametrize("phase,silent_ms,expected", SILENCES, ids=str)
def test_silence_leads_to_suspicion_and_then_to_failure(phase, silent_ms, expected):
    others, silent = nodes(9), node(phase=phase)
    watch = watch_of(*others, silent, at_ms=5_000)
    for other in others:
        watch.heard(other.uid, 5_000 + silent_ms)
    assert judged(watch, [*others, silent], 5_000 + silent_ms) == expected


def test_a_verdict_says_when_and_for_how_long_nothing_was_heard():
    silent = node()
    watch = watch_of(silent, at_ms=2_000)
    (suspect,) = watch.judge([silent], 5_500)
    assert suspect == s.SuspectNode(at_ms=5_500, uid="n", reason="not heard for 3500 ms")
    (fail,) = watch.judge([silent], 12_000)
    assert fail == s.FailNode(at_ms=12_000, uid="n", reason="not heard for 10000 ms", lease_left_ms=0)


@pytest.mark.parametrize("phase", [phase for phase in NodePhase if phase not in (READY, SUSPECT)])
def test_only_nodes_that_are_up_are_judged(phase):
    silent = node(phase=phase)
    watch = watch_of(silent)
    assert watch.suspicion(silent, 10**6) is None
    assert watch.verdict(silent, 10**6) is None
    assert judged(watch, [silent], 10**6) == []


def test_nothing_is_said_of_a_node_that_was_never_heard():
    silent = node()
    watch = watch_of()
    assert (watch.knows("n"), watch.last_heard_ms("n")) == (False, None)
    assert watch.suspicion(silent, 10**6) is None
    assert watch.verdict(silent, 10**6) is None
    assert judged(watch, [silent], 10**6) == []
    watch.give_grace([silent], 10**6)
    assert not watch.knows("n")


def test_a_node_is_forgotten_whole():
    silent = node()
    watch = watch_of(silent, at_ms=100)
    assert (watch.knows("n"), watch.last_heard_ms("n")) == (True, 100)
    watch.forget("n")
    watch.forget("n")
    assert (watch.knows("n"), watch.last_heard_ms("n")) == (False, None)
    assert judged(watch, [silent], 10**6) == []


def test_silence_can_be_counted_anew():
    silent = node()
    watch = watch_of(silent)
    watch.begin("n", 8_000)
    assert watch.last_heard_ms("n") == 8_000
    assert judged(watch, [silent], 10_999) == []
    assert judged(watch, [silent], 11_000) == ["SuspectNode n"]


def test_a_node_that_beats_by_itself_is_not_asked_about_before_its_next_beat():
    all_nodes = [node("slow"), node("quick"), *nodes(3)]
    watch = watch_of(*all_nodes, interval_of=lambda each: 60_000 if each.uid == "slow" else 0)
    for each in nodes(3):
        watch.heard(each.uid, 60_000)
    assert judged(watch, all_nodes, 60_000) == ["FailNode quick"]


# Leases.


LEASES = [
    # A lease is nine seconds, and one part in fifty for clocks that are not equally fast, and one.
    (0, 9_181),
    (1, 9_180),
    (9_000, 181),
    (9_180, 1),
    (9_181, 0),
    (10**9, 0),
]


@pytest.mark.parametrize("silent_ms,left_ms", LEASES)
def test_what_is_left_of_a_lease_is_counted_from_when_the_last_beat_came(silent_ms, left_ms):
    watch = watch_of(node(), at_ms=700)
    assert watch.lease_left_ms("n", 700 + silent_ms) == left_ms


def test_a_node_fails_with_what_is_left_of_its_lease():
    silent = node(phase=SUSPECT)
    watch = watch_of(silent, lease_intervals=25)
    (fail,) = watch.judge([silent], 10_000)
    assert fail.lease_left_ms == 25_000 + 501 - 10_000


def test_a_lease_is_not_shorter_than_asked_for():
    assert watch_of().lease_ms == 9_000
    assert watch_of(lease_ms_min=30_000).lease_ms == 30_000
    assert watch_of(lease_ms_min=8_000).lease_ms == 9_000


PACES = [
    (0, 1_000, 9_000),
    (1, 1_000, 9_000),
    (1_000, 1_000, 9_000),
    (1_001, 1_001, 9_009),
    (10_000, 10_000, 90_000),
]


@pytest.mark.parametrize("count,interval_ms,lease_ms", PACES)
def test_the_more_nodes_the_more_seldom_each_beats(count, interval_ms, lease_ms):
    settings = WatchSettings()
    assert (settings.interval_for(count), settings.lease_for(count)) == (interval_ms, lease_ms)


@given(count=st.integers(0, 10**6), beats_per_s=st.integers(1, 10_000), interval_ms=st.integers(1, 60_000))
def test_all_together_never_beat_more_often_than_may_be(count, beats_per_s, interval_ms):
    settings = WatchSettings(interval_ms=interval_ms, beats_per_s=beats_per_s)
    stretched_ms = settings.interval_for(count)
    assert stretched_ms >= interval_ms
    assert count * 1000 <= beats_per_s * stretched_ms
    assert stretched_ms == interval_ms or count * 1000 > beats_per_s * (stretched_ms - 1)


def test_the_pace_follows_the_nodes_there_are():
    watch = watch_of(beats_per_s=2)
    assert watch.interval_ms == 1_000
    judged(watch, nodes(6), 0)
    assert (watch.interval_ms, watch.lease_ms) == (3_000, 27_000)
    judged(watch, nodes(1), 1)
    assert (watch.interval_ms, watch.lease_ms) == (1_000, 9_000)


def test_a_lease_that_was_given_does_not_end_earlier_when_there_are_fewer_nodes():
    watch = watch_of(beats_per_s=2)
    judged(watch, nodes(6), 0)
    watch.heard("n0", 100)
    given_ms = watch.lease_ms
    silent = node("n0", SUSPECT)
    (fail,) = watch.judge([silent], 15_000)
    assert given_ms == 27_000 > watch.lease_ms
    assert fail.lease_left_ms == 100 + 27_000 + 541 - 15_000
    watch.heard("n0", 16_000)
    watch.heard("n0", 60_000)
    assert watch.lease_left_ms("n0", 60_000) == 9_181


def test_a_lease_that_may_have_been_given_before_a_restart_is_as_long_as_there_are_nodes():
    all_nodes = nodes(6)
    watch = watch_of(beats_per_s=2)
    for each in all_nodes:
        watch.begin(each.uid, 1_000)
    watch.give_grace(all_nodes, 1_000)
    assert (watch.interval_ms, watch.lease_ms) == (3_000, 27_000)
    assert watch.lease_left_ms("n0", 1_000) == 27_541
    assert judged(watch, all_nodes, 1_000 + 30_000 - 1) == []


@pytest.mark.parametrize("count", [1, 2_900, 3_000, 10_000])
def test_whoever_beats_as_asked_is_never_suspected_however_many_there_are(count):
    """Beats are spread over the interval, and the next of the first few are a little late."""
    settings = WatchSettings()
    interval_ms = settings.interval_for(count)
    all_nodes = nodes(count)
    watch = watch_of()
    watch.give_grace(all_nodes, 0)
    start_ms = settings.lease_for(count) + interval_ms
    for number, each in enumerate(all_nodes):
        watch.heard(each.uid, start_ms + number * interval_ms // count)
    assert judged(watch, all_nodes, start_ms + interval_ms + 100)[:3] == []


# Grace.


def test_after_the_listener_was_away_each_node_gets_a_lease_to_be_heard():
    both = nodes(2)
    watch = watch_of(*both)
    watch.give_grace(both, 100_000)
    assert [watch.last_heard_ms(each.uid) for each in both] == [100_000, 100_000]
    until_ms = 100_000 + 9_000 + 1_000
    assert judged(watch, both, until_ms - 1) == []
    assert watch.verdict(both[0], until_ms - 1) is None
    watch.heard("n1", until_ms)
    assert judged(watch, both, until_ms) == ["FailNode n0"]


def test_most_that_were_suspected_before_the_listener_was_away_are_held_at_once_and_on():
    all_nodes = [*nodes(2, SUSPECT), node("m")]
    watch = watch_of(*all_nodes)
    watch.give_grace(all_nodes, 100_000)
    assert judged(watch, all_nodes, 100_000) == [
        f"HoldMoves 2 of 3 nodes are {HELD}",
        "LookAfterNode n0",
        "LookAfterNode n1",
    ]
    assert judged(watch, all_nodes, 109_000) == []
    watch.heard("n0", 109_000)
    assert judged(watch, all_nodes, 109_500) == ["HoldMoves"]


def test_grace_is_for_those_that_are_up():
    down = node(phase=FAILED)
    watch = watch_of(down)
    watch.give_grace([down], 100_000)
    assert watch.last_heard_ms("n") == 0


# The listener doubts itself.


def silent_and_heard(silent, count):
    """A watch that heard none of the first for 3 s, all others just now, and these nodes."""
    all_nodes = nodes(count)
    watch = watch_of(*all_nodes)
    for each in all_nodes[silent:]:
        watch.heard(each.uid, 3_000)
    return watch, all_nodes


SHARES = [
    # How many of how many are silent, and whether that is above 55 %.
    (1, 1, False),
    (1, 2, False),
    (2, 2, True),
    (1, 3, False),
    (2, 3, True),
    (11, 20, False),
    (12, 20, True),
    (55, 100, False),
    (56, 100, True),
]


@pytest.mark.parametrize("silent,count,holds", SHARES)
def test_where_most_nodes_are_silent_the_listener_doubts_itself(silent, count, holds):
    watch, all_nodes = silent_and_heard(silent, count)
    told = judged(watch, all_nodes, 3_000)
    assert bool(watch.held) is holds
    uids = [f"n{number}" for number in range(silent)]
    doubts = [f"HoldMoves {silent} of {count} nodes are {HELD}", *(f"LookAfterNode {uid}" for uid in uids)]
    assert told == [*(doubts if holds else []), *(f"SuspectNode {uid}" for uid in uids)]


def test_what_is_held_is_held_until_the_nodes_that_were_looked_for_are_back():
    watch, all_nodes = silent_and_heard(2, 3)
    judged(watch, all_nodes, 3_000)
    anew = [evolve(each, phase=NodePhase.PROVISIONING, reason="it was not up") for each in all_nodes[:2]]
    watch.heard("n2", 4_000)
    assert judged(watch, [*anew, all_nodes[2]], 4_000) == []
    assert watch.held
    watch.heard("n0", 4_500)
    assert judged(watch, [all_nodes[0], anew[1], all_nodes[2]], 4_500) == ["HoldMoves"]


def test_what_is_held_is_not_let_go_because_the_silent_nodes_are_given_up():
    watch, all_nodes = silent_and_heard(2, 3)
    judged(watch, all_nodes, 3_000)
    lost = [evolve(each, phase=NodePhase.LOST) for each in all_nodes[:2]]
    watch.heard("n2", 4_000)
    assert judged(watch, [*lost, all_nodes[2]], 4_000) == []
    assert watch.held
    # Somebody who knows that one is gone deletes it.
    watch.forget("n0")
    assert judged(watch, [lost[1], all_nodes[2]], 4_500) == ["HoldMoves"]
    assert judged(watch, [*lost, all_nodes[2]], 5_000) == []


def test_nodes_that_were_given_up_before_hold_nothing():
    lost = nodes(4, NodePhase.LOST)
    alive = [node("a"), node("b"), node("c")]
    watch = watch_of(*lost, *alive)
    watch.heard("b", 3_000)
    watch.heard("c", 3_000)
    assert judged(watch, [*lost, *alive], 3_000) == ["SuspectNode a"]


def test_nodes_that_are_made_for_the_first_time_hold_nothing():
    watch, all_nodes = silent_and_heard(1, 2)
    new = [evolve(each, uid=f"new{each.uid}", phase=NodePhase.PROVISIONING) for each in nodes(5)]
    assert judged(watch, [*all_nodes, *new], 3_000) == ["SuspectNode n0"]


def test_one_node_alone_is_given_up_however_long_it_is_silent():
    silent = node(phase=SUSPECT)
    watch = watch_of(silent)
    assert judged(watch, [silent], 10_000) == ["FailNode n"]
    assert watch.held == ""


@pytest.mark.parametrize("phase", [FAILED, RECOVERING])
def test_nodes_that_failed_already_count_as_dead(phase):
    both = [node("n0", phase), node("n1")]
    watch = watch_of(*both)
    told = judged(watch, both, 3_000)
    assert told == [f"HoldMoves 2 of 2 nodes are {HELD}", "LookAfterNode n1", "SuspectNode n1"]


@pytest.mark.parametrize("phase", [NodePhase.PROVISIONING, NodePhase.LOST])
def test_nodes_that_never_came_or_were_given_up_do_not_count(phase):
    all_nodes = [node("n0"), node("n1"), *(node(f"n{number}", phase) for number in range(2, 9))]
    watch = watch_of(*all_nodes)
    assert judged(watch, all_nodes, 3_000)[0] == f"HoldMoves 2 of 2 nodes are {HELD}"


def test_nothing_is_held_for_nodes_that_are_dead_for_long_where_all_others_are_heard():
    all_nodes = [*nodes(9, FAILED), node("alive")]
    watch = watch_of(*all_nodes)
    watch.heard("alive", 100_000)
    assert judged(watch, all_nodes, 100_000) == []


def test_while_it_doubts_itself_nothing_fails_and_afterwards_what_is_silent_does():
    all_nodes = nodes(3, SUSPECT)
    watch = watch_of(*all_nodes)
    first = judged(watch, all_nodes, 10_000)
    assert [told.split()[0] for told in first] == ["HoldMoves", *3 * ["LookAfterNode"]]
    assert judged(watch, all_nodes, 19_999) == []
    assert watch.verdict(all_nodes[0], 19_999) is None
    watch.heard("n1", 20_000)
    watch.heard("n2", 20_000)
    assert judged(watch, all_nodes, 20_000) == ["HoldMoves", "FailNode n0"]
    assert watch.held == ""
    assert judged(watch, [node("n0", FAILED), *all_nodes[1:]], 20_001) == []


def test_it_looks_after_silent_nodes_again_and_again_but_not_all_the_time():
    all_nodes = nodes(2, SUSPECT)
    watch = watch_of(*all_nodes, look_intervals=4)
    looks = [at_ms for at_ms in range(0, 12_000, 500) if "LookAfterNode n0" in judged(watch, all_nodes, at_ms)]
    assert looks == [3_000, 7_000, 11_000]


def test_a_new_doubt_looks_after_nodes_at_once():
    all_nodes = nodes(2, SUSPECT)
    watch = watch_of(*all_nodes)
    assert "LookAfterNode n0" in judged(watch, all_nodes, 3_000)
    watch.heard("n1", 3_500)
    assert judged(watch, all_nodes, 3_500) == ["HoldMoves"]
    assert "LookAfterNode n0" in judged(watch, all_nodes, 6_500)


# Time is only what it is told.


@given(
    beats=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30_000)), max_size=30),
    looks=st.lists(st.integers(0, 60_000), max_size=8),
    later_ms=st.integers(0, 10**12),
)
def test_only_the_time_between_things_counts(beats, looks, later_ms):
    def story(offset_ms):
        all_nodes, watch, told = nodes(5), watch_of(), []
        things = sorted([*((at_ms, uid) for uid, at_ms in beats), *((at_ms, -1) for at_ms in looks)])
        for at_ms, number in things:
            if number >= 0:
                watch.heard(f"n{number}", at_ms + offset_ms)
            else:
                told += [
                    (stimulus.at_ms - offset_ms, line(stimulus), getattr(stimulus, "lease_left_ms", None))
                    for stimulus in watch.judge(all_nodes, at_ms + offset_ms)
                ]
        return told

    assert story(0) == story(later_ms)


def test_the_usual_watch_is_a_servers_that_is_told_nothing_else():
    assert (usual_watch(Heartbeat()).interval_ms, usual_watch(Heartbeat()).lease_ms) == (1_000, 30_000)
    quick = usual_watch(Heartbeat(interval_ms=200, suspect_ms=600, fail_ms=2_000))
    assert (quick.interval_ms, quick.lease_ms) == (200, 30_000)


def test_a_listener_that_gives_longer_leases_than_this_one_is_remembered():
    watch = watch_of(node())
    watch.may_have("n", 0, 60_000)
    assert watch.lease_left_ms("n", 10_000) == with_drift(60_000) - 10_000 == 51_201
    watch.heard("n", 20_000)
    assert watch.lease_left_ms("n", 20_000) == 41_201
