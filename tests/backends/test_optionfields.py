from __future__ import annotations

import pytest
from attrs import field, frozen

from kube9.backends.optionfields import above_zero, check_mark, filled, read_options, url_or_empty
from kube9.core.errors import InvalidInput


@frozen(kw_only=True)
class Options:
    name: str = field(default="n", validator=filled)
    count: int = field(default=3, validator=above_zero)
    pause_ms: int = field(default=1, validator=above_zero)
    server: str = field(default="", validator=url_or_empty)


def test_fields_are_read_as_what_they_are():
    assert read_options(Options, {"count": "5", "server": "https://a:1"}) == Options(count=5, server="https://a:1")


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("colour", "red", "expected one of count, name, pause_ms, server"),
        ("name", " ", "'name' must not be empty"),
        ("count", "0", "'count' must be a whole number from 1"),
        ("pause_ms", "0", "'pause_ms' must be a whole number of milliseconds from 1"),
        ("server", "a:1", "'server' must be a URL"),
        ("server", "http://a:99999", "'server' must be a URL"),
    ],
)
def test_what_cannot_be_used_is_refused(name, value, words):
    with pytest.raises(InvalidInput, match=words):
        read_options(Options, {name: value})


@pytest.mark.parametrize("mark", ["", "-a", "A", "a" * 33, "a_b"])
def test_a_mark_is_part_of_names(mark):
    with pytest.raises(InvalidInput, match="cluster must be"):
        check_mark(mark)


def test_a_good_mark_stays_as_it_is():
    assert check_mark("c-3f9a1b2c") == "c-3f9a1b2c"
