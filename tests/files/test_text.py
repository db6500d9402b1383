from __future__ import annotations

import gzip
import os

import pytest

from kube9.core.errors import FileError
from kube9.files.text import exists, open_text, read_head, stem


def read(path):
    with open_text(str(path)) as stream:
        return stream.read()


def test_reads_plain_and_compressed_files_alike(tmp_path):
    plain, packed = tmp_path / "a.csv", tmp_path / "packed"
    plain.write_text("größe\n1\n", encoding="utf-8")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(plain) == read(packed) == "größe\n1\n"


def test_drops_a_byte_order_mark(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfname\r\n")
    assert read(path) == "name\r\n"


def test_a_byte_that_is_not_utf8_is_found_by_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"name\n" + b"pod\n" * 5000 + b"caf\xe9\n" + b"pod\n" * 5000)
    with pytest.raises(FileError, match="expected UTF-8 text, got the byte 0xe9") as caught:
        read(path)
    assert caught.value.line == 5002


def test_the_head_is_the_first_4096_characters(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x" * 5000)
    assert read_head(str(path)) == "x" * 4096


def make_missing(path):
    pass


def make_directory(path):
    path.mkdir()


def make_pipe(path):
    os.mkfifo(path)


def make_cut_short(path):
    path.write_bytes(gzip.compress(os.urandom(3000).hex().encode())[:1000])


def make_damaged(path):
    path.write_bytes(b"\x1f\x8bthis was never compressed")


def make_empty(path):
    path.write_text("")


def make_blank(path):
    path.write_text("\n \n")


def make_compressed_nothing(path):
    path.write_bytes(gzip.compress(b""))


@pytest.mark.parametrize(
    "make, problem",
    [
        (make_missing, "there is no such file"),
        (make_directory, "expected a file, got a directory"),
        (make_pipe, "expected a file, got a pipe or a device"),
        (make_cut_short, "the gzip data is damaged or cut short"),
        (make_damaged, "the gzip data is damaged or cut short"),
        (make_empty, "the file is empty"),
        (make_blank, "the file is empty"),
        (make_compressed_nothing, "the file is empty"),
    ],
)
def test_says_why_a_file_cannot_be_used(tmp_path, make, problem):
    path = tmp_path / "trace"
    make(path)
    with pytest.raises(FileError, match=problem) as caught:
        read_head(str(path))
    assert caught.value.path == str(path)


def test_a_file_that_may_not_be_read_is_told_so(tmp_path):
    path = tmp_path / "a" / "a.csv"
    path.parent.write_text("a file where a directory is expected")
    with pytest.raises(FileError, match="cannot be read: Not a directory"):
        read(path)


def test_a_fault_of_the_caller_inside_the_with_passes_unchanged(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name\n")
    with pytest.raises(KeyError), open_text(str(path)):
        raise KeyError


@pytest.mark.parametrize("text, there", [("", False), ("x" * 5000, False), ("nul\0", False), ("no-such", False)])
def test_any_text_may_be_asked_whether_it_is_a_path(text, there):
    assert exists(text) is there


def test_a_path_that_exists(tmp_path):
    assert exists(str(tmp_path))


@pytest.mark.parametrize(
    "path, name", [("a/pods.csv", "pods"), ("pods.csv.gz", "pods"), ("pods", "pods"), ("log.2024.swf", "log.2024")]
)
def test_stem(path, name):
    assert stem(path) == name
