from __future__ import annotations

import pytest

from kube9.plugins.health import Heartbeat
from kube9.plugins.phiaccrual import PhiAccrual
from kube9.testing import HealthCheckContract

#: Which tests of the contract must fail for each double, and no others.
CAUGHT_BY = {
    "Sound": set(),
    "WholeNumbers": set(),
    "OwnInterval": set(),
    "Patient": set(),
    "SwappedThresholds": {"test_thresholds_are_ordered"},
    "OneThreshold": {"test_thresholds_are_ordered"},
    "EndlessThreshold": {"test_thresholds_are_ordered", "test_a_silent_node_is_given_up_in_the_end"},
    "Overflows": {"test_suspicion_is_a_finite_number_from_0_up"},
    "Negative": {"test_suspicion_is_a_finite_number_from_0_up"},
    "Text": {"test_suspicion_is_a_finite_number_from_0_up"},
    "Forgives": {"test_suspicion_does_not_shrink_while_silence_grows"},
    "Counts": {"test_same_history_gives_the_same_suspicion"},
    "NightShift": {"test_same_history_gives_the_same_suspicion"},
    "Sleepy": {"test_same_history_gives_the_same_suspicion"},
    "Tires": {"test_same_history_gives_the_same_suspicion"},
    "HoldsGrudges": {"test_suspicion_falls_with_a_beat"},
    "Hasty": {"test_a_regular_node_is_never_suspected"},
    "NewcomersSuspected": {"test_a_regular_node_is_never_suspected"},
    "Trusting": {"test_a_silent_node_is_given_up_in_the_end"},
    "GivesUpIrregular": {"test_no_node_is_given_up_sooner_than_a_regular_one"},
    "Hoards": {"test_does_not_grow"},
}


@pytest.mark.parametrize("double,caught_by", CAUGHT_BY.items(), ids=CAUGHT_BY)
def test_the_contract_catches_each_double_for_the_right_reason(failures, double, caught_by):
    assert failures("health_check_doubles", double, contract="HealthCheckContract", fixture="check") == caught_by


CHECKS = {
    "heartbeat": Heartbeat(),
    "a heartbeat in a hurry": Heartbeat(interval_ms=10, suspect_ms=11, fail_ms=12),
    "phi-accrual": PhiAccrual(),
    "phi-accrual without any patience": PhiAccrual(
        interval_ms=50, suspect_at=0.302, fail_at=0.5, pause_ms=0, deviation_share_min=0, deviation_ms_min=1
    ),
    "phi-accrual with a long interval": PhiAccrual(interval_ms=60_000, fail_at=100.0, pause_ms=0),
}


class TestBuiltIns(HealthCheckContract):
    @pytest.fixture(params=CHECKS.values(), ids=CHECKS)
    def check(self, request):
        return request.param
