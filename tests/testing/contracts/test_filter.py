from __future__ import annotations

import pytest

from kube9.plugins.filters import Devices, NodeReady, NodeSelector, Resources, Taints
from kube9.testing import FilterContract

#: Which tests of the contract must fail for each double, and no others.
CAUGHT_BY = {
    "Sound": set(),
    "Explains": set(),
    "NoObjection": set(),
    "HandsOutAColumn": set(),
    "Global": set(),
    "NoReason": {"test_has_a_reason"},
    "ReasonIsNoText": {"test_has_a_reason"},
    "Column": {"test_gives_one_truth_value_per_node_or_none"},
    "Numbers": {"test_gives_one_truth_value_per_node_or_none"},
    "List": {"test_gives_one_truth_value_per_node_or_none"},
    "GivesUp": {"test_judges_thousands_of_nodes"},
    "Alternates": {"test_same_arguments_give_the_same_answer", "test_the_name_of_a_pod_does_not_matter"},
    "WritesToLargest": {"test_leaves_its_arguments_alone"},
    "Hoards": {"test_keeps_no_table_and_does_not_grow"},
    "KeepsTable": {"test_keeps_no_table_and_does_not_grow"},
    "EmptyRejection": {"test_rejections_are_reasons_and_masks"},
    "RejectionByNumber": {"test_rejections_are_reasons_and_masks"},
    "RejectionColumn": {"test_rejections_are_reasons_and_masks"},
    "RejectsInSilence": {"test_rejections_are_of_exactly_the_nodes_refused"},
    "RejectsWhatFits": {"test_rejections_are_of_exactly_the_nodes_refused"},
    "ComparesThoughLocal": {"test_if_local_an_answer_depends_on_its_row_alone"},
    "GoesByName": {"test_the_name_of_a_pod_does_not_matter"},
    "SociableThoughMonotone": {"test_if_monotone_filling_a_node_helps_nobody"},
    "MonotoneThoughNotLocal": {"test_if_monotone_filling_a_node_helps_nobody"},
}


@pytest.mark.slow
@pytest.mark.parametrize("double,caught_by", CAUGHT_BY.items(), ids=CAUGHT_BY)
def test_the_contract_catches_each_double_for_the_right_reason(failures, double, caught_by):
    assert failures("filter_doubles", double, contract="FilterContract", fixture="filter") == caught_by


class TestBuiltIns(FilterContract):
    @pytest.fixture(
        params=[NodeReady(), NodeSelector(), Taints(), Resources(), Devices()], ids=lambda each: type(each).__name__
    )
    def filter(self, request):
        return request.param
