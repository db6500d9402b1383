from __future__ import annotations

import numpy as np
import pytest

from kube9_fgd.fragmentation import Fragmentation, TypicalPod, typical_pods

HALF, WHOLE, PAIR = TypicalPod(1000, 1, 500), TypicalPod(8000, 1, 1000), TypicalPod(1000, 2, 1000)
NO_GPU = TypicalPod(1000, 0, 0)
PICKY = TypicalPod(1000, 1, 500, ("T4",))


def fragmentation(typical, left, cpu=64_000, model="G2"):
    """Of one node."""
    measure = Fragmentation(typical)
    served = measure.pods_served(np.array([cpu]), np.array([0 if model else -1]), [model])
    return measure.of(np.array([left]), served).tolist()[0]


@pytest.mark.parametrize(
    "typical,left,expected",
    [
        ({HALF: 1}, [1000, 0], 0),
        ({HALF: 1}, [499, 500], 499),
        ({WHOLE: 1}, [1000, 500], 500),
        ({PAIR: 1}, [1000, 999], 1999),
        ({PAIR: 1}, [1000, 1000, 400], 400),
        ({NO_GPU: 1}, [1000, 300], 1300),
        ({HALF: 3, WHOLE: 1}, [1000, 600], 600),
        ({HALF: 1, NO_GPU: 2}, [100], 300),
        ({}, [1000], 0),
    ],
)
def test_it_is_what_pods_cannot_use_of_what_is_idle(typical, left, expected):
    assert fragmentation(typical, left) == expected


def test_without_enough_cpu_all_that_is_idle_is_lost():
    assert fragmentation({WHOLE: 1}, [1000], cpu=8000) == 0
    assert fragmentation({WHOLE: 1}, [1000], cpu=7999) == 1000


@pytest.mark.parametrize("model,expected", [("T4", 0), ("G2", 700), ("", 700)])
def test_so_it_is_on_another_model(model, expected):
    assert fragmentation({PICKY: 1}, [700], model=model) == expected


def test_models_that_come_later_are_known():
    measure, row = Fragmentation({PICKY: 1}), np.array([64_000])
    assert measure.pods_served(row, np.array([0]), ["G2"]).tolist() == [[0]]
    assert measure.pods_served(row, np.array([1]), ["G2", "T4"]).tolist() == [[1]]
    assert measure.pods_served(row, np.array([0]), ["G2", "T4"]).tolist() == [[0]]


def test_typical_pods_are_the_most_frequent_up_to_95_percent():
    pods = [HALF] * 60 + [WHOLE] * 34 + [PAIR] * 4 + [NO_GPU] * 2
    assert typical_pods(pods) == {HALF: 60, WHOLE: 34, PAIR: 4}
    assert typical_pods([HALF] * 95 + [WHOLE] * 5) == {HALF: 95}
