"""How the source is written, where ruff and mypy do not look."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted([*(ROOT / "kube9").rglob("*.py"), *(ROOT / "contrib").glob("*/src/**/*.py")])

#: Past these, a module or a function is asked whether it is two things.
MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

#: Names that say nothing of what is inside, and so collect everything.
DRAWERS = {"base", "common", "helpers", "manager", "misc", "util", "utils"}

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))


def name_of(module):
    return module.relative_to(ROOT).as_posix()


@each_module
def test_a_module_is_named_for_one_thing(module):
    # pluggy's own word for what plugins/manager.py holds is a plugin manager.
    assert module.stem not in DRAWERS or name_of(module) == "kube9/plugins/manager.py"


@each_module
def test_modules_and_functions_stay_readable(module):
    source = module.read_text(encoding="utf-8")
    assert source.count("\n") <= MODULE_LINES_MAX
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    lengths = {function.name: function.end_lineno - function.lineno + 1 for function in functions}
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES_MAX} == {}


@each_module
def test_hooks_are_called_through_one_door(module):
    if name_of(module) != "kube9/plugins/manager.py":
        attributes = [node for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if is_attribute(node)]
        assert [node.attr for node in attributes if is_attribute(node.value) and node.value.attr == "hook"] == []


def is_attribute(node):
    return isinstance(node, ast.Attribute)
