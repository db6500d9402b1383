"""Where things are: tests beside what they test, public names in their lists, paths in the tour that lead somewhere."""

from __future__ import annotations

import re
from configparser import ConfigParser
from importlib import import_module
from pathlib import Path
from types import FunctionType

import pytest

ROOT = Path(__file__).parents[1]

#: Tests that are about no module of kube9, and what they are about instead.
ABOUT_SOMETHING_ELSE = {
    "docs": "what the documentation shows",
    "bench": "the benchmark, which is not part of the package",
    "reliability": "the tool that kills servers, and its own tests",
    "examples": "the policies to begin with",
    "docker": "whole clusters on a real engine",
    "ssh": "whole clusters on machines by SSH",
    "test_contrib.py": "the packages of contrib/, as pip installs them and takes them away",
    "test_conftest.py": "the suite's own watch over its tests",
    "test_engine.py": "the container engines that the suite has",
    "test_layout.py": "this file",
    "test_style.py": "how the source is written",
}

#: What users and plugin authors may import; all else may change without notice.
PUBLIC = ("kube9", "kube9.core.hookspecs", "kube9.core.ports", "kube9.testing")


def mirrored_tests():
    """Every test module that should have a twin in kube9, relative to tests/."""
    found = sorted(path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py"))
    return [path for path in found if path.parts[0] not in ABOUT_SOMETHING_ELSE]


@pytest.mark.parametrize("test", mirrored_tests(), ids=str)
def test_each_test_module_stands_where_its_subject_does(test):
    subject = ROOT / "kube9" / test.parent / test.name.removeprefix("test_").removesuffix(".py")
    assert subject.with_suffix(".py").is_file() or subject.is_dir(), f"neither {subject}.py nor {subject}/ exists"


def test_each_package_has_its_tests():
    packages = {path.parent.relative_to(ROOT / "kube9") for path in (ROOT / "kube9").rglob("__init__.py")}
    tested = {test.parent for test in mirrored_tests()}
    assert packages <= tested


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_those_listed(name):
    """That the lists are sorted is ruff's to see (RUF022)."""
    module = import_module(name)
    listed = set(module.__all__)
    here = {key for key, value in vars(module).items() if not key.startswith("_") and belongs(value, name)}
    assert here - listed == set(), "public, but not in __all__"
    assert {key for key in listed if not hasattr(module, key)} == set(), "in __all__, but not there"


def belongs(value, module):
    """Whether a class or function was written in that module."""
    return isinstance(value, type | FunctionType) and value.__module__ == module


TOUR = ROOT / "docs" / "explanation" / "tour.md"


def test_the_tour_names_at_most_eight_files_that_exist():
    named = set(re.findall(r"\b(?:kube9|contrib|tests|docs|bench)/[\w./-]*\w", TOUR.read_text(encoding="utf-8")))
    assert 1 <= len(named) <= 8
    assert {path for path in named if not (ROOT / path).exists()} == set()


def read_ini(name):
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / name, encoding="utf-8")
    return parser


@pytest.mark.parametrize("package", sorted((ROOT / "contrib").glob("*/setup.cfg")), ids=lambda path: path.parent.name)
def test_each_contrib_package_is_installed_tested_and_held_to_public_names(package):
    name = read_ini(package)["metadata"]["name"]
    module = name.replace("-", "_")
    assert package.parent.name == name
    assert f"./contrib/{name}" in read_ini("tox.ini")["testenv:contrib"]["commands_pre"].split()
    assert f"contrib/{name}/src" in read_ini("tox.ini")["testenv:imports"]["set_env"]
    linter = read_ini("setup.cfg")
    assert module in linter["importlinter"]["root_packages"].split()
    assert module in linter["importlinter:contract:contrib"]["source_modules"].split()
