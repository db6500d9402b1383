from __future__ import annotations

import pytest

from kube9.plugins.policies import BestFit, FirstFit, Random, WorstFit
from kube9.testing import SchedulerContract

#: Which tests of the contract must fail for each double, and no others.
CAUGHT_BY = {
    "Sound": set(),
    "Global": set(),
    "WholeNumbers": set(),
    "InfiniteWhereNothingFits": set(),
    "NeedsMemory": set(),
    "Column": {"test_gives_one_score_per_node"},
    "Objects": {"test_scores_are_real_numbers"},
    "TruthValues": {"test_scores_are_real_numbers"},
    "DividesByZero": {"test_scores_are_finite_where_the_pod_fits"},
    "GivesUp": {"test_scores_thousands_of_nodes"},
    "Dice": {"test_same_arguments_give_same_scores"},
    "Counts": {"test_same_arguments_give_same_scores"},
    "WritesToLargest": {"test_leaves_its_arguments_alone"},
    "Hoards": {"test_keeps_no_table_and_does_not_grow"},
    "KeepsTable": {"test_keeps_no_table_and_does_not_grow"},
    "KeepsColumn": {"test_keeps_no_table_and_does_not_grow"},
    "RanksThoughLocal": {"test_if_local_a_score_depends_on_its_row_alone"},
    "NumbersRowsThoughLocal": {"test_if_local_a_score_depends_on_its_row_alone"},
    "NamesThoughLocal": {"test_if_local_the_name_of_a_pod_does_not_matter"},
    "ChoosesDevices": set(),
    "ChoosesFullDevices": {"test_if_it_chooses_devices_the_pod_can_have_them"},
    "ChoosesTooManyDevices": {"test_if_it_chooses_devices_the_pod_can_have_them"},
    "ChoosesDevicesByDice": {"test_if_it_chooses_devices_it_chooses_the_same_again"},
    "MisspeltCapability": {"test_cannot_names_capabilities"},
}


@pytest.mark.slow
@pytest.mark.parametrize("double,caught_by", CAUGHT_BY.items(), ids=CAUGHT_BY)
def test_the_contract_catches_each_double_for_the_right_reason(failures, double, caught_by):
    assert failures("scheduler_doubles", double, contract="SchedulerContract", fixture="scheduler") == caught_by


class TestBuiltIns(SchedulerContract):
    @pytest.fixture(params=[BestFit(), FirstFit(), Random(seed=3), WorstFit()], ids=lambda each: type(each).__name__)
    def scheduler(self, request):
        return request.param
