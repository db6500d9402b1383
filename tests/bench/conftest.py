"""The benchmark stands beside the suite and is never installed, so it is found by its place."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="session")
def bench():
    """Import a module of the benchmark: ``bench("race").race``."""
    spec = spec_from_file_location("bench", PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)])
    package = module_from_spec(spec)
    sys.modules["bench"] = package
    spec.loader.exec_module(package)
    yield lambda name: import_module(f"bench.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "bench"]:
        del sys.modules[name]
