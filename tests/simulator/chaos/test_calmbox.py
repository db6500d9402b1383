"""A machine that rests."""

from __future__ import annotations

import random

import pytest

from kube9.agent.brain import Answer
from kube9.simulator.chaos.calmbox import CalmBox
from kube9.simulator.chaos.moments import Moments
from kube9.simulator.chaos.truth import Truth
from kube9.simulator.chaos.weather import Climate

DELAY_MS = 10


class Post:
    """A link that takes 10 ms each way, and a server that knows all; writes down what went into the clock."""

    def __init__(self):
        self.clock = Moments()
        self.arrived, self.put, self.calm, self.lease_ms = [], [], True, 9_000
        self.box = CalmBox("n", self.clock, random.Random(1), Climate(drift=0.0), Truth(), self.send, post=self, rank=0)

    def send(self, uid, beat):
        self.put.append(("beat", beat.sequence))
        self.send_beat(uid, beat, self.clock.now_ms() + DELAY_MS)

    def delays(self, uid):
        return (DELAY_MS,)

    answer_delays = delays

    def put_back(self, uid, delays):
        assert delays == (DELAY_MS,)

    def take(self, uid, beat, at_ms):
        self.arrived.append((beat.sequence, at_ms))
        return Answer(beat.sequence, "", self.lease_ms, 1_000, False, beat.boot)

    def send_beat(self, uid, beat, at_ms):
        def arrive():
            answer = self.take(uid, beat, at_ms)
            self.send_answer(uid, answer, at_ms + DELAY_MS)

        self.clock.call_last(at_ms, 0, arrive)

    def send_answer(self, uid, answer, at_ms):
        self.put.append(("answer", answer.sequence))
        self.clock.call_last(at_ms, 0, lambda: self.box.hear(answer))

    def is_calm(self, uid):
        return self.calm


@pytest.fixture
def post():
    post = Post()
    post.box.boot()
    post.clock.run_until(3_000)
    return post


def test_it_rests_after_an_answer_and_what_it_did_is_made_up_for(post):
    assert post.put == [("beat", 1), ("answer", 1)]
    assert [sequence for sequence, _ in post.arrived] == [1]
    post.clock.run_until(3_700)
    post.box.play()
    assert [sequence for sequence, _ in post.arrived] == [1, 2]
    assert post.put == [("beat", 1), ("answer", 1)]
    gap_ms = post.arrived[1][1] - post.arrived[0][1]
    assert 900 + DELAY_MS <= gap_ms <= 1_000 + DELAY_MS


def test_who_is_disturbed_goes_on_in_the_clock(post):
    post.clock.run_until(3_700)
    post.box.disturb()
    post.calm = False
    post.clock.run_until(6_000)
    assert ("beat", 3) in post.put


def test_it_does_not_rest_where_the_server_does_not_know_all():
    post = Post()
    post.calm = False
    post.box.boot()
    post.clock.run_until(6_000)
    assert len(post.put) >= 8


def test_it_watches_a_lease_that_is_nearly_over():
    post = Post()
    post.lease_ms = 2_000
    post.box.boot()
    post.clock.run_until(6_000)
    assert len(post.put) >= 8
