from __future__ import annotations

import pytest

from kube9.backends.outage import Outage, asked_outage, read_outage
from kube9.core.errors import BackendError, InvalidInput


@pytest.mark.parametrize("outage", [Outage(None), Outage(1_700_000_000_000)])
def test_what_is_noted_is_read(outage):
    assert read_outage(outage.note()) == outage


@pytest.mark.parametrize("note", [None, b"", "", b"{", b"null", b"7", b"[]", b"{}", b'{"untilMs": "soon"}'])
def test_what_is_no_note_says_nothing(note):
    assert read_outage(note) is None


def test_what_is_asked_for_counts_from_now():
    assert asked_outage(500, False, 1_000) == Outage(1_500)
    assert asked_outage(None, True, 1_000) == Outage(None)
    assert asked_outage(None, False, 1_000) is None
    with pytest.raises(InvalidInput, match="down for 500 ms; give one of the two"):
        asked_outage(500, True, 1_000)


def test_it_may_be_started_when_it_is_over_and_never_if_it_is_for_good():
    assert Outage(1_500).due_ms(1_499) == 1_500
    assert Outage(1_500).due_ms(1_500) == 0
    with pytest.raises(BackendError, match="broken for good"):
        Outage(None).due_ms(0)
