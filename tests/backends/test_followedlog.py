from __future__ import annotations

import threading

from kube9.backends.followedlog import FollowedLog


class Source:
    def __init__(self, *lines):
        self.lines, self.more, self.left = list(lines), True, []

    def read(self):
        return tuple(self.lines), self.more


def test_it_begins_where_it_is_told_and_ends_when_there_is_no_more():
    source = Source(b"a", b"b", b"c")
    source.more = False
    log = FollowedLog(source.read, 1, source.left.append)
    assert list(log) == [b"b", b"c"]
    assert source.left == [log]
    assert list(log) == []


def test_what_comes_later_is_read_when_it_has_come():
    source = Source(b"a")
    log = FollowedLog(source.read, 0, source.left.append)
    assert next(log) == b"a"
    came = []
    reader = threading.Thread(target=lambda: came.extend(log))
    reader.start()
    source.lines.append(b"b")
    log.ring()
    source.lines.append(b"c")
    source.more = False
    log.ring()
    reader.join(60)
    assert came == [b"b", b"c"]


def test_who_waits_for_a_line_can_be_sent_away():
    source = Source()
    log = FollowedLog(source.read, 0, source.left.append)
    reader = threading.Thread(target=lambda: list(log))
    reader.start()
    log.close()
    reader.join(60)
    assert not reader.is_alive()
    log.close()
    assert source.left == [log]
