from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from kube9.api import parameters as p
from kube9.core.errors import InvalidInput, ManifestError
from kube9.core.pods import PodPhase

LIMIT = p.whole_number("limit", "", least=1, most=10)
PARAMETERS = (LIMIT, p.switch("force", ""), p.phase(PodPhase), p.namespace("", "default"))


def read(*given):
    return p.read_query(PARAMETERS, MultiDict(given))


def test_what_is_not_given_has_its_default():
    assert read() == {"limit": None, "force": False, "phase": None, "namespace": "default"}


def test_what_is_given_is_read():
    found = read(("limit", "7"), ("force", "true"), ("phase", "Running"), ("namespace", "web"))
    assert found == {"limit": 7, "force": True, "phase": "Running", "namespace": "web"}


def test_every_fault_is_told_at_once():
    given = [("limit", "0"), ("force", "yes"), ("phase", "running"), ("namespace", "A"), ("namespaec", "a")]
    with pytest.raises(ManifestError) as refused:
        read(*given)
    assert [problem.path for problem in refused.value.problems] == [key for key, _ in given]


def test_nothing_is_taken_twice():
    with pytest.raises(ManifestError, match="limit: is given 2 times"):
        read(("limit", "1"), ("limit", "2"))


@pytest.mark.parametrize("text", ["", "0", "11", "-1", "1.0", "1e1", " 1", "+1", "1_0", "١", "9" * 30])
def test_what_is_no_number_in_the_range(text):
    with pytest.raises(InvalidInput, match="from 1 to 10"):
        LIMIT.read(text)


@pytest.mark.parametrize("name", ["a", "a-1", "a.b-c.d", "x" * 253])
def test_names(name):
    p.check_name("name", name)
    assert p.name("nodeName", "").read(name) == name


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a..b", "a_b", "ä", "x" * 254, "a\n", "a/b", "..", "a b"])
def test_what_is_no_name(name):
    with pytest.raises(ManifestError, match="name: expected"):
        p.check_name("name", name)
    with pytest.raises(InvalidInput):
        p.name("nodeName", "").read(name)


@pytest.mark.parametrize("text", ["", "x" * 254, "a\tb", "\x00"])
def test_what_is_no_text(text):
    with pytest.raises(InvalidInput, match="printable"):
        p.text("owner", "").read(text)


@pytest.mark.parametrize("text,grace_ms", [("0", 0), ("1", 1000), ("1.5", 1500), ("86400", 86_400_000)])
def test_grace_is_in_seconds(text, grace_ms):
    assert p.GRACE.read(text) == grace_ms


@pytest.mark.parametrize("text", ["", "-1", "86401", "1e3", "nan", "inf", "1s"])
def test_what_is_no_grace(text):
    with pytest.raises(InvalidInput, match="seconds"):
        p.GRACE.read(text)


@pytest.mark.parametrize("value", [True, "1", -1, 1e9, float("nan"), [1]])
def test_what_is_no_span_of_time(value):
    with pytest.raises(InvalidInput, match="seconds"):
        p.milliseconds(value)
