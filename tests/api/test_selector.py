from __future__ import annotations

import pytest

from kube9.api.selector import parse_selector
from kube9.core.errors import InvalidInput

WEB = {"app": "web", "tier": "front", "example.com/zone": "a"}


@pytest.mark.parametrize(
    "text,selects",
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app=db", False),
        ("app!=db", True),
        ("app!=web", False),
        ("gone!=web", True),
        ("app in (db, web)", True),
        ("app in (db,cache)", False),
        ("app in(web)", True),
        ("app notin (db)", True),
        ("app notin (web,db)", False),
        ("gone notin (web)", True),
        ("app", True),
        ("gone", False),
        ("!gone", True),
        ("! gone", True),
        ("!app", False),
        ("app=web,tier=front", True),
        ("app=web,tier=back", False),
        ("app in (web,db),!gone,tier", True),
        ("example.com/zone=a", True),
        ("empty=", False),
        ("gone in ()", False),
        # Words of the grammar are names like any others where a name stands.
        ("in", False),
        ("notin!=a", True),
    ],
)
def test_a_selector_selects(text, selects):
    assert parse_selector(text).selects(WEB) is selects


@pytest.mark.parametrize("text", ["empty=", "empty==", "empty in ()", "empty in (a,)", "empty in (,a)"])
def test_the_empty_value_is_a_value(text):
    assert parse_selector(text).selects({"empty": ""})


@pytest.mark.parametrize(
    "text",
    [
        "=web",
        "app=web,",
        ",app",
        "app==web==x",
        "app in web",
        "app in (web",
        "app in web)",
        "app notin",
        "app web",
        "!",
        "!app=web",
        "a b c",
        "-app=x",
        "app=-x",
        "app=x y",
        "app in (a b)",
        "/x=1",
        "UPPER.com/x=1",
        "app=" + "x" * 64,
        "x" * 64,
        "app=wäb",
        "app,,tier",
        "()",
        "app=(a)",
    ],
)
def test_what_is_no_selector_says_what_was_expected(text):
    with pytest.raises(InvalidInput, match="expected|must follow"):
        parse_selector(text)
