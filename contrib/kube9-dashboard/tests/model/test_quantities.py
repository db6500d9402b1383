"""Quantities as numbers, and numbers as text."""

from __future__ import annotations

import pytest

from kube9_dashboard.model.quantities import amount, share_text, shown


@pytest.mark.parametrize(
    "quantity, number",
    [("500m", 0.5), ("4", 4), ("0.5", 0.5), ("2Gi", 2 * 1024**3), ("1500Mi", 1500 * 1024**2), ("1k", 1000), (3, 3)],
)
def test_a_quantity_is_a_number(quantity, number):
    assert amount(quantity) == number


@pytest.mark.parametrize("text", ["lots", "4 cores", "Gi", ""])
def test_what_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"expected a quantity|Invalid literal"):
        amount(text)


@pytest.mark.parametrize(
    "resource, value, text",
    [
        ("cpu", 0.5, "0.5"),
        ("cpu", 12.0, "12"),
        ("cpu", 16000.0, "16,000"),
        ("cpu", 12.34, "12.3"),
        ("memory", 2 * 1024**3, "2 Gi"),
        ("memory", 256 * 1024**2, "256 Mi"),
        ("memory", 17.94 * 1024**4, "17.9 Ti"),
        ("memory", 0, "0"),
        ("gpu", 100.0, "100"),
    ],
)
def test_it_is_shown_with_as_many_digits_as_one_reads(resource, value, text):
    assert shown(resource, value) == text


def test_a_share_of_nothing_is_none():
    assert share_text(1, 4) == "25 %"
    assert share_text(0, 0) == "–"
