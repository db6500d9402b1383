from __future__ import annotations

from decimal import Decimal

import pytest

from kube9.core.errors import FileError
from kube9.files.fields import text, whole
from kube9.files.records import NameBook, is_json_lines, read_objects, read_records
from kube9.files.rows import Columns

COLUMNS = Columns(required=("name",), optional=("cpu", "labels"))


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "file"
        path.write_text(content, encoding="utf-8")
        return str(path)

    return written


def test_rows_and_objects_give_the_same_records(write):
    table = [(r.line, r.values) for r in read_records(write("name,cpu\na,1\nb, \n"), COLUMNS, json_lines=False)]
    assert table == [(2, {"name": "a", "cpu": "1"}), (3, {"name": "b"})]
    lines = '\n{"name": "a", "cpu": "1"}\n{"name": "b", "cpu": null}\n'
    objects = [(r.line, r.values) for r in read_records(write(lines), COLUMNS, json_lines=True)]
    assert objects == table


def test_numbers_are_kept_as_they_are_written(write):
    (record,) = read_objects(write('{"name": "a", "cpu": 0.1}'), COLUMNS)
    assert record.values["cpu"] == Decimal("0.1")


def test_fields_that_tables_do_not_have(write):
    path = write('{"name": "a", "devices": []}')
    assert next(read_objects(path, COLUMNS, json_only=("devices",))).values["devices"] == []
    with pytest.raises(FileError, match="unknown field 'devices'"):
        next(read_objects(path, COLUMNS))


@pytest.mark.parametrize(
    "line, problem",
    [
        ("{", "not valid JSON: Expecting property name enclosed in double quotes at character"),
        ("[1]", r"expected a JSON object, got \[1\]"),
        ('"name"', "expected a JSON object"),
        ('{"name": "a"} {}', "not valid JSON: Extra data"),
        ('{"name": "a", "cpu": NaN}', "not usable JSON: NaN is not a number"),
        ('{"name": "a", "cpu": -Infinity}', "-Infinity is not a number"),
        ('{"name": "a", "name": "b"}', "'name' is given twice"),
        ('{"name": "a", "labels": {"x": "1", "x": "2"}}', "'x' is given twice"),
        ('{"cpu": "1"}', "missing field 'name'; known are name, cpu, labels"),
        ('{"name": "a", "cpus": "1"}', r"unknown field 'cpus' \(did you mean 'cpu'\?\)"),
        ('{"name": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_with_a_line_is_told_with_its_number(write, line, problem):
    with pytest.raises(FileError, match=problem) as caught:
        list(read_objects(write('{"name": "fine"}\n\n' + line + "\n"), COLUMNS))
    assert caught.value.line == 3


def test_a_field_that_cannot_be_read_is_told_with_its_name(write):
    (record,) = read_objects(write('{"name": "a", "cpu": "many"}'), COLUMNS)
    assert record.read("labels", text, "none") == "none"
    with pytest.raises(FileError, match=":1, column 'cpu': expected a whole number"):
        record.read("cpu", whole, 0)
    with pytest.raises(FileError, match=":1, column 'labels': expected a value, there is none"):
        record.need("labels", text)


def test_a_name_is_claimed_once_in_each_namespace():
    names = NameBook("pod")
    names.claim("a", "f.csv", 2)
    names.claim("a", "f.csv", 3, "team")
    with pytest.raises(FileError, match=r"f.csv:4, column 'name': pod 'a' is named on line 2 already"):
        names.claim("a", "f.csv", 4)
    with pytest.raises(FileError, match="pod 'a' in namespace 'team' is named on line 3 already"):
        names.claim("a", "f.csv", 5, "team")


@pytest.mark.parametrize("head, so", [('{"name": 1}', True), (' \n {"', True), ("name,cpu", False), ("", False)])
def test_json_lines_are_told_from_a_table_by_their_first_character(head, so):
    assert is_json_lines(head) is so
