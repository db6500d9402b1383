from __future__ import annotations

import pickle
import re

import pytest

from kube9.core import errors
from kube9.core.errors import FileError, InvariantViolation, Kube9Error, ManifestError, Problem, UnknownName


def drawn():
    """The tree in the module's docstring: each error with the one it hangs on."""
    parents, path = {}, []
    for branch in re.finditer(r"^    (?P<trunk>[ |`-]*)(?P<name>[A-Z]\w+)", errors.__doc__, re.MULTILINE):
        depth = len(branch["trunk"]) // 4
        del path[depth:]
        parents[branch["name"]] = path[-1] if path else None
        path.append(branch["name"])
    return parents


def written():
    """The same of the classes."""
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    parents = {each: [base.__name__ for base in each.__bases__ if issubclass(base, Kube9Error)] for each in classes}
    return {each.__name__: bases[0] if bases else None for each, bases in parents.items()}


def test_the_tree_is_as_drawn():
    assert drawn() == written()
    assert sorted([*written(), "Problem"]) == errors.__all__


@pytest.mark.parametrize(
    "error,also", [("InvalidInput", ValueError), ("UnknownName", LookupError), ("InvariantViolation", AssertionError)]
)
def test_some_are_what_python_would_raise_too(error, also):
    assert issubclass(getattr(errors, error), also)


@pytest.mark.parametrize(
    "where,text",
    [
        ({}, "trace.csv: is empty"),
        ({"line": 3}, "trace.csv:3: is empty"),
        ({"line": 3, "column": "cpu"}, "trace.csv:3, column 'cpu': is empty"),
        ({"column": "cpu"}, "trace.csv, column 'cpu': is empty"),
    ],
)
def test_a_file_error_says_where(where, text):
    assert str(FileError("trace.csv", "is empty", **where)) == text


def test_a_file_error_crosses_processes_whole():
    error = FileError("trace.csv", "is empty", line=3, column="cpu")
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is FileError
    assert str(twin) == str(error)
    assert (twin.path, twin.problem, twin.line, twin.column) == ("trace.csv", "is empty", 3, "cpu")


def test_a_manifest_error_tells_every_problem_with_its_path_and_crosses_processes_whole():
    problems = (Problem("spec.replicas", "expected a whole number, got 'two'"), Problem("", "is no mapping"))
    error = ManifestError(problems, source="web.yaml, document 2")
    assert str(error).splitlines() == [
        "web.yaml, document 2: spec.replicas: expected a whole number, got 'two'",
        "web.yaml, document 2: is no mapping",
    ]
    assert str(ManifestError(problems)).splitlines()[1] == "is no mapping"
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is ManifestError
    assert (twin.problems, twin.source, str(twin)) == (error.problems, error.source, str(error))


@pytest.mark.parametrize("error", [UnknownName.of("scheduler", "x", ()), InvariantViolation("a story")])
def test_the_others_cross_processes_too(error):
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is type(error)
    assert str(twin) == str(error)


@pytest.mark.parametrize(
    "name,known,text",
    [
        (
            "best-fti",
            ["worst-fit", "best-fit"],
            "there is no scheduler 'best-fti'; installed: best-fit, worst-fit. Did you mean 'best-fit'?",
        ),
        ("zzz", ["worst-fit", "best-fit"], "there is no scheduler 'zzz'; installed: best-fit, worst-fit."),
        ("zzz", [], "there is no scheduler 'zzz'; none is installed."),
    ],
)
def test_an_unknown_name_lists_what_there_is_and_the_nearest(name, known, text):
    assert str(UnknownName.of("scheduler", name, known)) == text
