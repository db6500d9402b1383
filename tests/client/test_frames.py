from __future__ import annotations

import pytest

from kube9.client.frames import frames_in

SENT = b"\x01\x00\x00\x00\x03abc" + b"\x00\x00\x00\x00\x00" + b"\x03\x00\x00\x00\x011"
FRAMES = [(1, b"abc"), (0, b""), (3, b"1")]


@pytest.mark.parametrize("size", range(1, len(SENT) + 1))
def test_parts_may_begin_and_end_anywhere(size):
    assert list(frames_in(SENT[at : at + size] for at in range(0, len(SENT), size))) == FRAMES


@pytest.mark.parametrize("length", range(len(SENT)))
def test_a_frame_that_is_cut_short_is_none(length):
    assert list(frames_in([SENT[:length]])) == FRAMES[: (length >= 8) + (length >= 13)]


def test_a_frame_is_there_as_soon_as_it_is_whole():
    parts = iter([SENT[:8]])
    assert next(frames_in(parts)) == (1, b"abc")
