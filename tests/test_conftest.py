"""The watch that conftest.py keeps must itself be able to bite."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.once

CONFTEST = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")


@pytest.fixture
def suite(pytester, monkeypatch):
    """A suite of its own under the same conftest.py, in a process of its own, whose time of grace is short."""
    monkeypatch.delenv("KUBE9_REQUIRE_ALL", raising=False)
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest(CONFTEST.replace("GRACE_S = 30.0", "GRACE_S = 0.2"))

    def run(body, *options):
        pytester.makepyfile(body)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)

    return run


LEAKS = {
    "thread 'forgotten'": """
        import threading

        def test_it():
            threading.Thread(target=threading.Event().wait, name="forgotten", daemon=True).start()
    """,
    "child process": """
        import subprocess, sys
        kept = []

        def test_it():
            kept.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
    """,
    "environment variable KUBE9_LEFT": """
        import os

        def test_it():
            os.environ["KUBE9_LEFT"] = "here"
    """,
}


@pytest.mark.parametrize("left", LEAKS)
def test_a_leak_is_an_error_that_names_it(suite, left):
    result = suite(LEAKS[left])
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"the test left behind: {left}*"])


def test_what_is_put_back_is_no_leak(suite):
    result = suite("""
        import subprocess, sys, threading

        def test_it(monkeypatch):
            monkeypatch.setenv("KUBE9_LEFT", "here")
            subprocess.run([sys.executable, "-c", ""], check=True)
            thread = threading.Thread(target=print)
            thread.start()
            thread.join()
    """)
    result.assert_outcomes(passed=1)


def test_a_changed_variable_does_not_reach_the_next_test(suite):
    result = suite("""
        import os

        def test_first():
            os.environ["KUBE9_LEFT"] = "here"

        def test_second():
            assert "KUBE9_LEFT" not in os.environ
    """)
    result.assert_outcomes(passed=2, errors=1)


NEEDS_TRACES = """
    def test_it(shared_data):
        assert shared_data.is_dir()

    def test_other():
        assert 1 + 1 == 2
"""


def test_absent_traces_are_told_at_the_end(suite):
    result = suite(NEEDS_TRACES)
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*left out*", "1 x needs the real traces in ../shared/data: put that folder *"])


def test_absent_traces_fail_where_everything_is_required(suite, monkeypatch):
    monkeypatch.setenv("KUBE9_REQUIRE_ALL", "1")
    result = suite(NEEDS_TRACES)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*was left out although KUBE9_REQUIRE_ALL=1: needs the real traces*"])


def test_a_module_left_out_fails_where_everything_is_required(suite, monkeypatch):
    monkeypatch.setenv("KUBE9_REQUIRE_ALL", "1")
    result = suite("""
        import pytest

        pytest.importorskip("a_module_that_nobody_has")
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*was left out although KUBE9_REQUIRE_ALL=1: could not import*"])


def test_an_expected_failure_is_not_left_out(suite, monkeypatch):
    monkeypatch.setenv("KUBE9_REQUIRE_ALL", "1")
    result = suite("""
        import pytest

        @pytest.mark.xfail
        def test_it():
            assert 1 + 1 == 3
    """)
    result.assert_outcomes(xfailed=1)


def test_a_deselected_test_is_told_at_the_end(suite):
    result = suite(NEEDS_TRACES, "-k", "other")
    result.stdout.fnmatch_lines(["1 x not chosen by 'other': run without it to have them too"])


def test_nothing_is_said_when_nothing_was_left_out(suite):
    result = suite("def test_it(): assert 1 + 1 == 2")
    result.stdout.no_fnmatch_line("*left out*")


def test_what_an_implementation_says_it_cannot_do_is_not_required(suite, monkeypatch):
    monkeypatch.setenv("KUBE9_REQUIRE_ALL", "1")
    result = suite("""
        import pytest

        class TestContract:
            cannot = {"fly"}

            def test_flying(self):
                pytest.skip("TestContract cannot 'fly': leave the ground")

            def test_swimming(self):
                pytest.skip("TestContract cannot 'swim': stay above water")
    """)
    result.assert_outcomes(skipped=1, failed=1)
