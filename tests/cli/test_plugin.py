"""``kube9 plugin new`` makes a package, and says what to do with it."""

from __future__ import annotations

import json

import pytest

from kube9.cli.newpackage import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_is_made_and_the_next_steps_are_told(run, monkeypatch, tmp_path, kind):
    monkeypatch.chdir(tmp_path)
    result = run("plugin", "new", "spread", "--kind", kind)
    assert (result.exit_code, result.stderr) == (0, "")
    first, *steps = result.stdout.splitlines()
    assert (
        first == "Made kube9-spread in kube9-spread. src/kube9_spread/__init__.py is where to write; it works already:"
    )
    assert {"  cd kube9-spread", "  pytest", "  kube9 plugins check spread"} <= set(steps)
    assert (tmp_path / "kube9-spread" / "src" / "kube9_spread" / "__init__.py").is_file()


def test_what_was_made_is_told_to_programs(run, tmp_path):
    where = tmp_path / "elsewhere"
    result = run("plugin", "new", "kube9-spread", "--kind", "scheduler", "--directory", str(where), "-o", "json")
    made = json.loads(result.stdout)
    assert (made["name"], made["package"], made["kind"]) == ("spread", "kube9-spread", "scheduler")
    assert made["directory"] == str(where)
    assert {str(path.relative_to(where)) for path in where.rglob("*") if path.is_file()} == set(made["files"])


def test_nothing_is_overwritten(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    result = run("plugin", "new", "spread", "--kind", "filter", "--directory", str(tmp_path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{tmp_path} is there already, and nothing is overwritten; give another with --directory" in result.stderr


REFUSED = {
    "a bad name": (("My_Policy", "--kind", "scheduler"), "'My_Policy' is no name for a plugin: expected small letters"),
    "a name that is taken": (("best-fit", "--kind", "scheduler"), "offers a scheduler 'best-fit' already"),
    "the name of a plugin": (("policies", "--kind", "events"), "kube9 0.1.0 has a plugin 'policies' already"),
    "no such kind": (("spread", "--kind", "schedulers"), "'schedulers' is not one of"),
    "no kind": (("spread",), "Missing option '--kind'"),
}


@pytest.mark.parametrize("args, why", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_made_is_misuse(run, monkeypatch, tmp_path, args, why):
    monkeypatch.chdir(tmp_path)
    result = run("plugin", "new", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert why in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_one_name_may_be_that_of_things_of_two_kinds(run, tmp_path):
    result = run("plugin", "new", "best-fit", "--kind", "filter", "--directory", str(tmp_path / "new"))
    assert result.exit_code == 0
