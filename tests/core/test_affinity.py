from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm
from kube9.core.errors import InvalidInput

LABELS = {"zone": "a", "cores": "16", "empty": ""}


def asked(key, operator, *values):
    return NodeRequirement(key=key, operator=operator, values=values)


@pytest.mark.parametrize(
    "requirement,met",
    [
        (asked("zone", "In", "b", "a"), True),
        (asked("zone", "In", "b"), False),
        (asked("disk", "In", "ssd"), False),
        (asked("empty", "In", ""), True),
        (asked("zone", "NotIn", "b"), True),
        (asked("zone", "NotIn", "b", "a"), False),
        (asked("disk", "NotIn", "ssd"), True),
        (asked("empty", "Exists"), True),
        (asked("disk", "Exists"), False),
        (asked("disk", "DoesNotExist"), True),
        (asked("empty", "DoesNotExist"), False),
        (asked("cores", "Gt", "15"), True),
        (asked("cores", "Gt", "16"), False),
        (asked("cores", "Lt", "17"), True),
        (asked("cores", "Lt", "16"), False),
        (asked("cores", "Lt", "-3"), False),
        (asked("zone", "Gt", "0"), False),
        (asked("zone", "Lt", "0"), False),
        (asked("disk", "Gt", "0"), False),
        (asked("disk", "Lt", "0"), False),
    ],
    ids=str,
)
def test_a_requirement_is_met_or_not(requirement, met):
    assert requirement.matches(LABELS) is met


SOME = st.sampled_from(("", "a", "b", "7", "-7", "070", "7.0"))
SOME_LABELS = st.dictionaries(st.sampled_from(("zone", "cores")), SOME)


@given(SOME_LABELS, st.sampled_from(("zone", "cores")), st.lists(SOME, min_size=1, max_size=3))
def test_each_operator_has_its_opposite(labels, key, values):
    assert asked(key, "In", *values).matches(labels) is not asked(key, "NotIn", *values).matches(labels)
    assert asked(key, "Exists").matches(labels) is not asked(key, "DoesNotExist").matches(labels)
    if asked(key, "In", *values).matches(labels):
        assert asked(key, "Exists").matches(labels)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_numbers_are_compared_as_numbers(number, bound):
    labels = {"cores": str(number)}
    assert asked("cores", "Gt", str(bound)).matches(labels) is (number > bound)
    assert asked("cores", "Lt", str(bound)).matches(labels) is (number < bound)


@pytest.mark.parametrize(
    "operator,values,problem",
    [
        ("In", (), "values: In needs at least one"),
        ("NotIn", (), "values: NotIn needs at least one"),
        ("Exists", ("a",), r"values: Exists takes none, got \['a'\]"),
        ("DoesNotExist", ("a",), r"values: DoesNotExist takes none, got \['a'\]"),
        ("Gt", (), r"values: Gt needs one whole number, got \[\]"),
        ("Gt", ("1", "2"), r"values: Gt needs one whole number, got \['1', '2'\]"),
        ("Lt", ("many",), r"values: Lt needs one whole number, got \['many'\]"),
        ("Lt", ("1.5",), r"values: Lt needs one whole number, got \['1.5'\]"),
    ],
)
def test_a_requirement_that_makes_no_sense_is_refused(operator, values, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}$"):
        asked("zone", operator, *values)


@pytest.mark.parametrize(
    "requirement,text",
    [
        (asked("zone", "In", "a", "b"), "zone In a,b"),
        (asked("zone", "DoesNotExist"), "zone DoesNotExist"),
        (asked("cores", "Gt", "4"), "cores Gt 4"),
    ],
)
def test_it_is_read_as_it_is_written(requirement, text):
    assert str(requirement) == text


A, NOT_A = asked("zone", "In", "a"), asked("zone", "NotIn", "a")
HERE, ELSEWHERE = asked("metadata.name", "In", "n"), asked("metadata.name", "NotIn", "n")


@pytest.mark.parametrize(
    "expressions,fields,met",
    [
        ((A,), (), True),
        ((A, asked("cores", "Exists")), (), True),
        ((A, NOT_A), (), False),
        ((), (HERE,), True),
        ((), (ELSEWHERE,), False),
        ((A,), (HERE,), True),
        ((A,), (ELSEWHERE,), False),
        ((NOT_A,), (HERE,), False),
        ((), (), False),
    ],
)
def test_a_term_wants_all_it_asks_for_and_something_it_must_ask(expressions, fields, met):
    assert NodeSelectorTerm(expressions=expressions, fields=fields).matches("n", LABELS) is met


def test_a_label_called_like_the_field_is_not_taken_for_it():
    term = NodeSelectorTerm(expressions=(asked("metadata.name", "In", "n"),))
    assert not term.matches("n", LABELS)
    assert term.matches("m", {"metadata.name": "n"})


def test_they_are_values():
    assert hash(NodeSelectorTerm(expressions=[A])) == hash(NodeSelectorTerm(expressions=(A,)))
