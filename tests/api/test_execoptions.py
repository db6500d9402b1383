from __future__ import annotations

import pytest

from kube9.api.execoptions import EXEC_FIELDS, ExecOptions, read_exec, read_size
from kube9.core.errors import ManifestError


def test_what_is_not_said_is_nothing_special():
    assert read_exec({"command": ["ls"]}) == ExecOptions(command=("ls",), container="", terminal=False, size=None)


def test_all_of_it():
    said = {"command": ["sh", "-c", ""], "container": "web", "terminal": True, "rows": 24, "columns": 80}
    assert said.keys() == set(EXEC_FIELDS)
    assert read_exec(said) == ExecOptions(command=("sh", "-c", ""), container="web", terminal=True, size=(24, 80))


@pytest.mark.parametrize(
    "fields,paths",
    [
        ({}, ["command"]),
        ({"command": "ls -l"}, ["command"]),
        ({"command": []}, ["command"]),
        ({"command": [1]}, ["command"]),
        ({"command": ["x"] * 1001}, ["command"]),
        ({"command": ["x" * 131_073]}, ["command"]),
        ({"command": ["ls"], "container": None, "terminal": 1}, ["container", "terminal"]),
        ({"command": ["ls"], "container": "x" * 64}, ["container"]),
        ({"command": ["ls"], "rows": 0, "columns": True}, ["rows", "columns"]),
        ({"command": ["ls"], "rows": 10_001, "columns": 1}, ["rows"]),
        ({"command": ["ls"], "rows": 10}, ["columns"]),
    ],
)
def test_what_cannot_be_is_told_all_at_once(fields, paths):
    with pytest.raises(ManifestError) as told:
        read_exec(fields)
    assert [problem.path for problem in told.value.problems] == paths


def test_a_size_has_both_sides():
    assert read_size({"rows": 1, "columns": 10_000}) == (1, 10_000)
    with pytest.raises(ManifestError) as told:
        read_size({})
    assert [problem.path for problem in told.value.problems] == ["rows", "columns"]
