"""Runs a contract on one double, in a pytest inside this one, and says which of its tests failed."""

from __future__ import annotations

from pathlib import Path

import pytest

# What is imported here is there for the inner runs too: NumPy cannot be imported twice by one process.
import kube9.testing  # noqa: F401

SUITE = """
from __future__ import annotations

import pytest
from hypothesis import Phase, settings
from kube9.testing import {contract}

import {module} as doubles


class TestDouble({contract}):
    cannot = getattr(doubles.{double}, "cannot", ())

    @pytest.fixture
    def {fixture}(self):
        return doubles.{double}()

    def hypothesis_settings(self):
        # The same examples each time, and no time spent on the smallest that fails.
        phases = (Phase.explicit, Phase.generate)
        return settings(deadline=None, derandomize=True, database=None, max_examples=20, phases=phases)
"""


@pytest.fixture
def write_suite(pytester):
    """A function that writes the suite of a contract for one double of a module beside this one."""

    def write(module: str, double: str, *, suite: str = SUITE, **names: str) -> None:
        pytester.makepyfile(
            **{module: (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")},
            test_double=suite.format(module=module, double=double, **names),
        )

    return write


@pytest.fixture
def failures(pytester, write_suite):
    """A function that runs the suite and returns the names of the tests that failed, without ids."""

    def run(module: str, double: str, **more: str) -> set[str]:
        write_suite(module, double, **more)
        passed, skipped, failed = pytester.inline_run("-p", "no:cacheprovider").listoutcomes()
        assert passed, "no test of the contract passed, so none may have run"
        assert skipped == []
        return {report.nodeid.rpartition("::")[2].partition("[")[0] for report in failed}

    return run
