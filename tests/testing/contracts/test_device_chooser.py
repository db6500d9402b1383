from __future__ import annotations

import pytest

from kube9.plugins.devices import LeastLeft, MostLeft
from kube9.testing import DeviceChooserContract

#: Which tests of the contract must fail for each double, and no others.
CAUGHT_BY = {
    "Sound": set(),
    "TooFew": {"test_chooses_as_many_as_were_asked_for"},
    "TooMany": {"test_chooses_as_many_as_were_asked_for"},
    "OneTwice": {"test_chooses_none_twice"},
    "FromTheEnd": {"test_chooses_by_index"},
    "Fractions": {"test_chooses_by_index"},
    "LooksAtNothing": {"test_chooses_devices_with_enough_left"},
    "LeavesOneShort": {"test_chooses_devices_with_enough_left"},
    "Alternates": {"test_same_arguments_give_the_same_choice"},
    "WritesDown": {"test_leaves_its_arguments_alone"},
}


@pytest.mark.parametrize("double,caught_by", CAUGHT_BY.items(), ids=CAUGHT_BY)
def test_the_contract_catches_each_double_for_the_right_reason(failures, double, caught_by):
    assert failures("device_chooser_doubles", double, contract="DeviceChooserContract", fixture="chooser") == caught_by


class TestBuiltIns(DeviceChooserContract):
    @pytest.fixture(params=[LeastLeft(), MostLeft()], ids=lambda each: type(each).__name__)
    def chooser(self, request):
        return request.param
