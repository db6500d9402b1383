from __future__ import annotations

import io
import re

import pytest

from kube9.core.errors import FileError, ManifestError
from kube9.manifest import documents_in, documents_of

POD = "apiVersion: v1\nkind: Pod\n"


def problem(text):
    with pytest.raises(ManifestError) as caught:
        documents_of(text, "x.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    "text, documents",
    [
        ("a: 1", [("x", {"a": 1})]),
        ("a: 1\n---\n---\nb: 2", [("x, document 1", {"a": 1}), ("x, document 2", {"b": 2})]),
        ('{"a": [1.5, "\\u00e4"]}', [("x", {"a": [1.5, "ä"]})]),
        ("{a: 1,}", [("x", {"a": 1})]),
        ("", []),
        ("---\n---\n", []),
        (
            "kind: List\nitems: [{kind: Pod}, {kind: Node}]",
            [("x, items[0]", {"kind": "Pod"}), ("x, items[1]", {"kind": "Node"})],
        ),
        (
            '{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {}}]}',
            [("x, items[0]", {"apiVersion": "v1", "kind": "Pod", "metadata": {}})],
        ),
        ("kind: List\nitems: []", []),
        ("kind: [List]\nitems: []", [("x", {"kind": ["List"], "items": []})]),
    ],
)
def test_documents_of_a_text(text, documents):
    assert documents_of(text, "x") == documents


@pytest.mark.parametrize(
    "text, part",
    [
        ("a: 1\n b: 2", "x.yaml: line 2, column 3: mapping values"),
        ('{"a": 1, "a": 2}', "x.yaml: the key 'a' is there twice in one object"),
        ('{"a": NaN}', "x.yaml: expected a finite number, got NaN"),
        ('{"a": 1', "x.yaml: line "),
        pytest.param('{"a": ' + "9" * 5000 + "}", "digits", id="digits"),
        pytest.param("[" * 101, "x.yaml: line 1, column 101: nested deeper than 100 levels", id="depth"),
        ("hello", "x.yaml: expected an object, got str"),
        ("- a\n- b", "x.yaml: expected an object, got list"),
        ("kind: List\nitems: [1, 2]", "x.yaml, items[1]: expected an object, got int"),
    ],
)
def test_texts_of_no_use(text, part):
    assert part in problem(text)


def test_what_is_nested_far_too_deep_is_told_as_that():
    # By kube9 or by libyaml, whoever meets its own limit first.
    told = problem("[" * 100_000)
    assert re.fullmatch(r"x\.yaml: line 1, column \d+: (nested deeper than 100 levels|.*maximum nesting depth)", told)


def test_files_folders_and_standard_input(tmp_path):
    for name in ("b.yaml", "a.json", "c.yml", "notes.txt"):
        (tmp_path / name).write_text(f"kind: {name}", encoding="utf-8")
    (tmp_path / "below.yaml").mkdir()
    (tmp_path / "below.yaml" / "d.yaml").write_text("kind: d", encoding="utf-8")
    stdin = io.StringIO("kind: stdin")
    found = documents_in([str(tmp_path), "-", str(tmp_path / "notes.txt")], stdin)
    assert [document["kind"] for _, document in found] == ["a.json", "b.yaml", "c.yml", "stdin", "notes.txt"]
    assert found[0][0] == str(tmp_path / "a.json")
    assert found[3][0] == "standard input"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert documents_in([str(tmp_path / "a.json")], io.StringIO())[0][1] == {"a": 1}


def test_what_is_wrong_in_several_files_is_told_at_once(tmp_path):
    (tmp_path / "a.yaml").write_text("a: [", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("hello", encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        documents_in([str(tmp_path)], io.StringIO())
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"{tmp_path / 'a.yaml'}: line ")
    assert lines[1] == f"{tmp_path / 'b.yaml'}: expected an object, got str"


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"caf\xe9")
    (tmp_path / "empty").mkdir()
    for path, part in (
        ("nowhere.yaml", "there is no such file"),
        ("a.yaml", "expected UTF-8 text, got the byte 0xe9"),
        ("empty", "there is no file in this folder that ends in .yaml, .yml, .json"),
        ("a" * 300, "cannot be read"),
    ):
        with pytest.raises(FileError, match=part):
            documents_in([str(tmp_path / path)], io.StringIO())
