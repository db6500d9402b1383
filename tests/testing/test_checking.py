"""What the plugin of pytest writes down of each promise."""

from __future__ import annotations

import json

import pytest

# The inner runs find it imported: NumPy cannot be imported twice by one process.
import kube9.testing  # noqa: F401

SUITE = """
import pytest
from hypothesis import strategies as st
from kube9.plugins.subjects import Subject
from kube9.testing import Contract
from kube9.testing.contracts.contract import needs


class TestSubject(Contract):
    subject = Subject(kind="scheduler", step="mine", plugin="mine.py")
    capabilities = {"fly": "leave the ground"}
    cannot = {"fly"}

    def test_is_kept(self, request):
        self.tell_latency(request, lambda: None, lambda: None, "nothing")

    def test_is_broken(self):
        '''Whatever the ``number``, as :class:`~kube9.core.ports.Some` has it.

        And more.
        '''

        def holds(number):
            assert number < 3, f"{number} is not below 3"

        self.for_all(st.integers(0, 9), holds)

    @needs("fly")
    def test_flies(self):
        raise AssertionError

    def test_says_nothing(self):
        running = [1, 2]
        assert running == [1]

    @pytest.mark.parametrize("case", [7])
    def test_raises(self, case):
        {}["gone"]
"""


@pytest.fixture
def found(pytester):
    pytester.makepyfile(test_subject=SUITE)
    pytester.makefile(".json", request=json.dumps({"examples": 50}))
    pytester.makeini("[pytest]")
    # In a process of its own: it loads a profile of Hypothesis's, which is meant for the whole process.
    pytester.runpytest_subprocess("-p", "kube9.testing.checking", "-p", "no:cacheprovider", "-p", "no:pytester")
    told = json.loads((pytester.path / "result.json").read_text(encoding="utf-8"))
    return {each["promise"]: each for each in told}


def test_each_promise_is_told_with_what_became_of_it(found):
    outcomes = {promise: each["outcome"] for promise, each in found.items()}
    assert outcomes == {
        "cannot names capabilities": "passed",
        "is kept": "passed",
        "is broken": "failed",
        "flies": "skipped",
        "says nothing": "failed",
        "raises": "failed",
    }
    assert found["is kept"]["subject"] == {"kind": "scheduler", "step": "mine", "plugin": "mine.py"}
    assert found["is kept"]["latency"]["reference"] == "nothing"
    assert found["is kept"]["latency"]["ratio"] > 0
    broken = found["is broken"]
    assert (broken["means"], broken["message"], broken["example"]) == (
        "Whatever the number, as Some has it.",
        "3 is not below 3",
        "3",
    )
    assert found["flies"]["message"] == "cannot 'fly': leave the ground"
    assert found["says nothing"]["message"] == "assert [1, 2] == [1], in: assert running == [1]"
    assert found["raises"]["of"] == "7"
    assert found["raises"]["message"].startswith("KeyError: 'gone' (")
