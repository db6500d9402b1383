from __future__ import annotations

import pytest

from kube9.core.errors import InvalidInput
from kube9.plugins.optiontext import milliseconds, number


@pytest.mark.parametrize("value, read", [("0", 0), ("1500", 1500), (7, 7)])
def test_milliseconds(value, read):
    assert milliseconds(value) == read


@pytest.mark.parametrize("value", ["", "-1", "1.5", "1s", "1e3", " 1", "٣", "1" * 16, 1.0, True, None])
def test_what_is_no_number_of_milliseconds(value):
    with pytest.raises(InvalidInput, match="expected a whole number of milliseconds, got"):
        milliseconds(value)


@pytest.mark.parametrize("value, read", [("0", 0.0), ("12", 12.0), ("0.25", 0.25), (3, 3.0), (1.5, 1.5)])
def test_numbers(value, read):
    assert number(value) == read
    assert type(number(value)) is float


@pytest.mark.parametrize("value", ["", ".5", "5.", "-1", "1e9", "inf", "nan", "1,5", "٣", "1" * 16, False, None])
def test_what_is_no_number(value):
    with pytest.raises(InvalidInput, match="expected a number such as 0.5 or 12, got"):
        number(value)
