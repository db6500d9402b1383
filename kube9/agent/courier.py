"""Carries beats to the server and answers back, over a few connections that are kept."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from urllib.parse import quote

from kube9.agent.agent import Agent
from kube9.agent.brain import Beat
from kube9.agent.configuration import ConfigurationError, ServerConfiguration, read_server
from kube9.agent.exchange import Connection, Reply, Stale
from kube9.agent.wire import UnreadableAnswer, beat_body, read_answer

__all__ = ["CONNECTIONS", "Couriers"]

#: How many beats may be under way at a time: one whose answer is held, one that tells a change, and one more.
CONNECTIONS = 3
#: How much longer than it was asked to an answer may take.
_PATIENCE_S = 5.0
_REFUSED = (401, 403, 404)

_log = logging.getLogger("kube9.agent.link")


class Couriers:
    """:param folder: what is said of the server there is read again whenever it is not reached, or refuses."""

    def __init__(self, agent: Agent, node: str, folder: Path, server: ServerConfiguration) -> None:
        self._agent, self._folder, self.server = agent, folder, server
        self._path = f"/v1/nodes/{quote(node, safe='')}/heartbeat"
        self._lock = threading.Lock()
        #: What was wrong when it last was; empty while all is well.
        self._trouble = ""
        self._threads = [
            threading.Thread(target=self._run, name=f"kube9-courier-{number}", daemon=True)
            for number in range(CONNECTIONS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def read_again(self) -> None:
        """Look whether the server is elsewhere by now, or wants another token."""
        with self._lock:
            try:
                server = read_server(self._folder)
            except ConfigurationError as exc:
                _log.warning("%s", exc)
                return
            changed, self.server = server != self.server, server
        if changed:
            _log.info("server=%s its address, certificate or token is another from now on", server.url)
            self._agent.beat_at_once()

    def say_farewell(self, beat: Beat, timeout_s: float) -> None:
        """Send the last beat, and wait for any answer."""
        connection = Connection(self.server)
        try:
            connection.post(self._path, beat_body(beat, 0), timeout_s)
        except OSError as exc:
            _log.info("the last beat was not answered: %s", exc)
        finally:
            connection.close()

    def _run(self) -> None:
        connection = Connection(self.server)
        while True:
            due = self._agent.next_beat()
            if due is None:
                break
            if connection.server != self.server:
                connection.close()
                connection = Connection(self.server)
            try:
                self._carry(connection, *due)
            except Exception:
                _log.exception("a beat has failed")
                self._agent.unanswered()
        connection.close()

    def _carry(self, connection: Connection, beat: Beat, wait_ms: int) -> None:
        try:
            reply = connection.post(self._path, beat_body(beat, wait_ms), wait_ms / 1_000 + _PATIENCE_S)
        except Stale:
            self._agent.unanswered(again=True)
            return
        except OSError as exc:
            self._failed(f"is not reached: {str(exc) or type(exc).__name__}")
            return
        if reply.status != 200:
            self._failed(f"refuses with {reply.status}: {_problem(reply)}", refused=reply.status in _REFUSED)
            return
        try:
            answer = read_answer(reply.body)
        except UnreadableAnswer as exc:
            self._failed(f"gave an answer that cannot be read: {exc}")
            return
        self._well()
        self._agent.heed(answer)

    def _failed(self, trouble: str, *, refused: bool = False) -> None:
        with self._lock:
            told, self._trouble = self._trouble == trouble, trouble
        if not told:
            _log.warning("server=%s %s", self.server.url, trouble)
        self._agent.unanswered(refused=refused)
        self.read_again()

    def _well(self) -> None:
        with self._lock:
            trouble, self._trouble = self._trouble, ""
        if trouble:
            _log.info("server=%s answers again", self.server.url)


def _problem(reply: Reply) -> str:
    """What a problem document says; else how the answer begins."""
    if "json" in reply.headers.get("content-type", ""):
        try:
            told = json.loads(reply.body)
            return f"{told['title']}: {told.get('detail', '')}"[:500]
        except (ValueError, TypeError, LookupError, AttributeError):
            pass
    return repr(reply.body[:100].decode("utf-8", "replace"))
