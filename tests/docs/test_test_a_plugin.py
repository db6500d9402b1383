"""The tests that docs/howto/test-a-plugin.md shows pass when pytest runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# The inner runs find it imported: NumPy cannot be imported twice by one process.
import kube9.testing
from kube9.cli.newpackage import NewPackage

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "test-a-plugin.md"
SHOWN = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)

#: How many tests each block makes at least; a block of a base class alone makes none.
TESTS_MIN = [12, 1, 12, 2, 20, 0, 0]
#: What the page says that plugins may import, besides pytest and their own package.
STABLE = {"kube9", "kube9.core.ports", "kube9.testing"}


@pytest.mark.slow
@pytest.mark.parametrize("code,tests_min", list(zip(SHOWN, TESTS_MIN, strict=True)))
def test_what_is_shown_passes(pytester, code, tests_min):
    pytester.makepyfile(code)
    NewPackage.named("mine", "backend").write(pytester.path / "mine")
    pytester.syspathinsert(pytester.path / "mine" / "src")
    outcomes = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--ignore=mine").parseoutcomes()
    assert outcomes.keys() <= {"passed", "skipped"}
    assert outcomes.get("passed", 0) >= tests_min


def test_what_is_shown_imports_what_stays():
    imported = set(re.findall(r"^(?:from|import) (kube9\S*)", "\n".join(SHOWN), flags=re.MULTILINE))
    assert imported - {"kube9_mine"} == STABLE


def test_every_fixture_and_capability_of_the_page_exists():
    text = PAGE.read_text(encoding="utf-8")
    contract = kube9.testing.BackendContract
    methods = re.findall(r"^\| `(\w+)\(.*?\)` \|.*\| (?:`([a-z-]+)`)? ?\|$", text, flags=re.MULTILINE)
    assert len(methods) == 12
    for method, capability in methods:
        assert hasattr(contract, method)
        assert not capability or capability in contract.capabilities
