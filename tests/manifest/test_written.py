from __future__ import annotations

from datetime import datetime, timezone

import pytest

from kube9.manifest import timestamp
from kube9.manifest.written import seconds


@pytest.mark.parametrize(
    "at_ms, text",
    [
        (None, None),
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (1_767_225_599_999, "2025-12-31T23:59:59.999Z"),
        (1_772_366_400_050, "2026-03-01T12:00:00.050Z"),
    ],
)
def test_moments(at_ms, text):
    assert timestamp(at_ms) == text


def test_a_moment_is_the_one_that_python_reads():
    read = datetime.strptime(timestamp(1_767_225_599_123), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    assert round(read.timestamp() * 1000) == 1_767_225_599_123


def test_whole_seconds_are_written_whole():
    assert repr([seconds(0), seconds(5000), seconds(1500), seconds(1)]) == "[0, 5, 1.5, 0.001]"
