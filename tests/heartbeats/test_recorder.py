from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kube9.core.errors import FileError
from kube9.heartbeats.beatfile import BEAT, DOWN, GONE, UP, read_beats
from kube9.heartbeats.recorder import Recorder


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "beats.csv")


@pytest.fixture
def recorder(path):
    recorder = Recorder.create(path)
    yield recorder
    recorder.close()


def lines(path):
    return Path(path).read_text(encoding="utf-8").splitlines()


def test_what_is_noted_can_be_read(recorder, path):
    for event, name, at_ms in (
        (UP, "a", 1000),
        (BEAT, "b", 1100),
        (BEAT, "a", 1500),
        (DOWN, "a", 1600),
        (GONE, "b", 1700),
        (UP, "a", 9000),
    ):
        recorder.note(event, name, at_ms)
    recording = read_beats(path)
    assert [(each.node_name, each.arrivals_ms, each.down_ms, each.end_ms) for each in recording.lives] == [
        ("a", (1000, 1500), 1600, 9000),
        ("a", (9000,), None, 9000),
        ("b", (1100,), None, 1700),
    ]


def test_every_line_is_there_at_once(recorder, path):
    recorder.note(BEAT, "a", 5)
    assert lines(path) == ["node,at_ms,event", "a,5,"]


@pytest.mark.parametrize(
    "events, kept",
    [
        ((BEAT, DOWN, BEAT, BEAT), (BEAT, DOWN)),  # they were on their way
        ((UP, DOWN, DOWN), (UP, DOWN)),
        ((DOWN, BEAT), (UP, DOWN)),  # nobody had said yet that it was up
        ((UP, GONE, BEAT, DOWN, GONE), (UP, GONE)),
        ((GONE,), ()),
        ((UP, UP, BEAT), (UP, UP, BEAT)),
        ((BEAT, GONE, UP, BEAT, DOWN, UP), (BEAT, GONE, UP, BEAT, DOWN, UP)),
    ],
)
def test_what_makes_no_sense_after_what_was_before_is_left_out(recorder, path, events, kept):
    for at_ms, event in enumerate(events):
        recorder.note(event, "a", at_ms)
    assert [line.rpartition(",")[2] or BEAT for line in lines(path)[1:]] == list(kept)


def test_times_never_run_backwards(recorder, path):
    recorder.note(BEAT, "a", 1001)
    recorder.note(DOWN, "a", 1000)
    assert lines(path)[1:] == ["a,1001,", "a,1001,down"]
    assert read_beats(path).crashes == 1


def test_threads_do_not_mix_their_lines(recorder, path):
    def beat(name):
        for at_ms in range(300):
            recorder.note(BEAT, name, at_ms)

    threads = [threading.Thread(target=beat, args=(f"node-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_beats(path).beats == 1200


def test_nothing_is_noted_after_the_end(recorder, path):
    recorder.close()
    recorder.close()
    recorder.note(BEAT, "a", 5)
    assert lines(path) == ["node,at_ms,event"]


def test_a_recording_is_never_written_over(path):
    Path(path).write_text("mine")
    with pytest.raises(FileError, match="beats.csv: there is such a file already"):
        Recorder.create(path)
    assert Path(path).read_text() == "mine"


def test_a_file_that_cannot_be_made_is_told(tmp_path):
    with pytest.raises(FileError, match="cannot be written: No such file or directory"):
        Recorder.create(str(tmp_path / "no" / "beats.csv"))


def test_a_full_disk_ends_the_recording_and_nothing_else(caplog):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full, which Linux has")
    recorder = Recorder(full.open("w", buffering=1, encoding="utf-8"))
    recorder.note(BEAT, "a", 5)
    recorder.note(BEAT, "a", 6)
    assert caplog.text.count("heartbeats are not recorded any more: No space left on device") == 1
    recorder.close()
