from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.agent.pulse import GATHER_MS, PAUSE_MS_MAX, PAUSE_MS_REFUSED, SOON_COUNT, SOON_MS, UNDER_WAY_MS, Pulse


def pulse(now_ms=1_000):
    return Pulse(now_ms, random.Random(1))


def sent(now_ms=1_000):
    """One that beat and was answered at once."""
    each = pulse(now_ms)
    each.sent(now_ms)
    each.answered(now_ms, 1_000)
    return each


def test_the_first_beat_is_due_at_once():
    assert pulse().due_ms == 1_000


def test_the_next_is_due_an_interval_after_the_last_was_sent_or_a_little_sooner():
    assert 1_900 <= sent().due_ms <= 2_000


def test_an_answer_that_was_held_for_the_interval_makes_it_due_at_once():
    each = pulse()
    each.sent(1_000)
    each.answered(2_300, 1_000)
    assert each.due_ms == 2_300


def test_without_an_answer_it_is_due_a_while_later_all_the_same():
    each = pulse()
    each.sent(1_000)
    assert each.due_ms == 1_000 + 1_000 + 500


def test_a_change_is_told_soon_and_with_those_that_follow():
    each = sent()
    each.changed(1_500)
    assert each.due_ms == 1_500 + GATHER_MS
    each.changed(1_505)
    assert each.due_ms == 1_500 + GATHER_MS


def test_what_is_under_way_is_told_with_what_comes_of_it_or_soon():
    each = sent()
    each.begun(1_500)
    assert each.due_ms == 1_500 + UNDER_WAY_MS
    each.changed(1_508)
    assert each.due_ms == 1_508 + GATHER_MS


def moments_of_changes_without_end(each, now_ms, until_ms):
    """When beats go out while something changes every millisecond."""
    moments = []
    for at_ms in range(now_ms, until_ms):
        each.changed(at_ms)
        if each.due_ms <= at_ms:
            each.taken(at_ms)
            each.sent(at_ms)
            moments.append(at_ms)
    return moments


def test_a_few_changes_in_a_row_are_told_soon_each():
    moments = moments_of_changes_without_end(pulse(), 1_000, 1_000 + SOON_COUNT * (GATHER_MS + 1))
    assert len(moments) >= SOON_COUNT - 1


def test_of_changes_without_end_many_are_told_together():
    moments = moments_of_changes_without_end(pulse(), 1_000, 61_000)
    assert len(moments) <= 60_000 / SOON_MS + SOON_COUNT
    late = [later - earlier for earlier, later in pairwise(moments[100:])]
    assert set(late) == {SOON_MS}


def test_what_was_told_in_a_row_is_forgotten_after_a_rest():
    each = pulse()
    moments_of_changes_without_end(each, 1_000, 61_000)
    each.changed(61_000 + SOON_COUNT * SOON_MS)
    moments = moments_of_changes_without_end(each, 61_000 + SOON_COUNT * SOON_MS, 61_300 + SOON_COUNT * SOON_MS)
    assert SOON_COUNT <= len(moments) <= SOON_COUNT + 300 / SOON_MS + 1


def test_no_change_waits_for_beats_that_went_out_for_other_reasons():
    each = sent()
    for _ in range(10 * SOON_COUNT):
        each.at_once(2_000)
        each.sent(2_000)
    each.changed(2_000)
    assert each.due_ms == 2_000 + SOON_MS


def test_a_beat_that_is_being_made_is_not_due_for_another():
    each = pulse()
    each.taken(1_000)
    assert each.due_ms > 1_000 + each.interval_ms


def test_a_change_that_comes_when_a_beat_is_due_sooner_waits_for_nothing_else():
    each = sent()
    each.at_once(1_500)
    each.changed(1_500)
    assert each.due_ms == 1_500


def test_failures_are_followed_by_ever_longer_pauses_up_to_a_bound():
    each, now_ms, pauses = sent(), 2_000, []
    for _ in range(40):
        each.sent(now_ms)
        each.failed(now_ms)
        pauses.append(each.due_ms - now_ms)
        now_ms = each.due_ms
    assert pauses[0] <= 200
    assert max(pauses[:10]) <= 1_000, "a server that is back soon is found soon"
    assert all(PAUSE_MS_MAX / 2 <= pause <= PAUSE_MS_MAX for pause in pauses[-10:])
    assert len(set(pauses[-10:])) > 1, "many nodes are not to come back at one moment"


def test_changes_do_not_hurry_what_has_failed():
    each = sent()
    each.failed(1_100)
    due_ms = each.due_ms
    each.changed(1_101)
    assert each.due_ms == due_ms
    each.sent(1_102)
    assert each.due_ms >= due_ms


def test_an_answer_ends_the_pauses():
    each = sent()
    for _ in range(10):
        each.failed(1_100)
    each.answered(1_200, 1_000)
    each.changed(1_200)
    assert each.due_ms == 1_200 + GATHER_MS
    each.failed(1_300)
    assert each.due_ms <= 1_500


def test_where_the_server_refuses_it_is_left_alone_for_longer():
    each = sent()
    each.failed(1_000, refused=True)
    assert 1_000 + PAUSE_MS_REFUSED / 2 <= each.due_ms <= 1_000 + PAUSE_MS_REFUSED


def test_what_may_be_over_is_tried_at_once():
    each = sent()
    each.failed(1_000)
    each.at_once(1_001)
    assert each.due_ms == 1_001
    each.changed(1_002)
    assert each.due_ms == 1_001


@pytest.mark.parametrize("asked_ms,counts_ms", [(0, 20), (10**12, 600_000), (300, 300)])
def test_no_server_makes_it_beat_without_a_pause_nor_never(asked_ms, counts_ms):
    each = pulse()
    each.sent(1_000)
    each.answered(1_000, asked_ms)
    assert each.interval_ms == counts_ms


DEEDS = st.sampled_from(["taken", "sent", "changed", "answered", "failed", "refused", "at_once"])


@given(st.lists(st.tuples(DEEDS, st.integers(0, 3_000)), max_size=60))
def test_there_is_always_a_next_beat_within_bounds(deeds):
    each, now_ms = pulse(0), 0
    for deed, pause_ms in deeds:
        now_ms += pause_ms
        if deed == "answered":
            each.answered(now_ms, 1_000)
        elif deed == "refused":
            each.failed(now_ms, refused=True)
        else:
            getattr(each, deed)(now_ms)
        assert each.due_ms <= now_ms + PAUSE_MS_MAX + 1_500
