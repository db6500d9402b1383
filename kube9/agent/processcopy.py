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
from kube9.agent.care import Ask, Care, Kill, Start
from kube9.agent.logfile import segments
from kube9.agent.parts import read_parts
from kube9.agent.podfolder import NOTE, remove_folder, remove_links, set_up, write_document
from kube9.agent.pool import Pool
from kube9.agent.probes import carry_out
from kube9.agent.processrecipe import ProcessRecipe, folder_name, log_path, process_recipe
from kube9.agent.runtime import News
from kube9.agent.turns import Turns
from kube9.agent.wardenhold import WardenHold
from kube9.agent.wardenlink import WardenAway, WardenRefused
from kube9.agent.wardenrun import ENDED, run_id

__all__ = ["ProcessCopy", "ProcessTools"]

_LOG = logging.getLogger(__name__)
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
    #: Called with a copy of which nothing is left.
    gone: Callable[[ProcessCopy], None]


class _Ending:
    """A container that is told to end."""

    def __init__(self, at_ms: int, grace_ms: int) -> None:
        self.due_ms, self.force_ms = at_ms, at_ms + grace_ms


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
        self._beginnings: dict[str, tuple[int, int]] = {}
        self._endings: dict[str, _Ending] = {}
        #: Of containers that run: which start it is.
        self._runs: dict[str, int] = {}
        self._ran = self._stopping = self._ended = self._is_gone = self._killed = False
        self._trouble = ""
        #: When to see what became of everything, where that could not be done.
        self._look_due_ms: int | None = None
        #: Set once all of it is to be removed: what to tell then.
        self._farewell: Callable[[], None] | None = None
        self._farewell_due_ms = 0
        self._told: tuple[bool, int, str] | None = None
        self._told_started = False
        self._noted: Any = None
        if told is not None:
            self._care.restore(told["care"], now_ms())
            self._ran = told["ran"]
        self._turns = Turns(tools.starts, tools.alarms, self._step, self._next_ms)

    @property
    def folder(self) -> str:
        return f"{self._tools.pods}/{folder_name(self.uid, self.epoch)}"

    # From any thread.

    def wake(self) -> None:
        """Go on with whatever is due."""
        self._turns.wake()

    def look(self) -> None:
        """See what became of everything: nobody knows what was missed."""
        self._turns.post(self._look)

    def heard(self, run: Mapping[str, Any]) -> None:
        """The warden told something of a run."""
        self._turns.post(lambda: self._take_in(run))

    def stop(self, grace_ms: int) -> None:
        """Have it end, and remove it."""
        self._turns.post(lambda: self._stop(grace_ms))

    def kill(self) -> None:
        """End it at once, and remove it in the background; returns when nothing of it runs.

        :raises OSError: that could not be done yet.
        """
        self._killed = True
        try:
            # The warden starts nothing of it any more.
            self._tools.hold.kill((self.uid, self.epoch))
        finally:
            self.wake()

    def lose(self) -> None:
        """It was ended together with its lease, and is told as a copy that is not here any more."""
        self._turns.post(lambda: self._leave(self._say_stopped))

    # Turns.

    def _next_ms(self) -> int | None:
        if self._is_gone:
            return None
        if self._farewell is not None:
            return self._farewell_due_ms
        times = [self._care.next_ms, *(due_ms for _, due_ms in self._beginnings.values())]
        times += [self._look_due_ms, *(each.due_ms for each in self._endings.values())]
        return min((each for each in times if each is not None), default=None)

    def _step(self) -> bool:
        if self._is_gone:
            return False
        if self._killed and self._farewell is None:
            self._leave(lambda: None)
        if self._farewell is not None:
            return self._remove()
        moved = self._go_on()
        self._tell()
        return moved

    def _go_on(self) -> bool:
        """Do one thing that is due, or some that take no time; ``False`` for nothing."""
        at_ms = now_ms()
        if self._look_due_ms is not None and self._look_due_ms <= at_ms:
            self._look()
        actions = self._care.due(at_ms)
        for action in actions:
            self._begin(action, at_ms)
        for name, ending in list(self._endings.items()):
            if ending.due_ms <= at_ms:
                self._press(name, ending)
        if self._stopping and self._care.finished:
            self._leave(self._say_stopped)
            return True
        for name, (run, due_ms) in self._beginnings.items():
            if due_ms <= at_ms:
                self._try_to_start(name, run)
                return True
        return bool(actions)

    def _begin(self, action: Start | Kill | Ask, at_ms: int) -> None:
        name = action.container
        if isinstance(action, Start):
            self._beginnings[name] = action.run, at_ms
        elif isinstance(action, Kill):
            self._endings[name] = _Ending(at_ms, action.grace_ms)
        else:
            self._tools.probes.submit(lambda: self._ask(action))

    def _ask(self, ask: Ask) -> None:
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
        self._turns.post(lambda: self._care.answered(ask, now_ms(), ok, "" if ok else result.message))

    # Starting.

    def _try_to_start(self, name: str, run: int) -> None:
        try:
            recipe = self._recipe(name)
            set_up(recipe)
            log = self._make_log(name, run)
            self._note()
        except ValueError as exc:
            self._fail(f"CreateContainerConfigError: {exc}")
            return
        except OSError as exc:
            self._again(name, run, f"CreateContainerError: {exc}")
            return
        try:
            started = self._tools.hold.start(
                uid=self.uid,
                epoch=self.epoch,
                container=name,
                run=run,
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
            self._again(name, run, f"WardenUnreachable: {exc}")
        except WardenRefused as exc:
            if str(exc).startswith("fenced"):
                # Whoever counts the leases will have it killed; were it heard of first, nothing is to be told of it.
                self._again(name, run, str(exc))
            else:
                self._not_started(name, run, str(exc))
        else:
            self._started(name, run, started)

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
        self._trouble, self._ran = "", True
        del self._beginnings[name]
        self._runs[name] = run
        self._care.started(name, run, now_ms())
        if told["state"] == ENDED:
            self._take_in(told)

    def _not_started(self, name: str, run: int, error: str) -> None:
        """Another node may have the program, so a copy that never ran is given back."""
        self._beginnings.pop(name, None)
        if not self._ran:
            self._fail(f"StartError: container {name}: {error}")
            return
        self._trouble = ""
        self._care.not_started(name, run, now_ms(), error)

    def _again(self, name: str, run: int, why: str) -> None:
        self._trouble = why
        self._beginnings[name] = run, now_ms() + _AGAIN_MS

    def _fail(self, error: str) -> None:
        self._leave(lambda: self._tools.news.not_started(self.uid, self.epoch, error))

    # Ending.

    def _press(self, name: str, ending: _Ending) -> None:
        run = self._runs.get(name)
        if run is None:
            del self._endings[name]
            return
        at_ms = now_ms()
        force = at_ms >= ending.force_ms
        try:
            number = signal.SIGKILL if force else signal.SIGTERM
            self._tools.hold.signal(run_id(self.uid, self.epoch, name, run), number)
            ending.due_ms = at_ms + _AGAIN_MS if force else ending.force_ms
        except (WardenAway, WardenRefused):
            ending.due_ms = at_ms + _AGAIN_MS

    def _stop(self, grace_ms: int) -> None:
        if self._ended or not grace_ms:
            self._leave(self._say_stopped)
            return
        at_ms = now_ms()
        for ending in self._endings.values():
            if at_ms + grace_ms < ending.force_ms:
                ending.due_ms = ending.force_ms = at_ms + grace_ms
        self._stopping = True
        self._care.stop(grace_ms)
        for name, (run, _) in self._beginnings.items():
            self._care.not_started(name, run, at_ms, "the pod is stopped")
        self._beginnings.clear()

    def _say_stopped(self) -> None:
        self._tools.news.stopped(self.uid, self.epoch)

    def _leave(self, farewell: Callable[[], None]) -> None:
        if not self._is_gone:
            self._farewell, self._farewell_due_ms = farewell, 0
            self._beginnings.clear()

    def _remove(self) -> bool:
        """Remove all of it, if it is time to try; ``True`` once that is done."""
        if self._farewell is None or now_ms() < self._farewell_due_ms:
            return False
        try:
            self._tools.hold.kill((self.uid, self.epoch))
            for recipe in self._recipes.values():
                remove_links(recipe)
            remove_folder(self.folder)
        except OSError as exc:
            _LOG.warning("pod=%s epoch=%d error=%s", self.uid, self.epoch, exc)
            self._farewell_due_ms = now_ms() + _AGAIN_MS
            return False
        except ValueError:
            pass  # there never was such a folder
        self._is_gone = True
        self._tools.gone(self)
        self._farewell()
        return True

    # Looking.

    def _look(self) -> None:
        try:
            runs = self._tools.hold.runs()
        except WardenAway:
            self._look_due_ms = now_ms() + _AGAIN_MS
            return
        self._look_due_ms = None
        for name, (run, is_known) in self._care.open_runs.items():
            told = runs.get(run_id(self.uid, self.epoch, name, run))
            if told is not None:
                self._beginnings.setdefault(name, (run, 0))
                self._started(name, run, told)
                self._beginnings.pop(name, None)
            elif is_known:
                self._runs.pop(name, None)
                self._endings.pop(name, None)
                self._care.exited(name, run, now_ms(), _KILLED, "its warden died, and it with that")
            elif name not in self._beginnings:
                self._beginnings[name] = run, now_ms()

    def _take_in(self, told: Mapping[str, Any]) -> None:
        name = told["container"]
        run = self._runs.get(name)
        if told["state"] != ENDED or run is None or told["run"] != run_id(self.uid, self.epoch, name, run):
            return
        if told["fenced"]:
            return  # it has not ended by itself, and is as good as killed
        self._runs.pop(name)
        self._endings.pop(name, None)
        self._care.exited(name, run, now_ms(), told["exitCode"], "", told["outOfMemory"])

    # Telling.

    def _tell(self) -> None:
        if self._ended or self._farewell is not None:
            return
        state, news = self._care.state(), self._tools.news
        if not self._care.finished:
            told = state.ready, state.restarts, self._trouble or state.reason
            if told != self._told:
                self._told = told
                news.is_so(self.uid, self.epoch, *told)
        if self._care.ran and not self._told_started:
            self._told_started = True
            news.started(self.uid, self.epoch)
        self._note_if_changed()
        if self._care.finished and not self._stopping:
            self._ended = True
            news.exited(self.uid, self.epoch, state.exit_code or 0, state.reason)

    def _note_if_changed(self) -> None:
        try:
            self._note()
        except (OSError, ValueError) as exc:
            # What it says of the copy may be out of date, which an agent that starts again makes good.
            _LOG.warning("pod=%s epoch=%d error=%s", self.uid, self.epoch, exc)

    def _note(self) -> None:
        """Write down how far it has come, if that is another place than before."""
        care = self._care.export()
        if care == self._noted or self._is_gone:
            return
        links = [list(link) for recipe in self._recipes.values() for link in recipe.links]
        document = {
            "order": self._order._asdict(),
            "term": self.term,
            "care": care,
            "ran": self._ran,
            "links": links,
        }
        write_document(f"{self.folder}/{NOTE}", document)
        self._noted = care
