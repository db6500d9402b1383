from __future__ import annotations

from pathlib import Path

import pytest

from kube9.agent.logfile import LogFile, segments


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "a.log")


def content(path, files_max=3):
    found = []
    for place in segments(path, files_max):
        try:
            found.append(Path(place).read_bytes())
        except FileNotFoundError:
            continue
    return found


def test_the_end_of_what_was_written_is_kept_whole(path):
    log = LogFile(path, bytes_max=100)
    data = b"".join(b"%03d\n" % number for number in range(500))
    for at in range(0, len(data), 37):
        log.write(data[at : at + 37])
    log.close()
    kept = content(path)
    assert [len(each) for each in kept[:-1]] == [100, 100]
    assert 0 < len(kept[-1]) <= 100
    assert data.endswith(b"".join(kept))


def test_one_that_is_opened_again_goes_on(path):
    for text in (b"one\n", b"two\n"):
        log = LogFile(path)
        log.write(text)
        log.close()
    assert content(path) == [b"one\ntwo\n"]


def test_a_piece_larger_than_all_files_leaves_its_end(path):
    log = LogFile(path, bytes_max=10, files_max=2)
    log.write(bytes(range(100)))
    log.close()
    assert b"".join(content(path, 2)) == bytes(range(80, 100))


def test_what_is_lost_on_a_full_disk_is_told_when_there_is_room_again(path, tmp_path):
    log = LogFile("/dev/full")
    log.write(b"x" * 10)
    log.write(b"y" * 5)
    room = LogFile(path)
    log._file, room._file = room._file, log._file
    log.write(b"again\n")
    assert content(path) == [b"\n[kube9: 15 bytes are lost: No space left on device]\nagain\n"]
    log.close()
    room.close()


def test_a_link_in_its_place_is_not_followed(path, tmp_path):
    target = tmp_path / "precious"
    target.write_bytes(b"")
    (tmp_path / "a.log").symlink_to(target)
    with pytest.raises(OSError):
        LogFile(path)
