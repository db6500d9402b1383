from __future__ import annotations

import pytest

from kube9.heartbeats.judge import Judge, Verdict
from kube9.plugins.health import Heartbeat

CHECK = Heartbeat(interval_ms=100, suspect_ms=300, fail_ms=1000)


class Impatient:
    """Gives up irregular nodes sooner than regular ones."""

    suspect_at, fail_at = 1.0, 2.0

    def suspicion(self, history, now_ms):
        silent_ms = now_ms - history.arrivals_ms[-1]
        return silent_ms / (500 if len(history.arrivals_ms) > 2 else 100)


@pytest.mark.parametrize(
    "now_ms, verdict",
    [
        (5000, Verdict.TRUSTED),
        (5299, Verdict.TRUSTED),
        (5300, Verdict.SUSPECT),
        (5999, Verdict.SUSPECT),
        (6000, Verdict.FAILED),
    ],
)
def test_a_silence_comes_to_what_the_thresholds_say(now_ms, verdict):
    assert Judge(CHECK, 100).verdict([4900, 5000], now_ms) is verdict


def test_nobody_is_judged_between_two_beats():
    judge = Judge(Heartbeat(interval_ms=100, suspect_ms=150, fail_ms=300), 100)
    assert judge.verdict([0], 200) is Verdict.SUSPECT
    # Who was asked to beat half as often may be silent for twice as long.
    assert judge.verdict([0], 299, interval_ms=200) is Verdict.TRUSTED
    assert judge.verdict([0], 300, interval_ms=200) is Verdict.SUSPECT


def test_it_is_told_after_what_silence_a_regular_node_is_given_up():
    assert Judge(Impatient(), 100).fail_after_ms == 1000
    assert Judge(CHECK, 100).fail_after_ms == 1000


@pytest.mark.parametrize("interval_ms, pause_ms", [(1000, 500), (5, 2), (1, 1)])
def test_it_looks_twice_in_an_interval(interval_ms, pause_ms):
    check = Heartbeat(interval_ms=interval_ms, suspect_ms=interval_ms + 1, fail_ms=interval_ms + 2)
    assert Judge(check, interval_ms).pause_ms == pause_ms


@pytest.mark.parametrize(
    "check, given_ms, interval_ms", [(CHECK, None, 100), (CHECK, 250, 250), (Impatient(), None, 1000)]
)
def test_how_often_nodes_beat_is_for_the_check_to_say_where_nobody_else_does(check, given_ms, interval_ms):
    assert Judge(check, given_ms).interval_ms == interval_ms
