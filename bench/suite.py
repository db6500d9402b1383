"""What the benchmark and the suite have in common: the servers and engines that both start."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

__all__ = ["of_the_suite"]

_TESTS = Path(__file__).parents[1] / "tests"


def of_the_suite(name: str) -> Any:
    """A module of ``tests/``, which is no package: it knows how to start what the suite needs."""
    spec = spec_from_file_location(f"kube9_tests_{name}", _TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
