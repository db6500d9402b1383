from __future__ import annotations

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import texts
from kube9.core.errors import InvalidInput
from kube9.core.frozen import FrozenMap
from kube9.core.texts import (
    DATA_KEY,
    ENV_NAME,
    LABEL_KEY,
    LABEL_VALUE,
    NAME_LABEL,
    PORT_NAME,
    SUBDOMAIN,
    check_unique,
    follows,
    is_mount_path,
    is_storable,
    stays_below,
)

RULES = {
    "subdomain": (SUBDOMAIN, ["a", "1", "a-b.c-1", "a" * 253], ["", "A", "-a", "a.", "a..b", "a_b", "a" * 254]),
    "name label": (NAME_LABEL, ["a", "a-b", "a" * 63], ["", "a.b", "a-", "A", "a" * 64]),
    "port name": (PORT_NAME, ["http", "a-1"], ["80", "a--b", "HTTP", "a" * 16]),
    "variable": (ENV_NAME, ["A", "with space", "a.b-c"], ["", "A=B", "\x7f", "ä"]),
    "data key": (DATA_KEY, [".a", "..a", "A_b-c.d"], ["", ".", "..", "a/b", "a b"]),
    "label key": (LABEL_KEY, ["a", "A_b", "example.com/Tier", "a" * 63], ["", "a b", "A.b/c", "a/b/c", "a/", "a" * 64]),
    "label value": (LABEL_VALUE, ["", "a", "A_b.c-d"], ["-a", "a b", "a/b", "a" * 64]),
}


@pytest.mark.parametrize("rule,good,bad", RULES.values(), ids=RULES)
def test_what_each_rule_allows(rule, good, bad):
    assert [each for each in good if not rule.allows(each)] == []
    assert [each for each in [*bad, "a\n", "\0", "٣", None, 5, b"a", ["a"]] if rule.allows(each)] == []


@given(st.sampled_from([rule for rule, _, _ in RULES.values()]), st.text(max_size=20))
def test_whatever_a_rule_allows_can_be_stored(rule, given_text):
    assert is_storable(given_text) or not rule.allows(given_text)


@given(st.text(st.characters(), max_size=20))
def test_what_can_be_stored_comes_back_from_bytes(given_text):
    if is_storable(given_text):
        assert given_text.encode().decode() == given_text
        assert "\0" not in given_text


@pytest.mark.parametrize("value", ["a\0", "\ud800", "é\udfff", 5, None, b"a"])
def test_what_cannot_be_stored(value):
    assert not is_storable(value)


@pytest.mark.parametrize("path,below", [("a/b", True), ("a..b", True), ("/a", False), ("a/../b", False), ("..", False)])
def test_paths_that_stay_below_where_they_begin(path, below):
    assert stays_below(path) is below
    assert is_mount_path(f"/{path}") is (".." not in path.split("/"))


@pytest.mark.parametrize("path", ["", "a", "/a:b", "/a/.."])
def test_where_nothing_can_be_mounted(path):
    assert not is_mount_path(path)


def test_names_that_are_there_once_and_twice():
    check_unique("things", iter("abc"))
    with pytest.raises(InvalidInput, match="^things: 'b' is there twice, expected once$"):
        check_unique("things", iter("abcb"))


@frozen
class Named:
    title: str = field(validator=follows(NAME_LABEL))
    nickname: str = field(default="", validator=follows(NAME_LABEL, or_empty=True))


def test_a_field_that_follows_a_rule():
    assert Named("a", "b") == Named("a", "b")
    with pytest.raises(InvalidInput, match="^title must be a name of lower-case letters.*, got ''$"):
        Named("")
    with pytest.raises(InvalidInput, match="^nickname must be a name of lower-case letters.*, got 'B'$"):
        Named("a", "B")


def test_a_long_name_is_cut_in_messages():
    with pytest.raises(InvalidInput, match="^title must be") as told:
        Named("A" * 100_000)
    assert len(str(told.value)) < 250


@frozen
class Noted:
    line: str = field(default="", validator=texts.text)
    word: str = field(default="a", validator=texts.filled_text)
    lines: tuple = field(default=(), validator=texts.texts)
    labels: dict = field(factory=dict, validator=texts.label_map)
    notes: dict = field(factory=dict, validator=texts.texts_by_label)
    options: dict = field(factory=dict, validator=texts.texts_by_name)
    amounts: dict = field(factory=dict, validator=texts.amounts_by_label)


@pytest.mark.parametrize(
    "sound",
    [
        {"line": "ä\n", "word": "b c", "lines": ("", "x y")},
        {"labels": {"example.com/tier": "", "zone": "A_1"}},
        {"labels": FrozenMap({"zone": "a"})},
        {"notes": {"a": "any text: ä\n"}},
        {"options": {"any name ä": "any text"}},
        {"amounts": {"cpu": 0, "nvidia.com/gpu": 2**53}},
    ],
    ids=str,
)
def test_fields_that_can_be_stored(sound):
    assert {name: getattr(Noted(**sound), name) for name in sound} == sound


@pytest.mark.parametrize(
    "bad,problem",
    [
        ({"line": 5}, "line must be a text, got int"),
        ({"line": "a\0"}, "line must be a text without NUL characters and halves of surrogate pairs"),
        ({"word": ""}, "word must not be empty"),
        ({"word": None}, "word must be a text, got NoneType"),
        ({"lines": ("a", "\ud800")}, "lines must be a text without NUL"),
        ({"labels": {"a b": "c"}}, "labels: 'a b' must be a name of letters"),
        ({"labels": {1: "c"}}, "labels: 1 must be a name of letters"),
        ({"labels": {"a": "b c"}}, "labels: a must be a text that is empty or of letters.*, got 'b c'"),
        ({"labels": {"a": 1}}, "labels: a must be a text that is empty or of letters.*, got 1"),
        ({"labels": {"a": ["b"]}}, r"labels: a must be a text that is empty or of letters.*, got \['b'\]"),
        ({"notes": {"a b": "c"}}, "notes: 'a b' must be a name of letters"),
        ({"notes": {"a": "\0"}}, "notes: a must be a text without NUL"),
        ({"options": {"": "c"}}, "options: a name must be a text with something in it, got ''"),
        ({"options": {"a\0": "c"}}, "options: a name must be a text with something in it"),
        ({"options": {"a": 5}}, "options: 'a' must be a text, got int"),
        ({"amounts": {"a b": 5}}, "amounts: 'a b' must be a name of letters"),
        ({"amounts": {"a": -1}}, "amounts: a must be a whole number from 0"),
    ],
    ids=str,
)
def test_fields_that_cannot(bad, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        Noted(**bad)
