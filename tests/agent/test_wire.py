from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.agent.brain import Answer, Beat, CopyReport, PodUse, StartOrder, StopOrder
from kube9.agent.wire import UnreadableAnswer, beat_body, read_answer
from kube9.api.beats import answer_document, read_beat, read_wait_ms
from kube9.api.limits import Limits

ANSWER = {"boot": "b", "sequence": 3, "token": "t", "leaseMillis": 9000, "intervalMillis": 1000, "gone": False}
START = {"uid": "p", "epoch": 2, "namespace": "default", "name": "web-1", "owner": "web", "spec": {"containers": []}}


def encoded(document):
    return json.dumps(document).encode()


TEXTS = st.text(max_size=20)
COPIES = st.builds(
    CopyReport,
    st.text(min_size=1, max_size=20),
    st.integers(0, 2**53 - 1),
    st.sampled_from(["Starting", "Running", "Succeeded", "Failed"]),
    st.none() | st.integers(0, 255),
    TEXTS,
    st.booleans(),
    st.integers(0, 2**53 - 1),
    TEXTS,
)
USES = st.builds(PodUse, st.text(min_size=1, max_size=20), *[st.integers(0, 2**53 - 1)] * 3)
BEATS = st.builds(
    Beat,
    st.text(min_size=1, max_size=20),
    TEXTS,
    st.integers(1, 2**53 - 1),
    st.lists(COPIES, max_size=3).map(tuple),
    st.lists(USES, max_size=3).map(tuple),
)


@given(BEATS, st.integers(0, 60_000))
def test_the_server_reads_what_the_agent_writes(beat, wait_ms):
    document = json.loads(beat_body(beat, wait_ms))
    assert read_beat(document, Limits()) == beat
    assert read_wait_ms(document) == wait_ms


def test_what_is_as_it_is_anyway_is_not_written():
    beat = Beat("b", "t", 1, (CopyReport("p", 2, "Running"),))
    assert json.loads(beat_body(beat, 500)) == {
        "boot": "b",
        "token": "t",
        "sequence": 1,
        "waitMillis": 500,
        "pods": [{"uid": "p", "epoch": 2, "phase": "Running"}],
    }


def test_what_is_too_long_for_the_server_is_cut():
    beat = Beat("b", "t", 1, (CopyReport("p", 2, "Failed", None, "e" * 9_000, reason="r" * 9_000),))
    (copy,) = read_beat(json.loads(beat_body(beat, 0)), Limits()).pods
    assert (copy.error, copy.reason) == ("e" * 4_000, "r" * 4_000)


ORDERS = st.builds(
    StartOrder,
    TEXTS,
    st.integers(0, 2**53 - 1),
    TEXTS,
    TEXTS,
    TEXTS,
    st.just({"containers": [{"name": "main"}]}),
    st.dictionaries(TEXTS, st.lists(st.integers(0, 100), max_size=3).map(tuple), max_size=2),
)
ANSWERS = st.builds(
    Answer,
    st.integers(1, 2**53 - 1),
    TEXTS,
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.booleans(),
    TEXTS,
    st.lists(ORDERS, max_size=2).map(tuple),
    st.lists(st.builds(StopOrder, TEXTS, st.integers(0, 9), st.integers(0, 10**6)), max_size=2).map(tuple),
)


@given(ANSWERS)
def test_the_agent_reads_what_the_server_writes(answer):
    assert read_answer(encoded(answer_document(answer))) == answer


def test_a_field_that_is_not_known_is_for_agents_to_come():
    assert read_answer(encoded(ANSWER | {"weather": "fine"})) == Answer(3, "t", 9000, 1000, False, "b")


@pytest.mark.parametrize(
    "change,message",
    [
        ({"sequence": "3"}, "sequence: expected a whole number from 0"),
        ({"sequence": True}, "sequence: expected a whole number from 0"),
        ({"leaseMillis": -1}, "leaseMillis: expected a whole number from 0"),
        ({"leaseMillis": 1.5}, "leaseMillis: expected a whole number from 0"),
        ({"intervalMillis": None}, "intervalMillis: expected a whole number from 0"),
        ({"token": None}, "token: expected a text"),
        ({"gone": 0}, "gone: expected true or false"),
        ({"start": {}}, "start: expected a list"),
        ({"stop": [3]}, r"stop\[0\].: expected an object"),
        ({"stop": [{"uid": "p", "epoch": 1}]}, r"stop\[0\].graceMillis: expected a whole number"),
        ({"start": [START | {"spec": None}]}, r"start\[0\].spec: expected an object"),
        ({"start": [START, START | {"name": 1}]}, r"start\[1\].name: expected a text"),
        ({"start": [START | {"devices": {"gpu": [-1]}}]}, r"start\[0\].devices.gpu: expected a list of whole numbers"),
    ],
    ids=str,
)
def test_what_is_wrong_with_an_answer_is_told(change, message):
    with pytest.raises(UnreadableAnswer, match=message):
        read_answer(encoded(ANSWER | change))


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"[" * 100_000, b"3", b"null"], ids=lambda body: repr(body[:8]))
def test_what_is_no_answer_at_all_is_unreadable(body):
    with pytest.raises(UnreadableAnswer):
        read_answer(body)


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_unreadable(body):
    with contextlib.suppress(UnreadableAnswer):
        assert isinstance(read_answer(body), Answer)
