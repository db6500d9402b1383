"""One run: load, kills, audits, and an end in which everything must come to rest."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from attrs import define, field

from reliability import offline
from reliability.audit import audit
from reliability.book import Book, Violation
from reliability.client import Client
from reliability.database import Database
from reliability.figures import Figures
from reliability.finale import converge, empty
from reliability.gate import Gate
from reliability.outage import Outage
from reliability.server import NotInTime, Server, pause
from reliability.snapshot import Snapshot
from reliability.watcher import Watcher

__all__ = ["Run"]

_SHUT_PATIENCE_S = 60.0
#: Acknowledgements to wait for before a kill, and the longest to wait.
_ACKNOWLEDGED_MAX, _LOAD_S = 150, 30.0
#: A kill comes so long after the acknowledgement it waited for: anywhere in the next few commits.
_JITTER_S = 0.02
#: How often the API is asked again when it shows what would be a violation in a list of one moment.
_LOOKS = 3
UNDER_LOAD, STARTING, STARTED = "under load", "in start-up", "right after start-up"


@define(eq=False, kw_only=True)
class Run:
    """Kills the server until it has done so ``kills`` times. Raises at the first violation."""

    server: Server
    database: Database
    kills: int
    clients: int
    seed: int
    say: Callable[[str], None]
    figures: Figures
    books: list[Book] = field(factory=list, init=False)
    _epochs: dict[str, int] = field(factory=dict, init=False)
    _problems: list[BaseException] = field(factory=list, init=False)
    _gate: Gate = field(factory=Gate, init=False)
    _rng: random.Random = field(init=False)
    _watcher: Watcher = field(init=False)
    _clients: list[Client] = field(init=False)
    #: Of what is asked for while the database is away.
    _probes: Book = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rng = random.Random(f"{self.seed}/kills")
        self._watcher = Watcher(self.server.connection, self._problems)
        self._clients = [
            Client(number, self.seed, gate=self._gate, connect=self.server.connection, problems=self._problems)
            for number in range(self.clients)
        ]
        self._probes = Book(self.clients)
        self.books = [*(client.book for client in self._clients), self._probes]

    def play(self) -> None:
        """From an empty database to an empty database.

        :raises Violation: the server broke its word.
        :raises ServerEnded: it ended by itself.
        :raises NotInTime: what must come about in the end did not.
        :raises InvariantViolation: what it stored contradicts itself.
        """
        started_s = time.monotonic()
        self.server.start()
        self.server.wait_ready()
        with self._threads():
            self._gate.open()
            while self.figures.kills.total() < self.kills:
                self._round()
            self._gate.open()
            for client in self._clients:
                client.finish.set()
            self._join()
        with closing(self.server.connection()) as connection:
            converge(connection, self.books)
            self._look_through_api()
            empty(connection, self.books)
            self._look_through_api()
        self._end()
        self.figures.seconds = time.monotonic() - started_s

    def _round(self) -> None:
        """Some load, perhaps without the database; a kill; perhaps more of them during the start; audits."""
        self._load()
        if self.database.can_be_stopped and self._rng.random() < 0.3:
            self._stop_database()
        self._kill(UNDER_LOAD)
        self._shut()
        while self._more() and self._rng.random() < 0.2:
            self.server.start()
            pause(self._rng.uniform(0, self._typical_start_s()))
            self._kill(STARTING)
        self._look_into_database()
        self.server.start()
        self.server.wait_ready()
        if self._more() and self._rng.random() < 0.1:
            self._kill(STARTED)
            self._look_into_database()
            self.server.start()
            self.server.wait_ready()
        self._look_through_api()
        self.say(f"{self.figures.kills.total()} kills, {self._acknowledged():,} acknowledgements")
        self._gate.open()

    def _more(self) -> bool:
        return self.figures.kills.total() < self.kills

    def _load(self) -> None:
        """Until some number of acknowledgements came, and a few milliseconds on top."""
        enough = self._acknowledged() + self._rng.randint(1, _ACKNOWLEDGED_MAX)
        deadline_s = time.monotonic() + _LOAD_S
        while self._acknowledged() < enough and time.monotonic() < deadline_s:
            self._look()
            pause(0.002)
        pause(self._rng.uniform(0, _JITTER_S))

    def _stop_database(self) -> None:
        """With the server left alone, or killed meanwhile."""
        mode = self._rng.choice(("fast", "immediate"))
        self.figures.database_stops[mode] += 1
        self.database.stop(mode)
        if self._more() and self._rng.random() < 0.4:
            self._kill(UNDER_LOAD)
            self._shut()
            self.database.start()
            self._look_into_database()
            self.server.start()
            self.server.wait_ready()
            self._look_through_api()
            self._gate.open()
        else:
            with closing(self.server.connection()) as connection:
                outage = Outage(self.database, connection, self._probes, self.figures)
                outage.probe()
                outage.end()
        self._load()

    def _kill(self, moment: str) -> None:
        self.server.kill()
        self.figures.kills[moment] += 1

    def _shut(self) -> None:
        """Nothing is under way when this returns."""
        if not self._gate.shut(_SHUT_PATIENCE_S):
            raise NotInTime(f"a client still waited for an answer {_SHUT_PATIENCE_S:g} s after the server was killed")
        self._look(alive=False)

    def _look(self, *, alive: bool = True) -> None:
        """Raise what ended a client, and notice a server that ended."""
        if self._problems:
            raise self._problems[0]
        if alive:
            self.server.look()

    def _look_into_database(self) -> None:
        with offline.opened(self.database.url) as store:
            loaded = store.load()
            found = audit(self.books, offline.snapshot(loaded), self._epochs)
            found += self._watcher.audit(store, self.books)
        _judge(found)
        offline.check(loaded)
        self.figures.audits += 1
        for book in self.books:
            book.forget_gone()

    def _look_through_api(self) -> None:
        with closing(self.server.connection()) as connection:
            for _ in range(_LOOKS):
                found = audit(self.books, Snapshot.told(connection), self._epochs)
                if not found:
                    break
                # A pod that moved between two lists may be seen on both nodes, or on neither.
                pause(0.2)
        _judge(found)
        self.figures.audits += 1

    def _end(self) -> None:
        self._watcher.finish.set()
        self._watcher.join()
        code = self.server.stop()
        if code != 0:
            raise Violation(f"the server ended with exit code {code} after SIGTERM; expected 0")
        self._look_into_database()
        with offline.opened(self.database.url) as store:
            loaded = store.load()
        left = [thing.name for _, thing in offline.snapshot(loaded).everything()]
        if left:
            raise Violation(f"{len(left)} things are in the database after everything was deleted, such as {left[0]}")
        self._count()

    @contextmanager
    def _threads(self) -> Iterator[None]:
        """Start them all; whatever happens, the clients have ended afterwards, and on an error the watcher too."""
        self._watcher.start()
        for client in self._clients:
            client.start()
        try:
            yield
        except BaseException:
            # They end at the next answer or want of one; without a server that is soon.
            self._watcher.finish.set()
            for client in self._clients:
                client.abandon()
            self.server.close()
            self._gate.open()
            self._join()
            self._watcher.join()
            raise
        finally:
            self._count()

    def _join(self) -> None:
        for client in self._clients:
            client.join()
        if self._problems:
            raise self._problems[0]

    def _typical_start_s(self) -> float:
        return sorted(self.server.ready_after_s)[len(self.server.ready_after_s) // 2]

    def _acknowledged(self) -> int:
        return sum(book.acknowledged.total() for book in self.books)

    def _count(self) -> None:
        figures = self.figures
        figures.acknowledged.clear()
        figures.turned_away.clear()
        for book in self.books:
            figures.acknowledged.update(book.acknowledged)
            figures.turned_away.update(book.turned_away)
        figures.events_read = self._watcher.count
        figures.ready_after_s = tuple(self.server.ready_after_s)


def _judge(found: list[str]) -> None:
    if found:
        raise Violation("\n".join(found))
