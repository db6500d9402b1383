"""The list of hooks proves itself: each is typed, told in full, documented as it is, and tested."""

from __future__ import annotations

import ast
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kube9.core import hookspecs

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "hooks.md"
SCRIPT = ROOT / "docs" / "reference" / "make_hooks.py"
HOOKS = sorted(name for name, value in vars(hookspecs).items() if hasattr(value, "kube9_spec"))

each_hook = pytest.mark.parametrize("hook", HOOKS)


def spec_of(hook):
    return getattr(hookspecs, hook)


@pytest.fixture(scope="module")
def names_of_tests():
    return [
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def test_every_function_here_is_a_hook_with_the_prefix():
    functions = {name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction)}
    assert functions == set(HOOKS)
    assert all(name.startswith("kube9_") for name in HOOKS)


@each_hook
def test_a_hook_tells_what_its_signature_cannot(hook):
    told = inspect.getdoc(spec_of(hook))
    assert told.splitlines()[0].endswith(".")
    assert "Called once per " in told
    assert "order" in told
    assert "The result is ignored." in told
    assert "exception" in told
    for argument in inspect.signature(spec_of(hook)).parameters:
        assert f":param {argument}: " in told


@each_hook
def test_a_hook_is_typed_and_has_no_defaults(hook):
    signature = inspect.signature(spec_of(hook))
    assert signature.return_annotation == "None"
    for argument in signature.parameters.values():
        assert argument.annotation is not argument.empty
        assert argument.default is argument.empty
        assert argument.kind is argument.POSITIONAL_OR_KEYWORD


@each_hook
def test_a_hook_is_in_the_reference_with_its_signature(hook):
    arguments = [f"{name}: {value.annotation}" for name, value in inspect.signature(spec_of(hook)).parameters.items()]
    page = PAGE.read_text(encoding="utf-8")
    assert f"\n### {hook}\n\n```python\n{hook}({', '.join(arguments)}) -> None\n" in page


@each_hook
def test_a_hook_has_a_test_of_its_own(hook, names_of_tests):
    assert [name for name in names_of_tests if hook in name]


def make_page(script, *options):
    return subprocess.run([sys.executable, str(script), *options], capture_output=True, text=True, check=False)


def test_the_reference_is_not_stale():
    made = make_page(SCRIPT, "--check")
    assert (made.returncode, made.stderr) == (0, "")


def test_a_stale_reference_is_noticed(tmp_path):
    script = tmp_path / "docs" / "reference" / SCRIPT.name
    specs = tmp_path / "kube9" / "core" / "hookspecs.py"
    for source, copy in ((SCRIPT, script), (Path(hookspecs.__file__), specs)):
        copy.parent.mkdir(parents=True)
        shutil.copy(source, copy)
    assert make_page(script, "--check").returncode == 1
    assert make_page(script).returncode == 0
    assert make_page(script, "--check").returncode == 0
    assert script.with_name("hooks.md").read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")
    specs.write_text(specs.read_text(encoding="utf-8").replace("at_ms: int", "at_ms: float"), encoding="utf-8")
    stale = make_page(script, "--check")
    assert stale.returncode == 1
    assert "hooks.md is not what make_hooks.py would write: run it" in stale.stderr
