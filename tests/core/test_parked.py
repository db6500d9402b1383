from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.parked import Parked

RESOURCES = ("cpu", "memory", "gpu", "licence")
REQUESTS = st.dictionaries(st.sampled_from(RESOURCES), st.integers(0, 5))


def free(**amounts):
    return {resource: np.array([0, amount]) for resource, amount in amounts.items()}


def test_only_what_asks_for_no_more_than_there_is():
    parked = Parked()
    parked.add("small", {"cpu": 1})
    parked.add("exact", {"cpu": 2, "memory": 3})
    parked.add("large", {"cpu": 3})
    parked.add("other", {"cpu": 1, "gpu": 1})
    assert parked.within(free(cpu=2, memory=3), row=1) == ["small", "exact"]
    assert parked.within(free(cpu=2, memory=3), row=0) == []


def test_what_asks_for_nothing_fits_everywhere():
    parked = Parked()
    parked.add("modest", {})
    parked.add("explicit", {"gpu": 0})
    assert parked.within(free(cpu=0), row=1) == ["modest", "explicit"]


def test_what_was_discarded_is_not_found_again():
    parked = Parked()
    parked.add("a", {"cpu": 0})
    parked.discard("a")
    parked.discard("never there")
    assert parked.within(free(cpu=9), row=1) == []
    assert len(parked) == 0
    assert "a" not in parked


def test_more_than_were_ever_spare():
    parked = Parked()
    for number in range(100):
        parked.add(number, {"cpu": number})
    assert parked.within(free(cpu=49), row=1) == list(range(50))


@given(
    script=st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 30), REQUESTS),
            st.tuples(st.just("discard"), st.integers(0, 30), st.none()),
            st.tuples(st.just("ask"), st.none(), REQUESTS),
        ),
        max_size=80,
    )
)
def test_it_agrees_with_a_dict_and_a_loop(script):
    parked, model = Parked(), {}
    for operation, thing, amounts in script:
        if operation == "add" and thing not in model:
            parked.add(thing, amounts)
            model[thing] = amounts
        elif operation == "discard":
            parked.discard(thing)
            model.pop(thing, None)
        elif operation == "ask":
            found = parked.within(free(**amounts), row=1)
            fitting = [
                each
                for each, asked in model.items()
                if all(amount <= amounts.get(resource, 0) for resource, amount in asked.items())
            ]
            assert sorted(found) == sorted(fitting)
        assert len(parked) == len(model)
        assert {each for each in range(31) if each in parked} == set(model)
