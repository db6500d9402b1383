from __future__ import annotations

import math
from decimal import Decimal, localcontext
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import InvalidInput
from kube9.core.ports import HealthCheck, HeartbeatHistory
from kube9.core.registry import Registry
from kube9.plugins import health
from kube9.plugins.phiaccrual import PhiAccrual, _phi
from kube9.testing.strategies import heartbeat_histories

#: So that the normal curve with this much precision can be added up term by term, however far out.
DIGITS = 900


@pytest.fixture
def checks() -> Registry[HealthCheck]:
    registry: Registry[HealthCheck] = Registry("health check")
    health.kube9_register_health_checks(lambda name, factory: registry.add(name, factory, plugin="health"))
    return registry


def regular(beats=32, interval_ms=1000):
    return HeartbeatHistory(arrivals_ms=tuple(range(0, beats * interval_ms, interval_ms)), interval_ms=interval_ms)


def after(gaps_ms, interval_ms=1000):
    """A node that was heard with these times between."""
    arrivals_ms = [0]
    for gap_ms in gaps_ms:
        arrivals_ms.append(arrivals_ms[-1] + gap_ms)
    return HeartbeatHistory(arrivals_ms=tuple(arrivals_ms), interval_ms=interval_ms)


def suspicion(check, history, silent_ms):
    return check.suspicion(history, history.arrivals_ms[-1] + silent_ms)


def first_ms(check, history, threshold):
    """After how long a silence the threshold is reached."""
    return next(silent_ms for silent_ms in range(100_000) if suspicion(check, history, silent_ms) >= threshold)


# The options.


def test_it_is_offered_and_takes_its_options_as_text(checks):
    options = {"interval_ms": "200", "suspect_at": "0.5", "fail_at": "12", "pause_ms": "0"}
    spread = {"deviation_share_min": "0.1", "deviation_ms_min": "20", "deviation_share_max": "3"}
    check = checks.make("phi-accrual", **options, **spread)
    assert isinstance(check, HealthCheck)
    assert (check.interval_ms, check.suspect_at, check.fail_at, check.pause_ms) == (200, 0.5, 12.0, 0)
    assert (check.deviation_share_min, check.deviation_ms_min, check.deviation_share_max) == (0.1, 20, 3.0)


REFUSALS = [
    ({"interval_ms": "1s"}, "expected a whole number of milliseconds, got '1s'"),
    ({"interval_ms": "0"}, "interval_ms must be a whole number from 1"),
    ({"fail_at": "many"}, "expected a number such as 0.5 or 12, got 'many'"),
    ({"suspect_at": "0.3"}, "suspect_at must be above 0.302"),
    ({"fail_at": "10001"}, "fail_at must be above 0.302.*at most 10000, got 10001"),
    ({"suspect_at": "8", "fail_at": "8"}, "suspect_at must be below fail_at.*got 8.0 and 8.0"),
    ({"deviation_ms_min": "0"}, "deviation_ms_min must be a whole number from 1"),
    ({"deviation_share_min": "101"}, "deviation_share_min must be from 0 to 100 intervals, got 101"),
    ({"fail_ms": "9000"}, "health check 'phi-accrual' from plugin 'health': .*fail_ms"),
]


@pytest.mark.parametrize("options, message", REFUSALS, ids=str)
def test_options_that_cannot_be_used_are_refused(checks, options, message):
    with pytest.raises(InvalidInput, match=message):
        checks.make("phi-accrual", **options)


# The values, beside the same computed in another way.


@lru_cache
def exact_pi():
    """By Machin's formula, in whole numbers."""
    unit = 10 ** (DIGITS + 10)

    def arctan_of_one_by(x):
        term = total = unit // x
        for n in range(3, 4 * DIGITS, 2):
            term = -term // x**2
            total += term // n
        return total

    with localcontext() as context:
        context.prec = DIGITS
        return Decimal(4 * (4 * arctan_of_one_by(5) - arctan_of_one_by(239))) / unit


@lru_cache
def exact_tail(z):
    """The chance of a normal value above ``z``, by the power series of the curve's integral."""
    with localcontext() as context:
        context.prec = DIGITS
        z = Decimal(z)
        term = total = z
        for n in range(1, 20_000):
            term *= -(z**2) / (2 * n)
            total += term / (2 * n + 1)
            if abs(term) < Decimal(10) ** (10 - DIGITS):
                return Decimal("0.5") - total / (2 * exact_pi()).sqrt()
    raise AssertionError(f"the series does not end for {z}")


def exact_phi(z):
    with localcontext() as context:
        context.prec = DIGITS
        tail = exact_tail(z)
        context.prec = 40
        return -tail.log10()


def test_the_exact_values_are_those_of_the_tables():
    assert str(exact_pi())[:32] == "3.141592653589793238462643383279"
    assert float(exact_tail("1.96")) == pytest.approx(0.0249978951482204, rel=1e-12)
    assert float(exact_tail("-3")) == pytest.approx(0.998650101968370, rel=1e-12)
    assert float(exact_phi("37.5")) == pytest.approx(307.33, abs=0.01)


ZS = ("-9", "-5.5", "-2", "-0.001", "0", "0.25", "1.2815515655446004", "3", "8.3", "20", "29.9999", "30", "37.6", "39")


