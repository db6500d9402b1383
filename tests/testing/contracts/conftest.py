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
def failures(pytester):
    """A function that runs a contract on one double and returns the names of the tests that failed, without ids."""

    def run(module: str, double: str, *, contract: str, fixture: str) -> set[str]:
        pytester.makepyfile(
            **{module: (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")},
            test_double=SUITE.format(module=module, double=double, contract=contract, fixture=fixture),
        )
        passed, skipped, failed = pytester.inline_run("-p", "no:cacheprovider").listoutcomes()
        assert passed, "no test of the contract passed, so none may have run"
        assert skipped == []
        return {report.nodeid.rpartition("::")[2].partition("[")[0] for report in failed}

    return run
