from __future__ import annotations

import pytest

from kube9.manifest.reader import Reader
from kube9.manifest.scalars import text, whole
from kube9.manifest.shape import Shape, honoured, refused, warned

THING = Shape(
    "thing",
    honoured("size", whole(), "whole number", to="size_bytes"),
    honoured("name", text, "text", required=True),
    honoured("secret", text, "text", private=True),
    honoured("extra", text, "text", own=True),
    warned("colour", "all things are grey", quiet=("grey",)),
    refused("weight", "things weigh nothing", quiet=(1,)),
    first=("name",),
)


def read(value, **how):
    reader = Reader(**how)
    found = THING.read(reader, value)
    return found, [str(problem) for problem in reader.problems], reader.warnings


def test_fields_become_attributes():
    found, problems, warnings = read({"size": 5, "name": "a", "secret": None})
    assert (found, problems, warnings) == ({"name": "a", "size_bytes": 5}, [], [])


def test_what_others_may_name_is_read_first():
    assert list(read({"size": 5, "name": "a"})[0]) == ["name", "size_bytes"]


@pytest.mark.parametrize(
    "value, problems",
    [
        ({}, ["name: is required"]),
        ({"name": None}, ["name: is required"]),
        ({"name": "a", "siez": 1}, ["siez: unknown field; did you mean 'size'?"]),
        ({"name": "a", "zzzzz": 1}, ["zzzzz: unknown field"]),
        ({"name": "a", 5: 1}, ["expected names of fields as texts, got int"]),
        ({"name": "a", "weight": 2}, ["weight: is not supported: things weigh nothing"]),
        ({"name": "a", "weight": 1}, []),
        ({"name": "a", "secret": 4711}, ["secret: expected a text, got a number; put it in quotes"]),
        (["a"], ["expected an object, got a list"]),
    ],
)
def test_faults(value, problems):
    assert read(value)[1] == problems


def test_fields_of_kube9_s_own():
    assert read({"name": "a", "extra": "b"})[0] == {"name": "a", "extra": "b"}
    assert "kube9's own" in read({"name": "a", "extra": "b"}, own=False)[1][0]


@pytest.mark.parametrize("colour, warnings", [("red", ["colour: all things are grey"]), ("grey", []), ("", [])])
def test_warnings(colour, warnings):
    assert read({"name": "a", "colour": colour})[2] == warnings


def test_a_long_name_is_not_compared_with_all_others():
    assert read({"name": "a", "n" * 10**6: 1})[1] == [f"['{'n' * 50}'... (1000000 characters)]: unknown field"]


def test_a_field_is_listed_once():
    with pytest.raises(AssertionError, match="listed twice"):
        Shape("thing", honoured("a", text, "text"), honoured("a", text, "text"))
