from __future__ import annotations

import pytest

from kube9.core.errors import InvalidInput, Problem
from kube9.manifest.reader import NOTHING, PROBLEMS_MAX, Reader, got


@pytest.mark.parametrize(
    "steps, path",
    [
        ([], ""),
        (["spec", "containers", 0, "image"], "spec.containers[0].image"),
        (["metadata", "labels", "a.b/c"], "metadata.labels['a.b/c']"),
        (["a-b_c"], "a-b_c"),
        ([0, "a"], "[0].a"),
        (["", "a"], "[''].a"),
        (["\ud800"], "['\\ud800']"),
        ([None], "[null]"),
    ],
)
def test_paths(steps, path):
    reader = Reader()
    reader.path.extend(steps)
    reader.problem("is wrong")
    assert reader.problems == [Problem(path, "is wrong")]


@pytest.mark.parametrize(
    "value, quoted, hushed",
    [
        (None, "null", "null"),
        (True, "the boolean true", "a boolean"),
        (5, "the number 5", "a number"),
        (1.5, "the number 1.5", "a number"),
        ("a", "the text 'a'", "a text"),
        ("a" * 100, f"the text '{'a' * 50}'... (100 characters)", "a text"),
        ({"a": 1}, "an object", "an object"),
        ([1], "a list", "a list"),
        ({1}, "a set", "a set"),
    ],
)
def test_how_values_are_named(value, quoted, hushed):
    assert got(value) == quoted
    assert got(value, quoted=False) == hushed


def test_a_number_that_python_does_not_write():
    assert got(-(10**5000)) == "the number of about 5000 digits"


def test_problems_and_warnings_are_limited():
    reader = Reader()
    for number in range(PROBLEMS_MAX + 3):
        reader.problem("x", number)
        reader.warn("x", number)
    assert len(reader.problems) == len(reader.warnings) == PROBLEMS_MAX
    assert (reader.unlisted, reader.faults) == (3, PROBLEMS_MAX + 3)


def refuse(**_):
    raise InvalidInput("count must be odd")


def test_what_the_core_refuses_is_a_problem_here():
    reader = Reader()
    assert reader.below("spec", lambda here, value: here.made(refuse, value, 0), {}) is NOTHING
    assert reader.problems == [Problem("spec", "count must be odd")]


def test_nothing_is_made_of_what_has_a_problem():
    reader = Reader()
    reader.problem("x")
    assert reader.made(dict, {"a": 1}, 0) is NOTHING
    assert reader.made(dict, {"a": 1}, 1) == {"a": 1}
    assert reader.named(dict, {"a": 1}, 1) is NOTHING
    reader.metadata = {"name": "n"}
    assert reader.named(dict, {"a": 1}, 1) == {"a": 1, "name": "n"}
