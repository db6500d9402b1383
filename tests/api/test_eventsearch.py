from __future__ import annotations

from types import SimpleNamespace

import pytest

from kube9.api.eventsearch import EventFilter, EventSearch
from kube9.controlplane import EventLog
from kube9.core.errors import StoreUnavailable
from kube9.store.record import StoredEvent


def event(number, name="web", type="PodBound"):
    return StoredEvent(number, number, type, "Pod", f"u-{name}", "default", name, "", "")


EVENTS = [event(number, name="web" if number % 2 else "job") for number in range(1, 21)]


class Memory:
    """A store as far as a search goes: it has them all, unless it is away."""

    def __init__(self):
        self.away = False

    def events(self, *, after, limit, newest_first, object_kind, name, namespace, types):
        if self.away:
            raise StoreUnavailable("the database is away")
        wanted = EventFilter(kind=object_kind, name=name, namespace=namespace, type=next(iter(types), None))
        found = [each for each in EVENTS if each.id > after and wanted.takes(each)]
        return tuple((found[::-1] if newest_first else found)[:limit])


@pytest.fixture(params=[5, 100], ids=["few-in-memory", "all-in-memory"])
def place(request):
    log, store = EventLog(request.param), Memory()
    log.add(EVENTS)
    return SimpleNamespace(search=EventSearch(log, store), store=store, log=log)


WEB = EventFilter(name="web")


@pytest.mark.parametrize("after", [0, 1, 14, 15, 16, 19, 20, 50])
@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("wanted", [EventFilter(), WEB])
def test_what_is_found_does_not_depend_on_where_it_is(place, after, limit, wanted):
    expected = [each for each in EVENTS if each.id > after and wanted.takes(each)][:limit]
    assert list(place.search.after(after, limit, wanted)) == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("wanted", [EventFilter(), WEB, EventFilter(type="NodeReady")])
def test_the_last_ones(place, limit, wanted):
    expected = [each for each in EVENTS if wanted.takes(each)][-limit:]
    assert list(place.search.last(limit, wanted)) == expected


def test_what_is_in_memory_is_found_while_the_database_is_away(place):
    place.store.away = True
    assert list(place.search.after(15, 10)) == EVENTS[15:]
    assert list(place.search.last(2, WEB)) == [EVENTS[16], EVENTS[18]]


@pytest.mark.parametrize(
    "wanted,takes",
    [
        (EventFilter(), True),
        (EventFilter(kind="Pod", name="web", namespace="default", type="PodBound"), True),
        (EventFilter(kind="Node"), False),
        (EventFilter(name="job"), False),
        (EventFilter(namespace="blue"), False),
        (EventFilter(type="PodRunning"), False),
    ],
)
def test_a_filter_takes(wanted, takes):
    assert wanted.takes(event(1)) is takes
