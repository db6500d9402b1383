from __future__ import annotations

from kube9.backends.docker.boots import Boots
from kube9.core.stimuli import CreateNodeFailed, RestartNodeFailed


def test_a_death_soon_after_a_start_is_a_start_that_failed_and_is_said_once():
    boots = Boots(window_ms=100)
    boots.begin("u", CreateNodeFailed, now_ms=0)
    assert boots.died("u", now_ms=100) is CreateNodeFailed
    assert boots.died("u", now_ms=100) is None


def test_a_death_later_on_is_not():
    boots = Boots(window_ms=100)
    boots.begin("u", RestartNodeFailed, now_ms=0)
    assert boots.died("u", now_ms=101) is None


def test_a_start_that_was_answered_otherwise_is_of_no_interest():
    boots = Boots(window_ms=100)
    boots.begin("u", CreateNodeFailed, now_ms=0)
    boots.end("u")
    assert boots.died("u", now_ms=1) is None
