"""One copy of a pod as processes of a warden, from its order until nothing of it is left.

Whatever happens to it is taken in by turns, by one thread at a time. What it has come to is written down before the
warden is asked to start anything, so that an agent that starts again goes on where the one before was killed.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Callable, NamedTuple  # noqa: UP035  (Python 3.8)

from kube9.agent.alarms import Alarms, now_ms
from kube9.agent.brain import StartOrder
from kube9.agent.care import Ask, Care
from kube9.agent.logfile import segments
from kube9.agent.parts import read_parts
from kube9.agent.podfolder import NOTE, remove_folder, remove_links, set_up, write_document
from kube9.agent.pool import Pool
from kube9.agent.probes import carry_out
from kube9.agent.processrecipe import ProcessRecipe, folder_name, log_path, process_recipe
from kube9.agent.runtime import News
from kube9.agent.upkeep import ALL, Beginning, Hands, Upkeep
from kube9.agent.wardenhold import WardenHold
from kube9.agent.wardenlink import WardenAway, WardenRefused
from kube9.agent.wardenrun import ENDED, STARTING, run_id

__all__ = ["ProcessCopy", "ProcessTools"]

_LOG = logging.getLogger(__name__)
#: Between two attempts at what the warden, or the disk, could not do.
_AGAIN_MS = 500
_KILLED = 137
_HOST = "127.0.0.1"


class ProcessTools(NamedTuple):
    """What all copies of a node share."""

    hold: WardenHold
    #: Where the folders of copies are, and that of volumes that outlive them.
    pods: str
    volumes: str
    #: Of the node.
    cpu_milli: int
    starts: Pool
    probes: Pool
    alarms: Alarms
    news: News
    #: Called with the uid and epoch of a copy of which nothing is left.
    gone: Callable[[str, int], None]


class ProcessCopy:
    """Begins when it is woken.

    :param told: what another process wrote down of it; ``None`` for one that begins.
    """

    def __init__(
        self, order: StartOrder, tools: ProcessTools, term: int, told: Mapping[str, Any] | None = None
    ) -> None:
        self.uid, self.epoch = order.uid, order.epoch
        #: The lease under which it was to be started, by the warden's count.
        self.term = term
        self._order, self._tools = order, tools
        self._care = Care(read_parts(order.spec), now_ms())
        self._recipes: dict[str, ProcessRecipe] = {}
        #: What was written down of it last.
        self._noted: Any = None
        self._upkeep = Upkeep(
            (self.uid, self.epoch),
            self._care,
            Hands(self._try_to_start, self._end, self._ask, self._look_at, self._settle, self._remove),
            starts=tools.starts,
            alarms=tools.alarms,
            news=tools.news,
            gone=tools.gone,
            again_ms=_AGAIN_MS,
        )
        if told is not None:
            self._care.restore(told["care"], now_ms())
            self._upkeep.ran = told["ran"]

    @property
    def folder(self) -> str:
        return f"{self._tools.pods}/{folder_name(self.uid, self.epoch)}"

    # From any thread.

    def wake(self) -> None:
        """Go on with whatever is due."""
        self._upkeep.turns.wake()

    def look(self) -> None:
        """See what became of everything: nobody knows what was missed."""
        self._upkeep.look()

    def heard(self, run: Mapping[str, Any]) -> None:
        """The warden told something of a run."""
        self._upkeep.turns.post(lambda: self._take_in(run))

    def stop(self, grace_ms: int) -> None:
        """Have it end, and remove it."""
        self._upkeep.stop(grace_ms)

    def kill(self) -> None:
        """End it at once, and remove it in the background; returns when nothing of it runs.

        :raises OSError: that could not be done yet.
        """
        self._upkeep.killed = True
        try:
            # The warden starts nothing of it any more.
            self._tools.hold.kill((self.uid, self.epoch))
        finally:
            self.wake()

    def lose(self) -> None:
        """It was ended together with its lease, and is told as a copy that is not here any more."""
        self._upkeep.stop(0)

    # Probing.

    def _ask(self, ask: Ask) -> None:
        self._tools.probes.submit(lambda: self._carry_out(ask))

    def _carry_out(self, ask: Ask) -> None:
        away = []

        def run(command: Sequence[str], timeout_s: float) -> int:
            try:
                return self._tools.hold.command((self.uid, self.epoch), ask.container, command, timeout_s)
            except WardenAway:
                away.append(True)
                raise

        result = carry_out(ask.action, ask.timeout_ms, _HOST, run)
        # Where nothing is known of it, it is not to be killed for that.
        ok = result.ok or (bool(away) and ask.kind == "liveness")
        self._upkeep.answered(ask, ok, "" if ok else result.message)

    # Starting.

    def _try_to_start(self, name: str, beginning: Beginning) -> None:
        try:
            recipe = self._recipe(name)
            set_up(recipe)
            log = self._make_log(name, beginning.run)
            self._note()
        except ValueError as exc:
            self._upkeep.give_back(f"CreateContainerConfigError: {exc}")
        except OSError as exc:
            self._upkeep.again(beginning, f"CreateContainerError: {exc}")
        else:
            self._start(name, beginning, recipe, log)

    def _start(self, name: str, beginning: Beginning, recipe: ProcessRecipe, log: str) -> None:
        try:
            started = self._tools.hold.start(
                uid=self.uid,
                epoch=self.epoch,
                container=name,
                run=beginning.run,
                argv=recipe.argv,
                env=recipe.env,
                cwd=recipe.cwd,
                log=log,
                nice=recipe.nice,
                cpuMilli=recipe.cpu_milli,
                memoryBytes=recipe.memory_bytes,
                term=self.term,
            )
        except WardenAway as exc:
            self._upkeep.again(beginning, f"WardenUnreachable: {exc}")
        except WardenRefused as exc:
            if str(exc).startswith("fenced"):
                # Whoever counts the leases will have it killed; were it heard of first, nothing is to be told of it.
                self._upkeep.again(beginning, str(exc))
            else:
                self._not_started(name, beginning.run, str(exc))
        else:
            self._started(name, beginning.run, started)

    def _recipe(self, name: str) -> ProcessRecipe:
        if name not in self._recipes:
            tools, spec = self._tools, self._order.spec
            for each in (*spec.get("initContainers", ()), *spec.get("containers", ())):
                made = process_recipe(self._order, each, self.folder, tools.volumes, tools.cpu_milli)
                self._recipes[each["name"]] = made
        return self._recipes[name]

    def _make_log(self, name: str, run: int) -> str:
        """Where it writes to; what it wrote the time before is kept, and nothing older."""
        path = log_path(self.folder, name, run)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        for old in segments(log_path(self.folder, name, run - 2)):
            with suppress(FileNotFoundError):
                os.unlink(old)
        return path

    def _started(self, name: str, run: int, told: Mapping[str, Any]) -> None:
        if told["error"]:
            self._not_started(name, run, told["error"])
            return
        self._upkeep.started(name, run)
        self._take_in(told)

    def _not_started(self, name: str, run: int, error: str) -> None:
        """Another node may have the program, so a copy that never ran is given back."""
        if self._upkeep.ran:
            self._upkeep.not_started(name, run, error)
        else:
            self._upkeep.give_back(f"StartError: container {name}: {error}")

    # Ending.

    def _end(self, name: str, force: bool) -> bool:
        run = run_id(self.uid, self.epoch, name, self._upkeep.runs[name])
        try:
            self._tools.hold.signal(run, signal.SIGKILL if force else signal.SIGTERM)
        except (WardenAway, WardenRefused):
            return False
        return True

    def _remove(self) -> None:
        with suppress(ValueError):  # there never was such a folder
            self._tools.hold.kill((self.uid, self.epoch))
            for recipe in self._recipes.values():
                remove_links(recipe)
            remove_folder(self.folder)

    # Looking.

    def _look_at(self, _name: str) -> None:
        """The warden tells of all runs at once."""
        try:
            runs = self._tools.hold.runs()
        except WardenAway:
            self._upkeep.looks[ALL] = now_ms() + _AGAIN_MS
            return
        for name, (run, is_known) in self._care.open_runs.items():
            told = runs.get(run_id(self.uid, self.epoch, name, run))
            if told is not None and told["state"] != STARTING:
                self._started(name, run, told)
            elif told is None and is_known:
                self._upkeep.runs[name] = run
                self._upkeep.exited(name, _KILLED, "its warden died, and it with that")
            else:  # the warden answers with what became of it, where it was asked before
                self._upkeep.beginnings.setdefault(name, Beginning(run, now_ms()))

    def _take_in(self, told: Mapping[str, Any]) -> None:
        name = told["container"]
        run = self._upkeep.runs.get(name)
        if told["state"] != ENDED or run is None or told["run"] != run_id(self.uid, self.epoch, name, run):
            return
        if not told["fenced"]:  # it has not ended by itself, and is as good as killed
            self._upkeep.exited(name, told["exitCode"], "", told["outOfMemory"])

    # Writing down.

    def _settle(self, _ended: bool) -> None:
        try:
            self._note()
        except (OSError, ValueError) as exc:
            # What it says of the copy may be out of date, which an agent that starts again makes good.
            _LOG.warning("pod=%s epoch=%d error=%s", self.uid, self.epoch, exc)

    def _note(self) -> None:
        """Write down how far it has come, if that is another place than before."""
        care = self._care.export()
        if care == self._noted:
            return
        links = [list(link) for recipe in self._recipes.values() for link in recipe.links]
        document = {
            "order": self._order._asdict(),
            "term": self.term,
            "care": care,
            "ran": self._upkeep.ran,
            "links": links,
        }
        write_document(f"{self.folder}/{NOTE}", document)
        self._noted = care
