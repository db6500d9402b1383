"""Server-sent events, wherever the network cuts them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.client.stream import lines_of, messages


def read(text):
    return list(messages(lines_of([text.encode()])))


@pytest.mark.parametrize(
    "text,expected",
    [
        ('data: {"a": 1}\n\n', [{"a": 1}]),
        ('id: 5\nevent: PodBound\ndata: {"a": 1}\nretry: 3\n\n', [{"a": 1}]),
        ('data:{"a": 1}\r\n\r\n', [{"a": 1}]),
        (': ping\n\n: ping\n\ndata: {"a": 1}\n\n\n\n', [{"a": 1}]),
        ('data: {"a":\ndata: 1}\n\ndata: {"b": 2}\n\n', [{"a": 1}, {"b": 2}]),
        ('data: {"a": "ü"}\n\n', [{"a": "ü"}]),
        ('data: {"a": 1}\n\ndata: {"b"', [{"a": 1}]),
        ('data: {"a": 1}\n\ndata: {"b": 2}\n', [{"a": 1}]),
        ("", []),
    ],
    ids=repr,
)
def test_events_are_read_and_all_else_is_passed_over(text, expected):
    assert read(text) == expected


@given(documents=st.lists(st.dictionaries(st.text(), st.text())), cut=st.integers(1, 50))
def test_where_the_network_cuts_changes_nothing(documents, cut):
    data = "".join(f"id: 1\ndata: {json.dumps(each, ensure_ascii=False)}\n\n" for each in documents).encode()
    parts = [data[start : start + cut] for start in range(0, len(data), cut)]
    assert list(messages(lines_of(parts))) == documents
