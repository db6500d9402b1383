from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.agent.quantities import read_quantity
from kube9.core.quantities import format_quantity, parse_quantity


@pytest.mark.parametrize(
    "text, resource, amount",
    [
        ("500m", "cpu", 500),
        ("2", "cpu", 2000),
        ("0.5", "cpu", 500),
        (".25", "cpu", 250),
        ("1e3", "memory", 1000),
        ("1E3", "memory", 1000),
        ("1E", "memory", 10**18),
        ("256Mi", "memory", 256 << 20),
        ("1.5Gi", "memory", 3 << 29),
        ("+1k", "memory", 1000),
        ("100u", "cpu", 0),
    ],
)
def test_texts(text, resource, amount):
    assert read_quantity(text, resource) == amount


@pytest.mark.parametrize("text", ["", "x", "1 Gi", "1Xi", "--1", "1.2.3", "m"])
def test_what_is_no_quantity(text):
    with pytest.raises(ValueError, match="expected a quantity of memory such as 500m, 2 or 8Gi, got"):
        read_quantity(text, "memory")


@given(amount=st.integers(0, 2**53), resource=st.sampled_from(["cpu", "memory", "gpu"]))
def test_reads_what_the_server_writes(amount, resource):
    assert read_quantity(format_quantity(amount, resource), resource) == amount


@given(
    number=st.decimals(0, 10**6, places=3).map(str),
    suffix=st.sampled_from(["m", "", "k", "M", "Ki", "Mi", "Gi"]),
)
def test_says_the_same_as_the_server(number, suffix):
    text = f"{number}{suffix}"
    try:
        amount = parse_quantity(text, "cpu")
    except ValueError:
        return  # it has a part finer than the unit
    assert read_quantity(text, "cpu") == amount
