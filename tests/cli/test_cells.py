"""Ages, labels and colours in cells."""

from __future__ import annotations

import pytest

from kube9.cli.cells import age, colour_of_phase, pairs, short_duration


@pytest.mark.parametrize(
    "seconds,text",
    [
        (-5, "0s"),
        (0, "0s"),
        (1.9, "1s"),
        (119, "119s"),
        (120, "2m"),
        (7_199, "119m"),
        (7_200, "2h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (10**9, "11574d"),
    ],
)
def test_a_duration_is_one_number(seconds, text):
    assert short_duration(seconds) == text


@pytest.mark.parametrize(
    "timestamp,text", [("1970-01-01T00:01:00.000Z", "40s"), ("1970-01-01T00:01:00Z", "40s"), (None, ""), ("", "")]
)
def test_an_age_is_since_a_timestamp(timestamp, text):
    assert age(timestamp, now_s=100.0) == text


@pytest.mark.parametrize("values,text", [({"a": "1", "b": ""}, "a=1,b"), ({}, ""), (None, ""), ({"a": 0}, "a=0")])
def test_pairs_are_joined(values, text):
    assert pairs(values) == text


@pytest.mark.parametrize(
    "status,colour",
    [("Ready", "green"), ("Failed", "red"), ("Ready,cordoned", "yellow"), ("Pending", "yellow"), ("", "")],
)
def test_a_phase_has_a_colour(status, colour):
    assert colour_of_phase(status) == colour
