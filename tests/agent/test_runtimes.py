from __future__ import annotations

import pytest

from kube9.agent.configuration import ConfigurationError
from kube9.agent.runtimes import KNOWN, find_runtime
from kube9.testing import pretending


def test_one_is_found_by_its_module():
    found = find_runtime("module:kube9.testing.pretending")
    assert (found.make_runtime, found.make_sweep) == (pretending.make_runtime, pretending.make_sweep)


def test_one_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(ConfigurationError, match=f"there is no 'vm'; expected one of {', '.join(KNOWN)}"):
        find_runtime("vm")


@pytest.mark.parametrize("name", ["module:kube9_nowhere", "module:json"])
def test_a_module_that_is_none_is_told(name):
    with pytest.raises(ConfigurationError, match=f"'{name}' cannot be used: "):
        find_runtime(name)
