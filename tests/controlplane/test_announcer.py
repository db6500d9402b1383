from __future__ import annotations

import threading

from kube9.controlplane.announcer import Announcer
from kube9.core.errors import PluginError
from kube9.core.events import StaleReport


def events(*numbers):
    return [StaleReport(at_ms=number, what="") for number in numbers]


def test_events_are_told_in_order_and_before_the_end():
    told = []
    announcer = Announcer(lambda event: told.append(event.at_ms), waiting_max=100)
    announcer.start()
    for number in range(0, 50, 2):
        announcer.put(events(number, number + 1))
    announcer.close(60)
    assert told == list(range(50))


def test_a_failing_plugin_stops_nobody(caplog):
    told = []

    def tell(event):
        told.append(event.at_ms)
        raise PluginError("mine failed")

    announcer = Announcer(tell, waiting_max=100)
    announcer.start()
    announcer.put(events(1, 2))
    announcer.close(60)
    assert told == [1, 2]
    assert "a plugin failed on StaleReport" in caplog.text


def test_a_slow_plugin_misses_what_is_too_much(caplog):
    entered, leave, told = threading.Event(), threading.Event(), []

    def tell(event):
        entered.set()
        leave.wait(60)
        told.append(event.at_ms)

    announcer = Announcer(tell, waiting_max=3)
    announcer.start()
    announcer.put(events(1, 2))
    assert entered.wait(60)
    announcer.put(events(3))
    announcer.put(events(4, 5))
    announcer.put([])
    leave.set()
    announcer.close(60)
    assert told == [1, 2, 3]
    assert announcer.dropped == 2
    assert "slower than the cluster" in caplog.text


def test_one_that_was_never_started_can_be_closed():
    Announcer(print, waiting_max=1).close(1)
