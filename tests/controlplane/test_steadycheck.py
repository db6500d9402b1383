from __future__ import annotations

import pytest

from kube9.controlplane.steadycheck import SteadyCheck
from kube9.core.ports import HeartbeatHistory


class Chosen:
    """A health check on a scale of its own, which answers as it is told."""

    suspect_at, fail_at = -2.0, 7.0

    def __init__(self):
        self.answer = lambda: 1

    def suspicion(self, history, now_ms):
        return self.answer()


@pytest.fixture
def chosen():
    return Chosen()


@pytest.fixture
def suspicion(chosen):
    """What is said of a node that is silent for so long, and beat once a second before."""
    check = SteadyCheck(chosen, 1_000)
    history = HeartbeatHistory(arrivals_ms=(1_000, 2_000), interval_ms=1_000)
    return lambda silent_ms: check.suspicion(history, 2_000 + silent_ms)


def raises():
    raise RuntimeError("no idea")


def ends():
    raise SystemExit("bye")


FAULTS = {
    "raises": (raises, "failed: RuntimeError: no idea"),
    "ends the process": (ends, "failed: SystemExit: bye"),
    "nan": (lambda: float("nan"), "gave the suspicion nan"),
    "nothing": (lambda: None, "failed: TypeError: "),
}


def test_what_the_check_says_counts(suspicion, caplog):
    assert suspicion(60_000) == 1
    assert caplog.text == ""


@pytest.mark.parametrize("answer,told", FAULTS.values(), ids=FAULTS)
def test_where_it_fails_the_silence_counts_on_its_own_scale(chosen, suspicion, caplog, answer, told):
    chosen.answer = answer
    assert suspicion(2_999) < chosen.suspect_at
    assert suspicion(3_000) == suspicion(9_999) == chosen.suspect_at
    assert suspicion(10_000) == chosen.fail_at
    (record,) = caplog.records
    assert f"the health check Chosen {told}" in record.getMessage()


def test_once_it_answers_again_it_counts_again(chosen, suspicion):
    chosen.answer = raises
    assert suspicion(10_000) == chosen.fail_at
    chosen.answer = lambda: 3
    assert suspicion(10_000) == 3


def test_a_scale_that_begins_above_nothing_is_trusted_at_nothing(chosen):
    chosen.suspect_at, chosen.answer = 2.0, raises
    assert SteadyCheck(chosen, 1_000).suspicion(HeartbeatHistory(arrivals_ms=(0,), interval_ms=1_000), 0) == 0.0


def test_an_interrupt_is_nobodys_fault(chosen, suspicion):
    def interrupted():
        raise KeyboardInterrupt

    chosen.answer = interrupted
    with pytest.raises(KeyboardInterrupt):
        suspicion(0)
