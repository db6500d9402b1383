from __future__ import annotations

import threading

from kube9.controlplane.eventlog import EventLog
from kube9.store import StoredEvent


def event(number):
    return StoredEvent(number, number * 10, "PodBound", "Pod", f"u{number}", "default", f"p{number}", "n", "bound")


def log_of(*numbers, kept=3):
    log = EventLog(kept)
    log.begin(numbers[0] - 1)
    log.add([event(number) for number in numbers])
    return log


def ids(events):
    return [event.id for event in events]


def test_the_latest_are_kept():
    log = log_of(5, 6, 7, 8)
    assert (log.first_id, log.last_id) == (6, 8)
    assert ids(log.since(0)) == ids(log.since(5)) == [6, 7, 8]
    assert ids(log.since(6)) == [7, 8]
    assert ids(log.since(0, limit=2)) == [6, 7]
    assert log.since(8) == log.since(99) == ()


def test_one_without_events_goes_on_from_an_earlier_life():
    log = EventLog(3)
    assert (log.first_id, log.last_id, log.since(0)) == (1, 0, ())
    log.begin(41)
    log.add([])
    assert (log.first_id, log.last_id, log.since(0)) == (42, 41, ())


def test_whoever_waits_is_woken_by_the_next():
    log, woken = log_of(1), []
    thread = threading.Thread(target=lambda: woken.append(log.wait(1, 60)))
    thread.start()
    log.add([event(2)])
    thread.join(60)
    assert woken == [True]
    assert log.wait(1, 0)
    assert not log.wait(2, 0)


def test_nobody_waits_for_a_closed_one():
    log = log_of(1)
    assert not log.closed
    log.close()
    assert log.closed
    assert not log.wait(1, 60)
    assert log.wait(0, 20)
