from __future__ import annotations

import pytest

from kube9.plugins.queues import FirstComeFirstServed, Priority
from kube9.testing import QueueDisciplineContract

#: Which tests of the contract must fail for each double, and no others.
CAUGHT_BY = {
    "Sound": set(),
    "Endless": set(),
    "Keyless": set(),
    "Aware": set(),
    "BlocksByNumber": {"test_says_whether_it_blocks"},
    "List": {"test_keys_are_tuples_of_numbers"},
    "Text": {"test_keys_are_tuples_of_numbers"},
    "NumbersOfNumPy": {"test_keys_are_tuples_of_numbers"},
    "Named": {"test_keys_are_tuples_of_numbers"},
    "NotANumber": {"test_keys_are_tuples_of_numbers"},
    "LongerForSome": {"test_keys_have_one_length"},
    "Counts": {"test_same_arguments_give_the_same_key"},
    "Hoards": {"test_does_not_grow"},
    "HalfAware": {"test_goes_by_runs_wholly_or_not_at_all"},
    "BackfillsByText": {"test_goes_by_runs_wholly_or_not_at_all"},
    "BackfillsBehindNobody": {"test_goes_by_runs_wholly_or_not_at_all"},
    "ExpectsSeconds": {"test_expects_runs_in_whole_milliseconds"},
    "ExpectsMoreEachTime": {"test_expects_runs_in_whole_milliseconds"},
}


@pytest.mark.parametrize("double,caught_by", CAUGHT_BY.items(), ids=CAUGHT_BY)
def test_the_contract_catches_each_double_for_the_right_reason(failures, double, caught_by):
    assert (
        failures("queue_discipline_doubles", double, contract="QueueDisciplineContract", fixture="discipline")
        == caught_by
    )


class TestBuiltIns(QueueDisciplineContract):
    @pytest.fixture(params=[Priority(), FirstComeFirstServed()], ids=lambda each: type(each).__name__)
    def discipline(self, request):
        return request.param
