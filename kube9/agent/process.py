"""Runs copies of pods as processes of the machine, under a warden that outlives the agent."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Callable, Tuple  # noqa: UP035  (Python 3.8)

from kube9.agent.alarms import Alarms
from kube9.agent.alarms import now_ms as alarm_ms
from kube9.agent.brain import ROUND, Brain, PodUse, StartOrder
from kube9.agent.clock import now_ms
from kube9.agent.configuration import NodeConfiguration
from kube9.agent.copies import Copies
from kube9.agent.leftovers import kill_leftovers
from kube9.agent.podfolder import NOTE, read_document, remove_folder, write_document
from kube9.agent.pool import Pool
from kube9.agent.processcopy import ProcessCopy, ProcessTools
from kube9.agent.proctable import machine_boot
from kube9.agent.runtime import News
from kube9.agent.wardenhold import WardenHold
from kube9.agent.wardenlink import WardenAway, WardenRefused

__all__ = ["PODS", "STATE", "Home", "ProcessRuntime", "make_home", "make_runtime", "make_sweep", "sweep_folder"]

_LOG = logging.getLogger(__name__)
#: Below the node's folder.
PODS, VOLUMES, STATE = "pods", "volumes", "state.json"
_STARTS_MAX, _PROBES_MAX = 4, 8
_ROUND_MS = 10_000


def make_home(node: NodeConfiguration) -> Home:
    """What outlives the agent on this node."""
    return Home(node)


def make_runtime(node: NodeConfiguration, news: News) -> ProcessRuntime:
    """What runs the pods of this node."""
    return Home(node).make_runtime(news)


def make_sweep(node: NodeConfiguration) -> Callable[[], None]:
    """What ends all that this node runs, by force, from whichever process."""
    return lambda: sweep_folder(node.folder, node.node_uid)


def sweep_folder(folder: str, node_uid: str) -> None:
    """End all that runs of a node, its warden too, and remove what is left of its pods.

    :raises OSError: that cannot be done just now.
    """
    with suppress(WardenAway):  # then what it ran is found otherwise
        WardenHold(folder, node_uid).dismiss()
    kill_leftovers(node_uid)
    _forget_state(folder)
    _clean(folder, ())


class Home:
    """The node's folder, its warden, and what the agent before this one wrote down, if that still holds.

    :raises OSError: there is no warden, and none can be started.
    """

    def __init__(self, node: NodeConfiguration) -> None:
        self._node, self._folder = node, node.folder
        os.makedirs(f"{node.folder}/{PODS}", mode=0o700, exist_ok=True)
        self._hold = WardenHold(node.folder, node.node_uid)
        self._hold.ensure()
        self.board = self._hold.board
        #: To go on with as the same boot; ``None`` to start empty.
        self.past = self._read_past()
        if self.past is not None:
            self.board.begin(self._hold.lease_until_ms)

    def make_runtime(self, news: News) -> ProcessRuntime:
        """Of this node; the copies that go on are found when it cleans."""
        known = set() if self.past is None else {*self.past.copies(), *self.past.ended()}
        return ProcessRuntime(self._hold, self._node, news, known)

    def save(self, told: Mapping[str, Any]) -> None:
        """What another agent has to know to go on as the same boot.

        :raises OSError:
        """
        about = self._hold.about
        document = {"machineBoot": about["machineBoot"], "warden": [about["pid"], about["start"]], "brain": told}
        try:
            write_document(f"{self._folder}/{STATE}", document)
        except OSError:
            # Whoever went on with what is out of date would not be heard by the server.
            _forget_state(self._folder)
            raise

    def leave(self) -> None:
        """Nothing runs any more, and nothing is to go on."""
        _forget_state(self._folder)
        try:
            self._hold.dismiss()
        except WardenAway as exc:
            _LOG.warning("error=%s", exc)

    def _read_past(self) -> Brain | None:
        told, about = read_document(f"{self._folder}/{STATE}"), self._hold.about
        if told is None or told["machineBoot"] != machine_boot():
            return None
        if told["warden"] != [about["pid"], about["start"]] or self._hold.lease_until_ms <= now_ms():
            return None
        try:
            return Brain.restore(told["brain"], self._hold.lease_until_ms, ROUND)
        except (LookupError, TypeError, ValueError) as exc:
            _LOG.warning("what the agent before wrote down cannot be used: %r", exc)
            return None


class ProcessRuntime:
    """A :class:`~kube9.agent.runtime.Runtime`.

    :param news: what is told of copies; from any thread.
    :param known: the copies that an agent before this one left running, and that are to go on.
    """

    def __init__(self, hold: WardenHold, node: NodeConfiguration, news: News, known: set[tuple[str, int]]) -> None:
        self._hold, self._news, self._known, self._folder = hold, news, known, node.folder
        self._copies: Copies[ProcessCopy] = Copies()
        self._use: tuple[PodUse, ...] = ()
        #: Of each copy: when it was measured, and how much cpu it had taken in all.
        self._last: dict[tuple[str, int], tuple[int, int]] = {}
        self._alarms = Alarms()
        self._starts, self._probes = Pool("start", _STARTS_MAX), Pool("probe", _PROBES_MAX)
        self._tools = ProcessTools(
            hold=hold,
            pods=f"{node.folder}/{PODS}",
            volumes=f"{node.folder}/{VOLUMES}",
            cpu_milli=node.capacity.get("cpu", 0) or (os.cpu_count() or 1) * 1_000,
            starts=self._starts,
            probes=self._probes,
            alarms=self._alarms,
            news=news,
            gone=self._copies.forget,
        )
        hold.attach(self._heard, self._fenced, self._found)
        self._alarms.call_at(alarm_ms() + _ROUND_MS, self._begin_round)

    def start(self, order: StartOrder) -> None:
        copy = self._copies.add((order.uid, order.epoch), lambda: ProcessCopy(order, self._tools, self._hold.term))
        if copy is not None:
            copy.wake()

    def stop(self, uid: str, epoch: int, grace_ms: int) -> None:
        copy = self._copies.get(uid, epoch)
        if copy is not None:
            copy.stop(grace_ms)
        else:
            self._starts.submit(lambda: self._news.stopped(uid, epoch))

    def kill(self, uid: str, epoch: int) -> None:
        """As the port has it.

        :raises OSError: something of it may run still; it is to be killed again.
        """
        copy = self._copies.get(uid, epoch)
        if copy is not None:
            copy.kill()
        else:
            self._hold.kill((uid, epoch))

    def clean(self) -> None:
        """Remove what earlier starts left, and take up what an agent left that was killed."""
        known, self._known = self._known, set()
        if not known:
            self._hold.kill_all()
        kept = self._take_up(known)
        for uid, epoch in {(run["uid"], run["epoch"]) for run in self._hold.runs().values()} - set(kept):
            self._hold.kill((uid, epoch))
        _clean(self._folder, kept.values())
        for uid, epoch in known - set(kept):
            self._news.stopped(uid, epoch)
        for copy in self._copies.all():
            copy.look()

    def use(self) -> Tuple[PodUse, ...]:  # noqa: UP006
        return self._use

    def close(self) -> None:
        self._hold.close()
        self._alarms.close()
        for pool in (self._probes, self._starts):
            pool.close(1.0)

    def _take_up(self, known: set[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """Those copies of which enough was written down, with the names of their folders."""
        kept = {}
        for name in os.listdir(self._tools.pods):
            told = read_document(f"{self._tools.pods}/{name}/{NOTE}")
            try:
                order = StartOrder(**told["order"])
                key = order.uid, order.epoch
                if key in known:
                    self._copies.add(key, partial(ProcessCopy, order, self._tools, told["term"], told))
                    kept[key] = name
            except (LookupError, TypeError, ValueError) as exc:
                _LOG.warning("pod folder %s: what was written down of it cannot be used: %r", name, exc)
        if kept:
            _LOG.info("%d pods go on that the agent before this one has left", len(kept))
        return kept

    # What the warden tells.

    def _heard(self, run: Mapping[str, Any]) -> None:
        copy = self._copies.get(run["uid"], run["epoch"])
        if copy is not None:
            copy.heard(run)

    def _fenced(self) -> None:
        for copy in self._copies.all():
            if copy.term != self._hold.term:
                copy.lose()

    def _found(self, another: bool) -> None:
        for copy in self._copies.all():
            # Whatever lease it had goes on at the new warden, if it does.
            if another and self._hold.board.lease_until_ms > now_ms():
                copy.term = self._hold.term
            copy.look()
        self._fenced()

    # Measuring.

    def _begin_round(self) -> None:
        self._probes.submit(self._round)

    def _round(self) -> None:
        try:
            self._measure()
        except (WardenAway, WardenRefused) as exc:
            _LOG.warning("error=%s", exc)
        self._alarms.call_at(alarm_ms() + _ROUND_MS, self._begin_round)

    def _measure(self) -> None:
        at_ms, found, last = alarm_ms(), [], {}
        for uid, epoch, cpu_ms, memory_bytes in self._hold.use():
            before_ms, before = self._last.get((uid, epoch), (at_ms, cpu_ms))
            passed_ms = at_ms - before_ms
            milli = max(0, cpu_ms - before) * 1_000 // passed_ms if passed_ms > 0 else 0
            found.append(PodUse(uid, epoch, milli, memory_bytes))
            last[uid, epoch] = at_ms, cpu_ms
        self._last, self._use = last, tuple(found)


def _forget_state(folder: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(f"{folder}/{STATE}")


def _clean(folder: str, kept: Any) -> None:
    """Remove what is left of all other copies."""
    pods, kept = f"{folder}/{PODS}", set(kept)
    for name in os.listdir(pods) if os.path.isdir(pods) else ():
        if name in kept:
            continue
        told = read_document(f"{pods}/{name}/{NOTE}") or {}
        for path, to in told.get("links", ()):
            if os.path.islink(path) and os.readlink(path) == to:
                os.unlink(path)
        remove_folder(f"{pods}/{name}")
