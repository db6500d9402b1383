from __future__ import annotations

import base64
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.api.paging import page_of, parse_continue
from kube9.core.errors import InvalidInput


class Thing(NamedTuple):
    ordinal: int


def things(*ordinals):
    return [Thing(ordinal) for ordinal in ordinals]


def pages(values, limit, wanted=None):
    """Every page, as a client goes from one to the next."""
    after = -1
    while True:
        page = page_of(values, after=after, limit=limit, wanted=wanted)
        yield page
        token = page.metadata().get("continue")
        if token is None:
            return
        after = parse_continue(token)


@given(st.sets(st.integers(0, 200)), st.integers(1, 20))
def test_the_pages_together_are_the_list(ordinals, limit):
    values = things(*sorted(ordinals))
    found = list(pages(values, limit))
    assert [value for page in found for value in page.items] == values
    assert all(len(page.items) == limit for page in found[:-1])
    assert all(page.remaining == len(values) - limit * (index + 1) for index, page in enumerate(found[:-1]))


def test_a_page_goes_on_where_the_last_ended_whatever_came_and_went():
    first = page_of(things(1, 2, 3, 4, 5), after=-1, limit=2, wanted=None)
    after = parse_continue(first.metadata()["continue"])
    now = things(1, 3, 5, 6)
    assert page_of(now, after=after, limit=9, wanted=None).items == things(3, 5, 6)


def test_only_what_is_wanted_is_counted():
    page = page_of(things(*range(10)), after=-1, limit=2, wanted=lambda thing: thing.ordinal % 2 == 0)
    assert page.items == things(0, 2)
    assert page.metadata()["remainingItemCount"] == 3


def test_without_a_limit_all_is_one_page():
    page = page_of(things(*range(5)), after=-1, limit=None, wanted=None)
    assert len(page.items) == 5
    assert page.metadata() == {}


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "not a token",
        "ä",
        base64.urlsafe_b64encode(b"2:5").decode(),
        base64.urlsafe_b64encode(b"1:-5").decode(),
        base64.urlsafe_b64encode(b"1:" + b"9" * 40).decode(),
        base64.urlsafe_b64encode("1:５".encode()).decode(),
    ],
)
def test_a_token_that_no_page_gave_is_refused(token):
    with pytest.raises(InvalidInput, match="metadata.continue"):
        parse_continue(token)
