"""One client: it asks for things and takes them back, and writes down every answer."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from reliability.book import Book, Entry, Life, Violation
from reliability.documents import deployment_document, node_document, pod_document
from reliability.exchange import Answer, Connection, Unanswered
from reliability.gate import Gate
from reliability.server import pause

__all__ = ["Client"]

#: Above these, a client rather takes something away.
_PODS_MAX, _NODES_MAX, _DEPLOYMENTS_MAX = 30, 3, 4
_BATCH_MAX = 20
#: The longest that a client waits when it is told to come later: waiting proves nothing.
_PATIENCE_S = 0.2


class Abandoned(Exception):
    """The run is over before its end."""


class Client:
    """Everything it asks for is its own; its names begin with its number. What it chooses depends on the seed alone.

    :param problems: where a violation is put, and whatever else ends this thread.
    """

    def __init__(
        self, number: int, seed: int, *, gate: Gate, connect: Callable[[], Connection], problems: list[BaseException]
    ) -> None:
        self._thread = threading.Thread(target=self.run, name=f"client-{number}")
        self.start, self.join = self._thread.start, self._thread.join
        self.book = Book(number)
        self.finish = threading.Event()
        self._rng = random.Random(f"{seed}/client/{number}")
        self._gate, self._connect, self._problems = gate, connect, problems
        self._serial = 0
        self._abandoned = False
        self._actions: dict[Callable[[], None], int] = {
            self._launch_pod: 30,
            self._launch_batch: 6,
            self._delete_pod: 30,
            self._apply_deployment: 4,
            self._scale_deployment: 6,
            self._delete_deployment: 3,
            self._add_node: 4,
            self._cordon_node: 5,
            self._drain_node: 2,
            self._fail_node: 2,
            self._delete_node: 2,
        }
        gate.join()

    def run(self) -> None:
        self._connection = self._connect()
        try:
            self._add_node()
            while not self.finish.is_set():
                (action,) = self._rng.choices(list(self._actions), list(self._actions.values()))
                action()
        except Abandoned:
            pass
        except Exception as exc:  # whatever it is, whoever started this thread must hear of it
            self._problems.append(exc)
        finally:
            self._connection.close()
            self._gate.leave()

    def abandon(self) -> None:
        """End at the next want of an answer, with whatever is open left open."""
        self._abandoned = True
        self.finish.set()

    # ------------------------------------------------------------------ pods

    def _launch_pod(self) -> None:
        if len(self.book.of("Pod", Life.THERE)) >= _PODS_MAX:
            self._delete_pod()
            return
        name = self._name("pod")
        entry = self._entry("Pod", name, pod_document(name, self._rng))
        self._create("/v1/pods", entry, "launched", lambda document: document["metadata"]["uid"])

    def _launch_batch(self) -> None:
        if len(self.book.of("Pod", Life.THERE)) >= _PODS_MAX:
            return
        key = f"{self._name('batch')}-{self._rng.random()}"
        names = [self._name("pod") for _ in range(self._rng.randint(2, _BATCH_MAX))]
        entries = [self._entry("Pod", name, pod_document(name, self._rng), key) for name in names]
        body = {"kind": "PodList", "items": [entry.document for entry in entries]}
        while not all(entry.life is Life.THERE for entry in entries):
            answer, _ = self._insist("POST", "/v1/pods", body, {"Idempotency-Key": key})
            self._expect(answer, f"a batch of {len(entries)} pods", 200)
            for entry, item in zip(entries, answer.document["items"], strict=True):
                self._take_item(entry, item)

    def _take_item(self, entry: Entry, item: Mapping[str, Any]) -> None:
        if "problem" not in item:
            if entry.life is Life.ASKED:
                self.book.note("launched in a batch", entry)
            self._there(entry, item["uid"])
        elif item["problem"]["status"] not in (429, 503):
            raise Violation(f"{entry.label} in a batch was answered with {item['problem']}")

    def _delete_pod(self) -> None:
        self._delete("Pod", "/v1/pods/{name}?gracePeriodSeconds=0")

    # ------------------------------------------------------------------ deployments

    def _apply_deployment(self) -> None:
        if len(self.book.of("Deployment", Life.THERE)) >= _DEPLOYMENTS_MAX:
            return
        name = self._name("deployment")
        entry = self._entry("Deployment", name, deployment_document(name, self._rng))
        entry.set("replicas", entry.document["spec"]["replicas"])
        self._create("/v1/deployments", entry, "applied", lambda document: document["metadata"]["uid"])

    def _scale_deployment(self) -> None:
        entry = self._one_of("Deployment")
        if entry is None:
            return
        replicas = self._rng.randint(0, 6)
        entry.ask("replicas", replicas)
        answer, _ = self._insist("PATCH", f"/v1/deployments/{entry.name}", {"spec": {"replicas": replicas}})
        self._expect(answer, f"scaling {entry.label}", 200)
        entry.set("replicas", replicas)
        self.book.note("scaled", entry, f" to {replicas}")

    def _delete_deployment(self) -> None:
        self._delete("Deployment", "/v1/deployments/{name}")

    # ------------------------------------------------------------------ nodes

    def _add_node(self) -> None:
        if len(self.book.of("Node", Life.THERE)) >= _NODES_MAX:
            return
        name = self._name("node")
        entry = self._entry("Node", name, node_document(name, self._rng))
        entry.set("cordoned", False)
        self._create("/v1/nodes", entry, "added", lambda document: document["node"]["metadata"]["uid"])

    def _cordon_node(self) -> None:
        entry = self._one_of("Node")
        if entry is None:
            return
        # More often on than off, so that most nodes take pods.
        verb = self._rng.choice(("cordon", "uncordon", "uncordon"))
        self._change_node(entry, verb, None, cordoned=verb == "cordon")

    def _drain_node(self) -> None:
        if (entry := self._one_of("Node")) is not None:
            self._change_node(entry, "drain", {"gracePeriodSeconds": 0}, cordoned=True)

    def _change_node(self, entry: Entry, verb: str, body: Mapping[str, Any] | None, *, cordoned: bool) -> None:
        entry.ask("cordoned", cordoned)
        answer, _ = self._insist("POST", f"/v1/nodes/{entry.name}/{verb}", body)
        self._expect(answer, f"{verb} of {entry.label}", 200)
        entry.set("cordoned", cordoned)
        self.book.note(f"{verb}ed", entry)

    def _fail_node(self) -> None:
        if (entry := self._one_of("Node")) is None:
            return
        body = {"downForSeconds": self._rng.choice((1, 5, 20))}
        answer, _ = self._insist("POST", f"/v1/nodes/{entry.name}/fail", body)
        # One that is still being made, or made anew, cannot be broken.
        self._expect(answer, f"fail of {entry.label}", 200, 409)
        if answer.done:
            self.book.note("failed", entry)

    def _delete_node(self) -> None:
        if len(self.book.of("Node", Life.THERE)) > 1:
            self._delete("Node", "/v1/nodes/{name}")

    # ------------------------------------------------------------------ what all of them do

    def _name(self, kind: str) -> str:
        self._serial += 1
        return f"c{self.book.client:02}-{kind}-{self._serial:05}"

    def _entry(self, kind: str, name: str, document: Mapping[str, Any], key: str = "") -> Entry:
        key = key or f"{name}-{self._rng.random()}"
        return self.book.add(Entry(kind=kind, name=name, document=document, key=key))

    def _one_of(self, kind: str) -> Entry | None:
        there = self.book.of(kind, Life.THERE)
        return self._rng.choice(there) if there else None

    def _create(self, path: str, entry: Entry, what: str, uid_of: Callable[[Any], str]) -> None:
        answer, again = self._insist("POST", path, entry.document, {"Idempotency-Key": entry.key})
        self._expect(answer, entry.label, *((200, 201) if again else (201,)))
        self._there(entry, uid_of(answer.document))
        self.book.note(what, entry)

    def _there(self, entry: Entry, uid: str) -> None:
        entry.named(uid)
        entry.certain = True
        entry.life = Life.THERE

    def _delete(self, kind: str, path: str) -> None:
        entry = self._one_of(kind)
        if entry is None:
            return
        entry.life = Life.ENDING
        answer, again = self._insist("DELETE", path.format(name=entry.name))
        # It may have gone by what was asked for before the answer was lost.
        self._expect(answer, f"deleting {entry.label}", 200, 202, 204, *((404,) if again else ()))
        if entry.life is Life.ENDING:
            entry.life = Life.ENDED
        self.book.note("deleted", entry)

    def _insist(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[Answer, bool]:
        """Ask until it is answered; also whether it was asked more than once."""
        again = False
        while True:
            self._gate.pass_through()
            try:
                answer = self._connection.ask(method, path, body, headers)
            except Unanswered:
                self.book.turned_away["no answer"] += 1
                pause(0.005)
            else:
                if not answer.later:
                    return answer, again
                self.book.turned_away[str(answer.status)] += 1
                if answer.retry_after_s is None:
                    raise Violation(f"{method} {path} was answered with {answer}, without Retry-After")
                pause(min(answer.retry_after_s, _PATIENCE_S))
            if self._abandoned:
                raise Abandoned
            again = True

    def _expect(self, answer: Answer, what: str, *statuses: int) -> None:
        if answer.status not in statuses:
            expected = " or ".join(map(str, statuses))
            raise Violation(f"{what}: expected {expected}, got {answer}")
