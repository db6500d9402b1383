from __future__ import annotations

import gc

import pytest

from kube9.api.streams import Streams
from kube9.core.errors import NotRunning, Overloaded


def test_there_are_as_many_places_as_there_may_be():
    streams = Streams(2)
    first, _second = streams.enter(), streams.enter()
    with pytest.raises(Overloaded, match="2 streams"):
        streams.enter()
    first.leave()
    third = streams.enter()
    assert streams.open == 2
    third.leave()


def test_a_place_is_left_once():
    streams = Streams(2)
    first, _second = streams.enter(), streams.enter()
    first.leave()
    first.leave()
    assert streams.open == 1


def test_a_place_that_nobody_holds_any_more_is_left():
    streams = Streams(1)
    place = streams.enter()
    del place
    gc.collect()
    assert streams.open == 0


def test_nothing_begins_after_the_end():
    streams = Streams(1)
    streams.close()
    assert streams.closing.is_set()
    with pytest.raises(NotRunning, match="shutting down"):
        streams.enter()
