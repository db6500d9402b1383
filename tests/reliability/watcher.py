"""Reads events as they come, and holds what it read against the database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from kube9.store import Store
from reliability.book import Book, Life
from reliability.exchange import Connection, Unanswered

__all__ = ["Watcher"]

_LOOK_S = 0.1
_PAGE = 1000

#: What at least one event tells of everything that was acknowledged, and of everything that is gone.
_BEGINNINGS = {
    "Node": {"NodeAdded"},
    "Pod": {"PodBound", "PodUnschedulable"},
    "Deployment": {"DeploymentApplied"},
}


class Watcher(threading.Thread):
    """Asks for events all the time. It is no client that anybody waits for: it only reads."""

    def __init__(self, connect: Callable[[], Connection], problems: list[BaseException]) -> None:
        super().__init__(name="watcher")
        self.finish = threading.Event()
        self._connect, self._problems = connect, problems
        self._lock = threading.Lock()
        #: What was read and not yet looked up: type and uid by id.
        self._read: dict[int, tuple[str, str]] = {}
        self._last_id = 0
        self.count = 0
        #: Up to where the database was looked through, and what was found there: types by uid.
        self._looked_up = 0
        self._told: dict[str, set[str]] = {}

    def run(self) -> None:
        connection = self._connect()
        try:
            while not self.finish.is_set():
                try:
                    more = self._ask(connection)
                except Unanswered:
                    more = False
                if not more:
                    self.finish.wait(_LOOK_S)
        except Exception as exc:  # whatever it is, whoever started this thread must hear of it
            self._problems.append(exc)
        finally:
            connection.close()

    def _ask(self, connection: Connection) -> bool:
        answer = connection.ask("GET", f"/v1/events?after={self._last_id}&limit={_PAGE}")
        if not answer.done:
            return False
        items = answer.document["items"]
        for event in items:
            assert event["id"] > self._last_id, f"event {event['id']} came after {self._last_id}"
            self._last_id = event["id"]
            with self._lock:
                self._read[event["id"]] = event["type"], event["uid"]
            self.count += 1
        return len(items) == _PAGE

    def audit(self, store: Store, books: Iterable[Book]) -> list[str]:
        """Every event that was read and is not in the database as it was read, and all that no event tells of."""
        with self._lock:
            read, self._read = self._read, {}
        found, oldest = [], None
        for event in self._stored(store):
            oldest = event[0] if oldest is None else oldest
            self._told.setdefault(event[2], set()).add(event[1])
            before = read.pop(event[0], None)
            if before is not None and before != (event[1], event[2]):
                found.append(f"event {event[0]} was {before}, and is {event[1:]} now")
        lost = [number for number in read if oldest is None or number >= oldest]
        if lost:
            found.append(f"{len(lost)} events were read and are not there any more, such as {min(lost)}")
        return found + list(self._untold(books))

    def _stored(self, store: Store) -> Iterable[tuple[int, str, str]]:
        """Those that were not looked through before."""
        while events := store.events(after=self._looked_up, limit=_PAGE):
            for event in events:
                assert event.id > self._looked_up, f"event {event.id} is stored behind {self._looked_up}"
                self._looked_up = event.id
                yield event.id, event.type, event.object_uid

    def _untold(self, books: Iterable[Book]) -> Iterable[str]:
        for book in books:
            for entry in book.entries.values():
                told = self._told.get(entry.uid or "", set())
                if entry.life is Life.THERE and not told & _BEGINNINGS[entry.kind]:
                    yield f"{entry.label} (uid {entry.uid}) is there, and no event tells how it came"
                if entry.life is Life.GONE and entry.uid is not None:
                    if f"{entry.kind}Deleted" not in told:
                        yield f"{entry.label} (uid {entry.uid}) is gone, and no event tells how it went"
                    self._told.pop(entry.uid, None)
