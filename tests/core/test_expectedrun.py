from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import InvalidInput
from kube9.core.expectedrun import EXPECTED_RUN, expected_run_ms, expecting
from kube9.core.limits import TIME_MAX_MS
from kube9.core.pods import PodSpec


def saying(text):
    return PodSpec(name="pod", annotations={EXPECTED_RUN: text, "other": "kept"})


@pytest.mark.parametrize(
    "text,run_ms",
    [("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("2h", 7_200_000), ("1d", 86_400_000), ("0s", 0)],
)
def test_a_pod_says_by_an_annotation_how_long_it_runs(text, run_ms):
    assert expected_run_ms(saying(text)) == run_ms


def test_one_that_says_nothing_may_run_for_ever():
    assert expected_run_ms(PodSpec(name="pod")) is None


@pytest.mark.parametrize("text", ["", "90", "-5s", "1.5h", "2 h", "2h ", "soon", "٣s", "999999999999999d"])
def test_what_cannot_be_read_is_refused_with_what_could(text):
    with pytest.raises(InvalidInput, match="annotation kube9/expected-run: expected a whole number and its unit"):
        expected_run_ms(saying(text))


@given(run_ms=st.integers(0, TIME_MAX_MS))
def test_a_pod_can_be_made_to_say_it_and_is_the_same_otherwise(run_ms):
    pod = PodSpec(name="pod", requests={"cpu": 5}, annotations={"other": "kept"})
    twin = expecting(pod, run_ms)
    assert expected_run_ms(twin) == run_ms
    assert twin == PodSpec(name="pod", requests={"cpu": 5}, annotations={"other": "kept", EXPECTED_RUN: f"{run_ms}ms"})
    assert twin.shape == pod.shape
    assert expected_run_ms(pod) is None


def test_what_a_pod_says_itself_stays():
    pod = saying("1h")
    assert expecting(pod, 5) is pod
