"""What went wrong in foreign code fits in a line and says where."""

from __future__ import annotations

import importlib

import pytest

from kube9.core.errors import InvalidInput
from kube9.plugins.fault import fault
from kube9.plugins.sources import given


def fault_of(path, text):
    path.write_text(text)
    with pytest.raises((Exception, SystemExit)) as caught:
        given(str(path)).load()
    return fault(caught.value)


def test_an_exception_tells_file_and_line(tmp_path):
    path = tmp_path / "mine.py"
    assert fault_of(path, "x = 1\n\ny = x / 0\n") == f"ZeroDivisionError: division by zero ({path}:3)"


def test_a_syntax_error_tells_file_and_line(tmp_path):
    path = tmp_path / "mine.py"
    assert fault_of(path, "x = 1\ndef f(:\n").startswith(f"{path}:2: SyntaxError: ")


def test_bytes_that_are_no_text_are_told(tmp_path):
    path = tmp_path / "mine.py"
    path.write_bytes(b"x = '\xff'\n")
    with pytest.raises(SyntaxError) as caught:
        given(str(path)).load()
    assert "SyntaxError: " in fault(caught.value)
    assert str(path) in fault(caught.value)


def test_an_import_that_fails_tells_who_asked_for_it(tmp_path):
    path = tmp_path / "mine.py"
    told = fault_of(path, "import a_module_that_nobody_has")
    assert told == f"ModuleNotFoundError: No module named 'a_module_that_nobody_has' ({path}:1)"


def test_a_module_that_is_missing_altogether_has_no_place():
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("a_module_that_nobody_has")
    caught.value.__traceback__ = caught.value.__traceback__.tb_next
    assert fault(caught.value) == "ModuleNotFoundError: No module named 'a_module_that_nobody_has'"


def test_an_error_of_our_own_speaks_for_itself():
    assert fault(InvalidInput("seed must be a number, got 'x'")) == "seed must be a number, got 'x'"


def test_lines_become_one():
    assert fault(ValueError("first\n  second")) == "ValueError: first second"


def test_an_exception_without_words_is_told_by_its_name():
    assert fault(StopIteration()) == "StopIteration"
