from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import InvalidInput, QuantityError
from kube9.core.quantities import QUANTITY_MAX, format_quantity, parse_quantity


@pytest.mark.parametrize(
    "text,resource,amount",
    [
        ("500m", "cpu", 500),
        ("2", "cpu", 2000),
        ("0.5", "cpu", 500),
        (".5", "cpu", 500),
        ("2.", "cpu", 2000),
        ("0.001", "cpu", 1),
        ("1e3", "cpu", 1_000_000),
        ("1E3", "cpu", 1_000_000),
        ("1e-3", "cpu", 1),
        ("15e+1", "cpu", 150_000),
        ("2k", "cpu", 2_000_000),
        ("3000u", "cpu", 3),
        ("1000000n", "cpu", 1),
        ("+2", "cpu", 2000),
        ("  2\n", "cpu", 2000),
        ("0", "cpu", 0),
        ("-0", "cpu", 0),
        ("007", "cpu", 7000),
        ("128974848", "memory", 128_974_848),
        ("129e6", "memory", 129_000_000),
        ("129M", "memory", 129_000_000),
        ("123Mi", "memory", 123 * 2**20),
        ("1.5Gi", "memory", 3 * 2**29),
        ("100k", "memory", 100_000),
        ("1Ki", "memory", 1024),
        ("3Ti", "memory", 3 * 2**40),
        ("2T", "memory", 2 * 10**12),
        ("1P", "memory", 10**15),
        ("8Pi", "memory", QUANTITY_MAX),
        ("0Ei", "memory", 0),
        ("1000m", "memory", 1),
        ("4", "nvidia.com/gpu", 4),
        ("2k", "licence", 2000),
        ("2000m", "licence", 2),
        (str(QUANTITY_MAX), "licence", QUANTITY_MAX),
    ],
)
def test_quantities_are_read_as_kubernetes_writes_them(text, resource, amount):
    parsed = parse_quantity(text, resource)
    assert parsed == amount
    assert type(parsed) is int


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "m", "Gi", ".", "five", "5 5", "5 Gi", "5\n5", "1,5", "1_000", "--1", "0x10", "1.2.", "1e", "1e999"),
        *("1e3k", "1E3Ki", "1e0m", "1e-3M", "2e+1Gi", "1e3E"),
        *("1K", "1g", "1GI", "1Gib", "1mm", "1kM", "NaN", "nan", "sNaN", "inf", "-Infinity", "٣", "５", "1e٣", "²"),
    ],
)
@pytest.mark.parametrize("resource", ["cpu", "memory", "licence"])
def test_what_is_no_quantity_is_refused_with_the_text_and_an_example(text, resource):
    with pytest.raises(QuantityError, match=f"expected a quantity of {resource} such as") as caught:
        parse_quantity(text, resource)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text,resource,problem",
    [
        ("-1", "cpu", "cpu must not be negative"),
        ("-500m", "cpu", "cpu must not be negative"),
        ("-1Ki", "memory", "memory must not be negative"),
        ("1Ei", "memory", "memory must be at most 8Pi"),
        ("1E", "memory", "memory must be at most 8Pi"),
        ("9007199254740993", "memory", "memory must be at most 8Pi"),
        ("9007199254740992", "cpu", "cpu must be at most 9007199254740992m"),
        ("1e99", "licence", "licence must be at most 9007199254740992"),
        ("9" * 5000, "licence", "licence must be at most 9007199254740992"),
        ("0.5m", "cpu", "cpu has no part finer than a thousandth of a core"),
        ("1n", "cpu", "cpu has no part finer than a thousandth of a core"),
        ("1.0001", "cpu", "cpu has no part finer than a thousandth of a core"),
        ("100m", "memory", "memory has no part finer than a byte"),
        ("0.3Ki", "memory", "memory has no part finer than a byte"),
        ("0.5", "nvidia.com/gpu", "nvidia.com/gpu has no part finer than one"),
        ("1e-9", "licence", "licence has no part finer than one"),
    ],
)
def test_quantities_out_of_range_are_refused_for_what_is_wrong(text, resource, problem):
    with pytest.raises(QuantityError) as caught:
        parse_quantity(text, resource)
    assert str(caught.value).startswith(problem)
    assert repr(text) in str(caught.value)


def test_a_bad_quantity_is_bad_input():
    assert issubclass(QuantityError, InvalidInput)


@pytest.mark.parametrize(
    "amount,resource,text",
    [
        (1500, "cpu", "1500m"),
        (2000, "cpu", "2"),
        (0, "cpu", "0"),
        (1, "cpu", "1m"),
        (8 * 2**30, "memory", "8Gi"),
        (1536 * 2**20, "memory", "1536Mi"),
        (1024, "memory", "1Ki"),
        (1000, "memory", "1000"),
        (0, "memory", "0"),
        (2**50, "memory", "1Pi"),
        (4096, "nvidia.com/gpu", "4096"),
    ],
)
def test_amounts_are_written_as_people_do(amount, resource, text):
    assert format_quantity(amount, resource) == text


@given(amount=st.integers(0, QUANTITY_MAX), resource=st.sampled_from(["cpu", "memory", "licence"]))
def test_what_is_written_can_be_read_again(amount, resource):
    assert parse_quantity(format_quantity(amount, resource), resource) == amount


@given(amount=st.integers(0, 2**23), suffix=st.sampled_from(["Ki", "Mi", "Gi"]))
def test_a_written_amount_of_memory_uses_the_largest_suffix_that_keeps_it_whole(amount, suffix):
    text = format_quantity(parse_quantity(f"{amount}{suffix}", "memory"), "memory")
    number = int(text.rstrip("KMGTPEi"))
    assert number % 1024 or number == 0 or text.endswith("Ei")


@given(text=st.text(max_size=8) | st.from_regex(r"[-+]?[0-9.eE]{1,6}[a-zA-Z]{0,2}", fullmatch=True))
def test_any_text_is_either_an_amount_in_range_or_a_quantity_error(text):
    try:
        amount = parse_quantity(text, "cpu")
    except QuantityError:
        return
    assert 0 <= amount <= QUANTITY_MAX
