"""Keeps a node's warden within reach: starts one where there is none, and makes good what the death of one leaves."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Callable, Dict  # noqa: UP035  (an alias below, and Python 3.8)

from kube9.agent.board import Board
from kube9.agent.clock import now_ms
from kube9.agent.leftovers import kill_leftovers
from kube9.agent.processid import is_alive
from kube9.agent.wardenlink import WardenAway, WardenLink, WardenRefused
from kube9.agent.wardenplace import SPEAKS, launch

__all__ = ["LeaseBoard", "Runs", "WardenHold"]

_LOG = logging.getLogger(__name__)
_BEGIN_S, _LOOK_S, _PAUSE_S = 10.0, 0.01, 0.5
_LEASE_S = 2.0
_LEAVE_S = 20.0

#: What the warden says of all that it runs, by their ids.
Runs = Dict[str, Any]  # noqa: UP006


class LeaseBoard(Board):
    """Tells the warden at once, which is what ends everything with the lease here."""

    def __init__(self, renew: Callable[[int], None]) -> None:
        super().__init__()
        self._renew = renew

    def begin(self, until_ms: int) -> None:
        """The warden knows that already."""
        self._write(0, until_ms)

    @property
    def lease_until_ms(self) -> int:
        return self._read(0)

    @lease_until_ms.setter
    def lease_until_ms(self, value: int) -> None:
        if value != self._read(0):
            self._write(0, value)
            self._renew(value)


class WardenHold:
    """:param folder: of the node."""

    def __init__(self, folder: str, node_uid: str) -> None:
        self.folder, self.node_uid = folder, node_uid
        self.board = LeaseBoard(self._renew)
        #: Which lease it is, by the warden's count: what was to be started under one is not started under the next.
        self.term = 0
        self._heard: Callable[[Mapping[str, Any]], None] = lambda _: None
        self._fenced: Callable[[], None] = lambda: None
        self._found: Callable[[bool], None] = lambda _: None
        self._changed = threading.Condition()
        #: Of those that are waited for: how they ended. Nobody waits any more for those that took too long.
        self._commands: dict[str, Mapping[str, Any] | None] = {}
        self._abandoned: set[str] = set()
        self._closed = False
        self._link: WardenLink | None = None
        #: How many links there were, and which of them is the one that is used.
        self._links = self._used = 0
        self.about: Mapping[str, Any] = {}
        self.lease_until_ms = 0

    def attach(
        self,
        heard: Callable[[Mapping[str, Any]], None],
        fenced: Callable[[], None],
        found: Callable[[bool], None],
    ) -> None:
        """Say who is told of each run, of the end of a lease, and of a warden that was found after the link was lost.

        The last also whether it is another one, so that nothing runs of what ran.
        """
        self._heard, self._fenced, self._found = heard, fenced, found

    def ensure(self) -> None:
        """Have a link to a warden.

        :raises OSError: that cannot be had.
        """
        end_s, launched = time.monotonic() + _BEGIN_S, False
        while True:
            try:
                self.connect()
                return
            except WardenAway:
                if time.monotonic() > end_s:
                    raise
            if not launched:
                kill_leftovers(self.node_uid)
                launch(self.folder, self.node_uid)
                launched = True
            time.sleep(_LOOK_S)  # noqa: TID251  (nobody tells when it is there)

    def close(self) -> None:
        """Ask nothing more; what runs is left as it is."""
        self._closed = True
        if self._link is not None:
            self._link.close()

    def dismiss(self) -> None:
        """Have the warden end all, and itself.

        :raises WardenAway: it does not.
        """
        self.close()
        try:
            link = WardenLink(self.folder)
        except WardenAway:
            return  # there is none
        try:
            link.ask("stop", timeout_s=_LEAVE_S)
        finally:
            link.close()

    # What is asked of the warden.

    def start(self, **about: Any) -> Mapping[str, Any]:
        """:raises WardenAway, WardenRefused:"""
        run: Mapping[str, Any] = self._asked("start", **about)["run"]
        return run

    def signal(self, run: str, number: int) -> None:
        """:raises WardenAway, WardenRefused:"""
        self._asked("signal", run=run, signal=int(number))

    def kill(self, copy: tuple[str, int]) -> None:
        """End all of a copy for good; returns when nothing of it runs.

        :raises OSError: that cannot be done just now.
        """
        try:
            self._asked("kill", uid=copy[0], epoch=copy[1])
            self._asked("forget", uid=copy[0], epoch=copy[1])
        except WardenAway:
            if not self.about or is_alive(self.about):
                raise
            kill_leftovers(self.node_uid, copy)

    def kill_all(self) -> None:
        """End everything; returns when nothing runs.

        :raises OSError: that cannot be done just now.
        """
        self.term = self._asked("killAll")["term"]

    def runs(self) -> Runs:
        """What the warden runs.

        :raises OSError:
        """
        return {run["run"]: run for run in self._asked("list")["runs"]}

    def use(self) -> Sequence[tuple[str, int, int, int]]:
        """:raises WardenAway:"""
        use: Sequence[tuple[str, int, int, int]] = self._asked("use")["use"]
        return use

    def command(self, copy: tuple[str, int], container: str, argv: Sequence[str], timeout_s: float) -> int:
        """Run a command in a container to its end; its exit code.

        :raises TimeoutError: it took longer, and was ended.
        :raises OSError: it cannot be run.
        """
        end_s = time.monotonic() + timeout_s
        try:
            run = self._asked("command", uid=copy[0], epoch=copy[1], container=container, argv=list(argv))["run"]
        except WardenRefused as exc:
            raise OSError(str(exc)) from exc
        told = self._end_of(run["run"], end_s)
        if told["error"]:
            raise OSError(told["error"])
        return int(told["exitCode"])

    def _end_of(self, name: str, end_s: float) -> Mapping[str, Any]:
        with self._changed:
            self._commands.setdefault(name, None)
            self._changed.wait_for(lambda: self._commands[name] is not None, max(0.0, end_s - time.monotonic()))
            told = self._commands.pop(name)
            if told is None:
                self._abandoned.add(name)
        if told is None:
            with suppress(WardenRefused):  # it has ended this moment
                self.signal(name, signal.SIGKILL)
            raise TimeoutError
        return told

    def _asked(self, do: str, **about: Any) -> Mapping[str, Any]:
        link = self._link
        if link is None:
            raise WardenAway("there is no warden yet")
        return link.ask(do, **about)

    # Leases.

    def _renew(self, until_ms: int) -> None:
        link = self._link
        if link is not None and not self._closed:
            try:
                self._is_term(link.ask("lease", timeout_s=_LEASE_S, until=until_ms)["term"])
            except (WardenAway, WardenRefused) as exc:
                _LOG.warning("the warden was not told of the lease: %s", exc)

    def _is_term(self, term: int) -> None:
        if term != self.term:
            self.term = term
            self._fenced()

    # What comes.

    def connect(self) -> None:
        """Have a link to the warden that there is.

        :raises WardenAway: there is none of use.
        """
        self._links += 1
        number = self._links
        link = WardenLink(self.folder, self._take, lambda: self._lost(number))
        try:
            about = link.ask("hello")
            if about["speaks"] != SPEAKS or about["node"] != self.node_uid:
                link.ask("stop", timeout_s=_LEAVE_S)
                raise WardenAway("the warden is another node's, or of another version")
            told = link.ask("watch")
        except BaseException:
            link.close()
            raise
        self.about, self.term, self.lease_until_ms = about, told["term"], about["leaseUntil"]
        self._link, self._used = link, number
        if link.over:  # which may not have been heard as the end of the one that is used
            raise WardenAway("the warden is gone again")

    def _take(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "term":
            self._is_term(event["term"])
        elif not event["command"]:
            self._heard(event)
        elif event["state"] == "ended":
            with self._changed:
                if event["run"] in self._abandoned:
                    self._abandoned.discard(event["run"])
                else:
                    self._commands[event["run"]] = event
                    self._changed.notify_all()

    def _lost(self, link: int) -> None:
        # Of one that was never used, whoever tried to knows already.
        if link == self._used and not self._closed:
            threading.Thread(target=self._find_again, name="kube9-find-warden", daemon=True).start()

    def _find_again(self) -> None:
        before = self.about
        while not self._closed:
            try:
                if not is_alive(before):
                    _LOG.warning("the warden has died, and all that it ran with it; another is started")
                    kill_leftovers(self.node_uid)
                self.ensure()
                self._renew_after(before)
                self._found(self.about["pid"] != before["pid"])
                return
            except (OSError, WardenRefused) as exc:
                _LOG.warning("error=%s", exc)
                time.sleep(_PAUSE_S)  # noqa: TID251  (nobody tells when it can be done)

    def _renew_after(self, before: Mapping[str, Any]) -> None:
        until_ms = self.board.lease_until_ms
        if self.about["pid"] != before["pid"] and until_ms > now_ms() and self._link is not None:
            self._link.ask("lease", until=until_ms)
