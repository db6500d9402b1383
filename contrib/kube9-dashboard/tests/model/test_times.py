"""Moments and spans as text."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from kube9_dashboard.model.times import age, clock_time, span

NOW = datetime(2026, 1, 2, 12, 0, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "seconds, text", [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (7_199, "1 h"), (90_000, "1 d"), (-3, "0 s")]
)
def test_a_span_is_told_in_its_largest_unit(seconds, text):
    assert span(seconds) == text


def test_an_age_does_not_change_with_every_second():
    assert age("2026-01-02T11:59:59.000Z", NOW) == age("2026-01-02T11:59:20.000Z", NOW) == "just now"
    assert age("2026-01-02T11:00:00.000Z", NOW) == "1 h"
    assert age(None, NOW) == ""


def test_another_day_is_named():
    assert ":" in clock_time("2026-01-02T11:59:59.000Z", NOW.astimezone())
    assert "Dec" in clock_time("2025-12-24T11:59:59.000Z", NOW.astimezone())
    assert clock_time(None, NOW) == ""
