from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.pods import DeviceRequest
from kube9.plugins import devices
from kube9.plugins.devices import LeastLeft, MostLeft


def choose(chooser, free_milli, count=1, milli=1000):
    return chooser.choose(DeviceRequest(kind="gpu", count=count, milli=milli), np.array(free_milli))


@pytest.mark.parametrize(
    "free_milli,count,milli,least,most",
    [
        ([1000, 1000], 1, 1000, (0,), (0,)),
        ([1000, 400, 700], 1, 300, (1,), (0,)),
        ([1000, 400, 700], 1, 401, (2,), (0,)),
        ([1000, 400, 700], 1, 701, (0,), (0,)),
        ([300, 900, 300, 900], 1, 300, (0,), (1,)),
        ([1000, 400, 700], 2, 400, (1, 2), (0, 2)),
        ([500, 500, 500], 2, 500, (0, 1), (0, 1)),
        ([0, 0, 1000], 1, 1, (2,), (2,)),
        ([900, 100, 500, 800], 3, 500, (2, 3, 0), (0, 3, 2)),
    ],
)
def test_which_devices_a_pod_gets(free_milli, count, milli, least, most):
    assert choose(LeastLeft(), free_milli, count, milli) == least
    assert choose(MostLeft(), free_milli, count, milli) == most


@pytest.mark.parametrize("chooser", [LeastLeft(), MostLeft()])
@given(free_milli=st.lists(st.integers(0, 1000), min_size=1, max_size=8), milli=st.integers(1, 1000), data=st.data())
def test_whatever_is_chosen_is_enough_and_nothing_twice(chooser, free_milli, milli, data):
    enough = sum(left >= milli for left in free_milli)
    if not enough:
        return
    count = data.draw(st.integers(1, enough))
    indices = choose(chooser, free_milli, count, milli)
    assert len(set(indices)) == len(indices) == count
    assert all(free_milli[index] >= milli for index in indices)
    assert {type(index) for index in indices} == {int}


@given(free_milli=st.lists(st.integers(0, 1000), min_size=1, max_size=8), milli=st.integers(1, 1000), data=st.data())
def test_the_least_left_is_the_least_that_fits_and_the_most_left_the_most(free_milli, milli, data):
    fitting = sorted(left for left in free_milli if left >= milli)
    if not fitting:
        return
    count = data.draw(st.integers(1, len(fitting)))
    assert [free_milli[index] for index in choose(LeastLeft(), free_milli, count, milli)] == fitting[:count]
    assert [free_milli[index] for index in choose(MostLeft(), free_milli, count, milli)] == fitting[::-1][:count]


def test_the_names_under_which_they_are_offered():
    offered = {}
    devices.kube9_register_device_choosers(register=offered.__setitem__)
    assert offered == {"least-left": LeastLeft, "most-left": MostLeft}
