from __future__ import annotations

from kube9.backends.heartbeats import Heartbeats
from kube9.clocks import VirtualClock
from kube9.core.stimuli import Heartbeat


class Heart:
    def __init__(self, interval_ms):
        self.clock, self.up, self.told = VirtualClock(), ["a"], []
        self.beats = Heartbeats(self.clock, interval_ms, lambda: self.up, self.told.append)

    def heard(self, ms):
        self.clock.advance(ms)
        told = [(stimulus.at_ms, stimulus.uid) for stimulus in self.told]
        assert all(type(stimulus) is Heartbeat for stimulus in self.told)
        self.told.clear()
        return told


def test_all_that_are_up_are_heard_at_once_again_and_again():
    heart = Heart(100)
    heart.beats.start()
    heart.beats.start()
    assert heart.heard(250) == [(100, "a"), (200, "a")]
    heart.up = ["a", "b"]
    assert heart.heard(100) == [(300, "a"), (300, "b")]


def test_there_is_one_timer_whatever_the_number_of_nodes():
    heart = Heart(100)
    heart.up = [str(number) for number in range(1000)]
    heart.beats.start()
    assert heart.clock.run_next()
    assert len(heart.told) == 1000


def test_nothing_is_heard_without_an_interval_or_after_the_end():
    silent = Heart(0)
    silent.beats.start()
    assert silent.clock.next_at_ms is None
    heart = Heart(100)
    heart.beats.start()
    heart.beats.close()
    assert heart.heard(1000) == []
    assert heart.clock.next_at_ms is None
