from __future__ import annotations

import math
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import ManifestError
from kube9.manifest.yamltext import ALIASED_MAX, DEPTH_MAX, yaml_documents, yaml_text


def read(text):
    return list(yaml_documents(text))


def problem(text):
    with pytest.raises(ManifestError) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "written, value",
    [
        ("abc", "abc"),
        ("'5'", "5"),
        ('"yes"', "yes"),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("5", 5),
        ("-1_000", -1000),
        ("0644", 0o644),
        ("-0644", -0o644),
        ("0o644", 0o644),
        ("0x1F", 31),
        ("0b11", 3),
        ("0899", "0899"),
        ("0", 0),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        (".", "."),
        ("22:22", "22:22"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("y", "y"),
        ("500m", "500m"),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("[a, 1, {b: c}]", ["a", 1, {"b": "c"}]),
    ],
)
def test_scalars(written, value):
    assert read(f"k: {written}") == [{"k": value}]


@pytest.mark.parametrize(
    "text, documents",
    [
        ("", []),
        ("# a comment\n", []),
        ("---\na: 1\n---\n---\nb: 2\n", [{"a": 1}, None, {"b": 2}]),
        ("---\n{\n  a: [1,\n  2],\n}\n", [{"a": [1, 2]}]),
        ("on: 1\n404: 2\n~: 3", [{"on": 1, "404": 2, "~": 3}]),
        ("a: &x {q: [1]}\nb: *x", [{"a": {"q": [1]}, "b": {"q": [1]}}]),
        ("a: &x hello\n*x : 1", [{"a": "hello", "hello": 1}]),
        ("a: &x {q: 1, r: 2}\nb: {<<: *x, r: 3}", [{"a": {"q": 1, "r": 2}, "b": {"q": 1, "r": 3}}]),
        ("b: {r: 3, <<: [{q: 1}, {q: 2, s: 4}]}", [{"b": {"r": 3, "q": 1, "s": 4}}]),
        ('a: {"<<": 1}', [{"a": {"<<": 1}}]),
        ("\ufeffa: 1", [{"a": 1}]),
    ],
)
def test_documents(text, documents):
    assert read(text) == documents


@pytest.mark.parametrize(
    "text, part",
    [
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' is there twice in one object"),
        ("a: [", "line "),
        ("a: 1\n b: 2", "line 2, column 3: mapping values are not allowed"),
        ("a: *x", "line 1, column 4: there is no anchor 'x' before this"),
        ("a: &x [*x]", "there is no anchor 'x' before this, or it is around it"),
        ("a: &x 1\n---\nb: *x", "there is no anchor 'x'"),
        ("a: !!python/object/apply:os.system [x]", "the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not"),
        ("a: !mine x", "the tag '!mine' is not supported"),
        ("a: !!binary aGk=", "is not supported"),
        ("a: .nan", "expected a finite number; put it in quotes"),
        ("a: -.inf", "expected a finite number"),
        ("a: 1e999", "expected a finite number"),
        pytest.param("a: " + "9" * 5000, "at most 400 digits", id="digits"),
        ("? [a]\n: b", "expected a text as key, got a list or an object"),
        ("x: &x [a]\n*x : b", "expected a text as key"),
        ("<<: 5", "expected an object, or a list of objects, to merge by '<<'"),
        ("a: \0", "is no YAML: "),
        ("a: '\ud800'", "characters"),
    ],
)
def test_what_cannot_be_read(text, part):
    assert part in problem(text)


def test_several_faults_are_told_at_once():
    assert len(problem("a: 1\na: 2\nb: .nan\nc: !x y").splitlines()) == 3


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_limited(opening):
    assert f"nested deeper than {DEPTH_MAX} levels" in problem(opening * (DEPTH_MAX + 1))


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_what_is_far_deeper_is_refused_too(opening):
    # libyaml reads some way ahead of its events, and from 0.2.6 on has a limit of its own: either may be met first.
    assert re.search(rf"nested deeper than {DEPTH_MAX} levels|maximum nesting depth", problem(opening * 5000))


def test_depth_is_limited_through_aliases_too():
    half = DEPTH_MAX // 2
    lines = [f"- &a{'[' * half}{']' * half}", f"- {'[' * half}*a{']' * half}"]
    assert f"nested deeper than {DEPTH_MAX} levels" in problem(
        "\n".join(lines).replace("&a", "&a ").replace("*a", " *a ")
    )


def test_what_aliases_repeat_is_limited():
    lines = ["- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"- &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)]
    assert f"aliases repeat more than {ALIASED_MAX} values" in problem("\n".join(lines))


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
#: Numbers that PyYAML takes for texts, and writes without quotes.
UNQUOTED = re.compile(r"[-+]?(?:0o[0-7_]+|[0-9][0-9_]*[eE][-+]?[0-9]+)", re.ASCII)


def values(texts):
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**18), 10**18)
        | st.floats(allow_nan=False, allow_infinity=False)
        | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=8,
    )


@given(values(TEXTS.filter(lambda text: not UNQUOTED.fullmatch(text))), st.booleans())
def test_what_others_write_is_read_as_it_was(value, flow):
    text = yaml.safe_dump(value, default_flow_style=flow)
    (again,) = read(text)
    assert again == value or (value == "" and again is None)


@given(values(TEXTS))
def test_what_is_written_is_read_as_it_was(value):
    assert read(yaml_text(value)) == [value]


@pytest.mark.parametrize(
    "text", ["12e4567", "1E5", "-1e+5", "0o17", "0O17", "1_0e5", "5", "0644", "1.5", "yes", "~", ""]
)
def test_a_text_that_looks_like_something_else_is_written_in_quotes(text):
    assert read(yaml_text({"labels": {text: text}})) == [{"labels": {text: text}}]


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"\n ,?#<0.e%@`\t~"), max_size=40))
def test_any_text_is_read_or_has_problems(text):
    try:
        documents = read(text)
    except ManifestError as exc:
        documents = exc.problems
        assert documents
    assert not any(isinstance(each, float) and math.isnan(each) for each in documents)
