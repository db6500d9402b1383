"""The tests that docs/howto/test-a-plugin.md shows pass when pytest runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# The inner runs find it imported: NumPy cannot be imported twice by one process.
import kube9.testing

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "test-a-plugin.md"
SHOWN = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)

#: How many tests each block makes, and how many of them are left out; a block of a base class alone makes none.
OUTCOMES = [(12, 0), (1, 0), (12, 0), (2, 0), (42, 6), (0, 0)]


@pytest.mark.slow
@pytest.mark.parametrize("code,outcome", list(zip(SHOWN, OUTCOMES, strict=True)))
def test_what_is_shown_passes(pytester, code, outcome):
    pytester.makepyfile(code)
    passed, skipped = outcome
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=passed, skipped=skipped)


def test_every_fixture_and_capability_of_the_page_exists():
    text = PAGE.read_text(encoding="utf-8")
    contract = kube9.testing.BackendContract
    methods = re.findall(r"^\| `(\w+)\(.*?\)` \|.*\| (?:`([a-z-]+)`)? ?\|$", text, flags=re.MULTILINE)
    assert len(methods) == 12
    for method, capability in methods:
        assert hasattr(contract, method)
        assert not capability or capability in contract.capabilities
