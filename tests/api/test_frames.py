from __future__ import annotations

from kube9.api import frames as ours
from kube9.api.frames import frame
from kube9.client import frames as theirs
from kube9.client.frames import frames_in


def test_a_frame_is_its_kind_its_length_and_what_is_in_it():
    assert frame(1, b"abc") == b"\x01\x00\x00\x00\x03abc"
    assert frame(ours.NOTHING) == b"\x00\x00\x00\x00\x00"
    assert frame(2, b"x" * 66_000)[:5] == b"\x02\x00\x01\x01\xd0"


def test_what_is_sent_is_what_is_read():
    told = [(1, b"out"), (ours.NOTHING, b""), (2, b"x" * 300), (ours.FAILED, b"why"), (ours.ENDED, b"0")]
    assert list(frames_in([b"".join(frame(*each) for each in told)])) == told
    assert (ours.NOTHING, ours.ENDED, ours.FAILED) == (theirs.NOTHING, theirs.ENDED, theirs.FAILED)
