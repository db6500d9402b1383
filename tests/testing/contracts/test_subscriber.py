from __future__ import annotations

import pytest

#: Which tests of the contract must fail for each double, and no others.
EVERY_EVENT = {
    "test_takes_every_event",
    "test_takes_an_event_again",
    "test_leaves_what_it_is_told_alone",
    "test_writes_nothing_to_stdout",
}
CAUGHT_BY = {
    "Sound": set(),
    "Deaf": {"test_hears_of_something"},
    "Remembers": EVERY_EVENT,
    "OnceOnly": {"test_takes_an_event_again"},
    "Writes": {"test_leaves_what_it_is_told_alone"},
    "Prints": {"test_writes_nothing_to_stdout"},
}


@pytest.mark.parametrize("double,caught_by", CAUGHT_BY.items(), ids=CAUGHT_BY)
def test_the_contract_catches_each_double_for_the_right_reason(failures, double, caught_by):
    caught = failures("subscriber_doubles", double, contract="SubscriberContract", fixture="plugin")
    # What a script of stimuli leads to, and whether two equal events come by chance, is up to the examples.
    assert caught - {"test_takes_the_events_of_a_cluster"} == caught_by
