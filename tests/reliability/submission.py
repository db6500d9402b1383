"""A trace's pods, submitted through the API by many clients, with the server killed in the middle of it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import closing

from attrs import define, evolve, field

from kube9.app import App
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.manifest import node_spec_document, pod_spec_document
from kube9.simulator.nodespec import NodePlan, parse_nodes
from reliability import offline
from reliability.audit import audit
from reliability.book import Book, Entry, Life, Violation
from reliability.database import Database
from reliability.exchange import Connection, Unanswered
from reliability.figures import Figures
from reliability.gate import Gate
from reliability.server import NotInTime, Server, pause
from reliability.snapshot import Snapshot

__all__ = ["Submission"]

_SHUT_PATIENCE_S = 60.0
_BATCH = 500


@define(eq=False, kw_only=True)
class Submission:
    """Every pod of a trace is asked for once, and again only while it is unclear whether it was taken."""

    server: Server
    database: Database
    #: The trace, and the file of the nodes.
    pods: str
    nodes: str
    kills: int
    clients: int
    seed: int
    say: Callable[[str], None]
    figures: Figures
    books: list[Book] = field(init=False)
    _gate: Gate = field(factory=Gate, init=False)
    _problems: list[BaseException] = field(factory=list, init=False)
    _stopped: threading.Event = field(factory=threading.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self.books = [Book(number) for number in range(self.clients)]

    def play(self) -> None:
        """:raises Violation: the state at the end is not what was acknowledged."""
        started_s = time.monotonic()
        specs = read_pods(self.pods)
        self.server.start()
        self.server.wait_ready()
        self._add_nodes(read_nodes(self.nodes))
        threads = [threading.Thread(target=self._submit, args=(book, specs)) for book in self.books]
        for thread in threads:
            self._gate.join()
            thread.start()
        try:
            self._gate.open()
            for kill in range(1, self.kills + 1):
                self._kill(len(specs) * kill // (self.kills + 1))
            for thread in threads:
                thread.join()
        finally:
            self._stopped.set()
            self._gate.open()
            for thread in threads:
                thread.join()
            self._count()
        self._look()
        self._compare(specs)
        self.figures.seconds = time.monotonic() - started_s

    def _add_nodes(self, specs: list[NodeSpec]) -> None:
        with closing(self.server.connection()) as connection:
            for spec in specs:
                document = node_spec_document(spec)
                answer = connection.ask("POST", "/v1/nodes", document)
                if answer.status != 201:
                    raise Violation(f"node {spec.name} was answered with {answer}")
                entry = self.books[0].add(Entry(kind="Node", name=spec.name, document=document, key=spec.name))
                entry.life, entry.uid = Life.THERE, answer.document["node"]["metadata"]["uid"]
                entry.set("cordoned", False)
                self.books[0].note("added", entry)

    def _submit(self, book: Book, specs: list[PodSpec]) -> None:
        """One client: its share of the pods, one by one."""
        connection = self.server.connection()
        try:
            for spec in specs[book.client :: self.clients]:
                document = pod_spec_document(spec)
                key = f"{self.seed}-{spec.name}"
                entry = book.add(Entry(kind="Pod", name=spec.name, document=document, key=key))
                self._insist(connection, book, entry)
        except Exception as exc:  # whatever it is, whoever started this thread must hear of it
            self._problems.append(exc)
        finally:
            connection.close()
            self._gate.leave()

    def _insist(self, connection: Connection, book: Book, entry: Entry) -> None:
        again = False
        while not self._stopped.is_set():
            self._gate.pass_through()
            try:
                answer = connection.ask("POST", "/v1/pods", entry.document, {"Idempotency-Key": entry.key})
            except Unanswered:
                book.turned_away["no answer"] += 1
                pause(0.005)
            else:
                if answer.status == 201 or (again and answer.status == 200):
                    entry.named(answer.document["metadata"]["uid"])
                    entry.life, entry.certain = Life.THERE, True
                    book.note("launched", entry)
                    return
                if not answer.later:
                    raise Violation(f"{entry.label}: expected 201, got {answer}")
                book.turned_away[str(answer.status)] += 1
                pause(0.1)
            again = True

    def _kill(self, after: int) -> None:
        """Kill when about so many pods are acknowledged; look into the database; go on."""
        rng = random.Random(f"{self.seed}/{after}")
        while self._launched() < after:
            self._look()
            self.server.look()
            pause(0.002)
        pause(rng.uniform(0, 0.02))
        self.server.kill()
        self.figures.kills["under load"] += 1
        if not self._gate.shut(_SHUT_PATIENCE_S):
            raise NotInTime(f"a client still waited for an answer {_SHUT_PATIENCE_S:g} s after the server was killed")
        self._look()
        with offline.opened(self.database.url) as store:
            loaded = store.load()
        _judge(audit(self.books, offline.snapshot(loaded), {}))
        offline.check(loaded)
        self.figures.audits += 1
        self.say(f"killed with {self._launched():,} pods acknowledged and {len(loaded.pods):,} on the disk")
        self.server.start()
        self.server.wait_ready()
        self._gate.open()

    def _compare(self, specs: list[PodSpec]) -> None:
        """The state at the end, as the API tells it and as it is on the disk, is what was submitted."""
        with closing(self.server.connection()) as connection:
            told = Snapshot.told(connection)
        code = self.server.stop()
        if code != 0:
            raise Violation(f"the server ended with exit code {code} after SIGTERM; expected 0")
        with offline.opened(self.database.url) as store:
            loaded = store.load()
        stored = offline.snapshot(loaded)
        offline.check(loaded)
        submitted = sorted(spec.name for spec in specs)
        for snapshot in (told, stored):
            _judge(audit(self.books, snapshot, {}))
            if sorted(pod.name for pod in snapshot.pods) != submitted:
                raise Violation(f"{snapshot.source} has {len(snapshot.pods)} pods; submitted were {len(submitted)}")
        self.figures.audits += 2
        bound = sum(pod.node_uid is not None for pod in stored.pods)
        self.say(f"{len(stored.pods):,} pods submitted, acknowledged and there; {bound:,} have a node")

    def _launched(self) -> int:
        return sum(book.acknowledged["launched"] for book in self.books)

    def _look(self) -> None:
        if self._problems:
            raise self._problems[0]

    def _count(self) -> None:
        for book in self.books:
            self.figures.acknowledged.update(book.acknowledged)
            self.figures.turned_away.update(book.turned_away)
        self.figures.ready_after_s = tuple(self.server.ready_after_s)


def read_pods(path: str) -> list[PodSpec]:
    """The pods of a trace, in its order."""
    (trace, *_) = App.load(env={"KUBE9_PLUGINS": ""}, strict=True).read_trace(path)
    return [arrival.pod for arrival in trace.arrivals]


def read_nodes(path: str) -> list[NodeSpec]:
    """The nodes of a file, in memory."""
    plan = NodePlan.join([parse_nodes(path)])
    return [evolve(spec, backend="memory") for spec in plan.nodes]


def _judge(found: list[str]) -> None:
    if found:
        raise Violation("\n".join(found))
