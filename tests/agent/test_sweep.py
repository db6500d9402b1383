from __future__ import annotations

import pytest

from kube9.agent import labels
from kube9.agent.sweep import copy_of


@pytest.mark.parametrize(
    "theirs, copy",
    [
        ({labels.POD_UID: "p", labels.EPOCH: "3"}, ("p", 3)),
        ({labels.POD_UID: "p"}, None),
        ({labels.POD_UID: "p", labels.EPOCH: "x"}, None),
        ({labels.EPOCH: "3"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_whose_a_container_is(theirs, copy):
    assert copy_of({"Labels": theirs}) == copy
