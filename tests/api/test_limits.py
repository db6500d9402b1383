from __future__ import annotations

import attrs
import pytest

from kube9.api.limits import Limits
from kube9.core.errors import InvalidInput


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, 1.5])
def test_no_limit_can_be_nothing(name, value):
    with pytest.raises(InvalidInput, match=name):
        Limits(**{name: value})