@pytest.mark.parametrize("z", ZS)
def test_phi_is_that_of_the_normal_curve(z):
    assert _phi(float(z)) == pytest.approx(float(exact_phi(z)), rel=2e-14)


@pytest.mark.parametrize("z", [38.0, 50.0, 1e3, 1e6, 1e12])
def test_far_out_phi_is_between_the_bounds_of_mills(z):
    """z/(1+z^2) < tail / density < 1/z; no float holds the tail itself any more."""
    density = z**2 / 2 + math.log(2 * math.pi) / 2
    assert (density + math.log(z)) / math.log(10) <= _phi(z) * (1 + 1e-15)
    assert _phi(z) <= (density + math.log(z + 1 / z)) / math.log(10) * (1 + 1e-15)


# A mean of 1100 ms and a spread of 300 ms.
EVEN = after([800, 1400] * 15)
# A mean of 2000 ms and a spread of 1000 ms, of which half an interval counts.
WIDE = after([1000, 3000] * 16)


@pytest.mark.parametrize(
    "history, mean_ms, deviation_ms",
    [
        (regular(), 1000, 250),
        (EVEN, 1100, 300),
        (WIDE, 2000, 500),
        (after([3000] * 7), 1000, 250),  # too few to go by
        (after([3000] * 8), 3000, 250),
        (after([100] * 31), 1000, 250),  # more often than asked
        (regular(interval_ms=100), 100, 100),  # the least in any case
    ],
    ids=["regular", "even", "wide", "few", "slow", "hasty", "quick"],
)
@pytest.mark.parametrize("silent_ms", [1, 500, 2000, 2641, 8000, 40_000])
def test_phi_is_that_of_the_gaps_seen(history, mean_ms, deviation_ms, silent_ms):
    usual_ms = mean_ms + 1000
    # The silence itself, and what a normal curve has before zero.
    late, never = ((at - usual_ms) / deviation_ms for at in (silent_ms, 0))
    expected = _phi(late) - float(exact_phi(str(never)))
    assert suspicion(PhiAccrual(), history, silent_ms) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_without_pause_and_floor_it_is_the_paper_s_own():
    """Gaps of mean 1000 and spread 100: one silence in ten is longer than 1128 ms, one in a hundred than 1233 ms."""
    check = PhiAccrual(pause_ms=0, deviation_share_min=0, deviation_ms_min=1)
    history = after([900, 1100] * 16)
    assert (first_ms(check, history, 1), first_ms(check, history, 2)) == (1129, 1233)


# What it promises.


def test_by_default_a_silent_node_is_suspected_after_less_than_three_seconds_and_fails_after_seven():
    check = PhiAccrual()
    assert (first_ms(check, regular(), check.suspect_at), first_ms(check, regular(), check.fail_at)) == (2582, 7319)


def test_a_node_that_was_never_heard_is_not_suspected():
    assert PhiAccrual().suspicion(HeartbeatHistory(arrivals_ms=(), interval_ms=1000), 5000) == 0.0


@pytest.mark.parametrize("irregular", [EVEN, WIDE], ids=["even", "wide"])
def test_an_irregular_node_gets_more_time(irregular):
    check = PhiAccrual()
    for threshold in (check.suspect_at, check.fail_at):
        assert first_ms(check, irregular, threshold) > first_ms(check, regular(), threshold) + 100


def test_a_stall_makes_it_patient_for_as_long_as_it_remembers():
    check = PhiAccrual()
    stalled = [1000] * 15 + [6000] + [1000] * 15
    assert 12_000 < first_ms(check, after(stalled), check.fail_at) < 13_000
    assert first_ms(check, after([1000] * 31), check.fail_at) == 7319


def test_however_irregular_a_node_was_patience_with_it_ends():
    history = after([1, 1, 1, 600_000] * 8)
    mean_ms = 8 * 600_003 // 32
    assert suspicion(PhiAccrual(), history, mean_ms + 1000) == pytest.approx(0.3, abs=0.01)
    assert suspicion(PhiAccrual(), history, mean_ms + 1000 + 22 * 500) > PhiAccrual().fail_at


@given(heartbeat_histories(), st.integers(0, 10**9), st.integers(0, 10**9))
def test_phi_is_finite_and_grows_with_silence(history, one_ms, other_ms):
    shorter, longer = (suspicion(PhiAccrual(), history, ms) for ms in sorted((one_ms, other_ms)))
    assert 0 <= shorter <= longer < math.inf


CHECKS = st.builds(
    PhiAccrual,
    suspect_at=st.floats(0.302, 2),
    fail_at=st.floats(2.01, 300),
    pause_ms=st.integers(0, 5000),
    deviation_share_min=st.floats(0, 3),
    deviation_ms_min=st.integers(1, 3000),
    deviation_share_max=st.floats(0, 100),
)


@given(CHECKS, heartbeat_histories(), st.integers(0, 60_000) | st.integers(0, 10**9))
def test_no_history_makes_a_threshold_be_reached_sooner_than_a_regular_one(check, history, silent_ms):
    """Thresholds are above the phi that half of all beats reach, log10(2); leases rely on this."""
    for_a_regular_one = suspicion(check, regular(), silent_ms)
    assert suspicion(check, history, silent_ms) <= max(math.log10(2), for_a_regular_one) * (1 + 1e-12)
