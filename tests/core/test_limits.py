from __future__ import annotations

import pytest
from attrs import field, frozen

from kube9.core.errors import InvalidInput
from kube9.core.limits import whole


@frozen
class Dated:
    day: int = field(validator=whole(-1, 31))


@pytest.mark.parametrize("day", [-1, 0, 31])
def test_numbers_within(day):
    assert Dated(day).day == day


@pytest.mark.parametrize("day", [-2, 32, 2**64, 1.0, True, "1", None])
def test_what_is_not_within_or_no_whole_number(day):
    with pytest.raises(InvalidInput, match=f"^day must be a whole number from -1 to 31, got {day!r}$"):
        Dated(day)
