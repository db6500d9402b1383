from __future__ import annotations

import pytest

from kube9.manifest.reader import NOTHING, Reader
from kube9.manifest.scalars import SECONDS_MAX, amounts, boolean, quantity, seconds, text, text_map, texts, whole


@pytest.mark.parametrize(
    "read, value, result",
    [
        (text, "größe", "größe"),
        (text, "", ""),
        (boolean, False, False),
        (whole(), 0, 0),
        (seconds(), 5, 5000),
        (seconds(), 0.001, 1),
        (seconds(), 1e3, 1_000_000),
        (seconds(), SECONDS_MAX, SECONDS_MAX * 1000),
        (texts, ["a", ""], ("a", "")),
        (text_map, {"a b": "c"}, {"a b": "c"}),
        (quantity("cpu"), "500m", 500),
        (quantity("cpu"), 0.1, 100),
        (quantity("cpu"), 2, 2000),
        (quantity("memory"), "1Gi", 2**30),
        (quantity("memory"), 1e3, 1000),
        (quantity("gpu"), 3, 3),
        (amounts, {"cpu": "1", "example.com/x": 2}, {"cpu": 1000, "example.com/x": 2}),
    ],
)
def test_what_is_read(read, value, result):
    reader = Reader()
    assert read(reader, value) == result
    assert reader.problems == []


@pytest.mark.parametrize(
    "read, value, part",
    [
        (text, None, "got null"),
        (text, {"a": 1}, "got an object"),
        (text, 1.5, "put it in quotes"),
        (boolean, 1, "expected true or false, got the number 1"),
        (boolean, "true", "got the text 'true'"),
        (whole(), True, "got the boolean true"),
        (whole(), 1.0, "got the number 1.0"),
        (seconds(), "5", "got the text '5'"),
        (seconds(1), 0, "from 1"),
        (seconds(), float("nan"), "number of seconds"),
        (seconds(), float("inf"), "number of seconds"),
        (seconds(), 1.0001, "number of seconds"),
        (seconds(), SECONDS_MAX + 1, f"to {SECONDS_MAX}"),
        (texts, ("a",), "expected a list"),
        (text_map, {"": "a"}, "must not be empty"),
        (text_map, {1: "a"}, "expected a text"),
        (quantity("cpu"), "1 core", "expected a quantity of cpu"),
        (quantity("cpu"), "0.0001", "no part finer"),
        (quantity("memory"), "9" * 41, "expected a quantity of memory"),
        (quantity("memory"), 2**53 + 1, "expected a quantity of memory"),
        (quantity("memory"), "9Pi", "at most"),
        (quantity("memory"), float("inf"), "expected a quantity of memory"),
        (quantity("memory"), 1e300, "expected a quantity of memory"),
        (quantity("memory"), [], "got a list"),
        (amounts, {"": 1}, "expected a name"),
    ],
)
def test_what_is_not(read, value, part):
    reader = Reader()
    read(reader, value)
    ((_, message),) = reader.problems
    assert part in message


def test_seconds_of_kubernetes_have_no_decimals():
    reader = Reader(own=False)
    assert seconds()(reader, 1.0) is NOTHING
