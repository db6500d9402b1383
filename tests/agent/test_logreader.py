from __future__ import annotations

import threading

import pytest

from kube9.agent.logfile import LogFile
from kube9.agent.logreader import followed, last_lines, read_all


def written(path, data, bytes_max=100):
    log = LogFile(path, bytes_max=bytes_max)
    log.write(data)
    log.close()


LINES = b"".join(b"line %02d\n" % number for number in range(30))


def test_all_is_read_the_oldest_first(tmp_path):
    path = str(tmp_path / "a.log")
    written(path, LINES)
    assert b"".join(read_all(path)) == LINES


def test_of_nothing_nothing_is_read(tmp_path):
    path = str(tmp_path / "a.log")
    assert list(read_all(path)) == []
    assert b"".join(last_lines(path, 3)) == b""


@pytest.mark.parametrize(
    "data", [LINES, LINES + b"begun", b"\n\n\n", b"", b"x"], ids=["lines", "begun", "empty", "none", "one"]
)
@pytest.mark.parametrize("count", [0, 1, 2, 7, 29, 30, 31, 100])
def test_the_last_lines_are_so_many_also_across_files(tmp_path, data, count):
    path = str(tmp_path / "a.log")
    written(path, data)
    assert (
        b"".join(last_lines(path, count)).splitlines()
        == data.splitlines()[len(data.splitlines()) - min(count, len(data.splitlines())) :]
    )


def test_long_lines_are_found(tmp_path):
    path = str(tmp_path / "a.log")
    lines = [bytes([65 + number]) * 200_000 for number in range(5)]
    written(path, b"\n".join(lines) + b"\n", bytes_max=400_000)
    assert b"".join(last_lines(path, 2)).splitlines() == lines[3:]


@pytest.mark.parametrize("tail", [None, 2])
def test_what_comes_is_followed_while_files_change_their_places(tmp_path, tail):
    path = str(tmp_path / "a.log")
    log = LogFile(path, bytes_max=64)
    log.write(b"a\nb\nc\n")
    ended = threading.Event()
    following, came = followed(path, tail, ended.is_set), []
    pieces = iter(b"%03d\n" % number for number in range(100))
    for piece in following:
        came.append(piece)
        if piece:
            continue
        # Less at a time than the files hold, of which the oldest go.
        more = [next(pieces, None) for _ in range(10)]
        if more[-1] is None:
            ended.set()
        else:
            log.write(b"".join(more))
    log.close()
    expected = b"".join(b"%03d\n" % number for number in range(100))
    assert b"".join(came) == (b"a\nb\nc\n" if tail is None else b"b\nc\n") + expected


def test_one_that_does_not_exist_yet_is_followed_from_its_beginning(tmp_path):
    path = str(tmp_path / "a.log")
    ended = threading.Event()
    came = []
    for piece in followed(path, None, ended.is_set):
        came.append(piece)
        if not piece:
            written(path, b"late\n")
            ended.set()
    assert b"".join(came) == b"late\n"
