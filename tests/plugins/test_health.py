from __future__ import annotations

import pytest

from kube9.core.errors import InvalidInput
from kube9.core.ports import HealthCheck, HeartbeatHistory
from kube9.core.registry import Registry
from kube9.plugins import health
from kube9.plugins.health import Heartbeat


@pytest.fixture
def checks() -> Registry[HealthCheck]:
    registry: Registry[HealthCheck] = Registry("health check")
    health.kube9_register_health_checks(lambda name, factory: registry.add(name, factory, plugin="health"))
    return registry


def test_it_is_offered_and_takes_its_thresholds_as_text(checks):
    check = checks.make("heartbeat", interval_ms="100", suspect_ms="250", fail_ms="900")
    assert isinstance(check, HealthCheck)
    assert (check.interval_ms, check.suspect_at, check.fail_at) == (100, 250.0, 900.0)


REFUSALS = [
    ({"interval_ms": "1s"}, "expected a whole number of milliseconds, got '1s'"),
    ({"fail_ms": "0"}, "fail_ms must be a whole number from 1"),
    ({"suspect_ms": "500"}, "must grow in this order.*got 1000, 500, 10000"),
    ({"fail_ms": "3000"}, "must grow in this order"),
    ({"timeout": "7"}, "health check 'heartbeat' from plugin 'health': .*timeout"),
]


@pytest.mark.parametrize("options, message", REFUSALS, ids=str)
def test_options_that_cannot_be_used_are_refused(checks, options, message):
    with pytest.raises(InvalidInput, match=message):
        checks.make("heartbeat", **options)


SILENCES = [
    # when it was heard, what time it is, how long it has been silent
    ((), 5000, 0.0),
    ((1000,), 1000, 0.0),
    ((1000, 2000), 5000, 3000.0),
    ((1000, 6000), 5000, 0.0),
]


@pytest.mark.parametrize("arrivals_ms, now_ms, suspicion", SILENCES)
def test_suspicion_is_the_silence(arrivals_ms, now_ms, suspicion):
    history = HeartbeatHistory(arrivals_ms=arrivals_ms, interval_ms=1000)
    assert Heartbeat().suspicion(history, now_ms) == suspicion


def test_a_missed_beat_or_two_are_no_reason_for_suspicion():
    check = Heartbeat()
    assert check.suspicion(HeartbeatHistory(arrivals_ms=(0,), interval_ms=1000), 2999) < check.suspect_at
    assert check.suspicion(HeartbeatHistory(arrivals_ms=(0,), interval_ms=1000), 3000) >= check.suspect_at


@pytest.mark.parametrize("asked_ms, suspicion", [(1000, 6000.0), (500, 6000.0), (4000, 1500.0)])
def test_one_that_is_asked_to_beat_more_seldom_may_be_silent_for_longer(asked_ms, suspicion):
    history = HeartbeatHistory(arrivals_ms=(1_000,), interval_ms=asked_ms)
    assert Heartbeat(interval_ms=1000).suspicion(history, 7_000) == suspicion
