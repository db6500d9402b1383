"""One copy of a pod on the engine, from its order until nothing of it is left.

Whatever happens to it is posted and taken in by one thread at a time, in turns: nothing in here needs a lock but what
is posted. No turn waits for anything but the engine's answers; all else comes back as something that happened.
"""

from __future__ import annotations

import logging
import threading
from typing import Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.alarms import now_ms
from kube9.agent.brain import StartOrder
from kube9.agent.care import Ask, Care, Kill, Start
from kube9.agent.engine import EngineAway, EngineError
from kube9.agent.inquirer import Inquirer
from kube9.agent.parts import Container, PodParts, read_parts
from kube9.agent.recipe import SANDBOX, PodRecipe, pod_recipe
from kube9.agent.tools import Tools
from kube9.agent.vessel import ImageMissing, Vessel

__all__ = ["PodCopy"]

_LOG = logging.getLogger(__name__)
#: Between two attempts at what the engine could not do.
_PAUSE_MS, _PAUSE_MS_MAX = 200, 5_000
#: How often a container whose start the engine's own runtime refuses is tried anew before that counts as its end.
_REFUSALS_MAX = 3
#: A container that is told to end, and is not heard of, is looked at, and told again, this much later.
_AGAIN_MS = 2_000
#: The engine may say that memory was short a little after it said that the container ended.
_LATE_MS = 100
_KILLED = 137


class _Beginning:
    """A start that is to be carried out."""

    def __init__(self, run: int, at_ms: int) -> None:
        self.run = run
        #: When to try; ``None`` while its image is fetched.
        self.due_ms: int | None = at_ms
        self.tries = 0
        #: Whether its image was fetched for it.
        self.fetched = False


class _Ending:
    """A container that is told to end."""

    def __init__(self, at_ms: int, grace_ms: int) -> None:
        self.due_ms, self.force_ms = at_ms, at_ms + grace_ms


class PodCopy:
    """Begins when it is woken."""

    def __init__(self, order: StartOrder, tools: Tools) -> None:
        self.uid, self.epoch = order.uid, order.epoch
        self._order, self._tools = order, tools
        self._care = Care(_parts(order), now_ms())
        self._recipe: PodRecipe | None = None
        self._vessels: dict[str, Vessel] = {}
        self._sandbox: Vessel | None = None
        self._sandbox_runs = False
        #: The sandbox whose network each container was made for.
        self._joined: dict[str, str | None] = {}
        self._beginnings: dict[str, _Beginning] = {}
        self._endings: dict[str, _Ending] = {}
        #: Of containers that run: which start it is, and when to look at it.
        self._runs: dict[str, int] = {}
        self._looks: dict[str, int] = {}
        self._short_of_memory: set[str] = set()
        self._looked_twice: set[str] = set()
        self._inquirer = Inquirer(tools.engine, tools.probes, tools.site)
        self._ran = self._stopping = self._ended = self._is_gone = False
        #: Why it cannot go on just now.
        self._trouble = ""
        #: Set once all of it is to be removed: what to tell then.
        self._farewell: Callable[[], None] | None = None
        self._farewell_due_ms = 0
        self._told: tuple[bool, int, str] | None = None
        self._told_started = False
        self._killed = False
        self._lock, self._turning = threading.Lock(), threading.Lock()
        self._inbox: list[Callable[[], None]] = []
        self._queued = False
        self._alarm_ms: int | None = None

    # From any thread.

    def wake(self) -> None:
        """Go on with whatever is due."""
        self._post(lambda: None)

    def look(self) -> None:
        """See how everything is: nobody knows what was missed. What waits for the engine is tried at once."""
        self._post(self._look_at_all)

    def heard(self, what: str, container: str) -> None:
        """The engine told something of a container."""
        self._post(lambda: self._take_in(what, container))

    def stop(self, grace_ms: int) -> None:
        """Have it end, and remove it."""
        self._post(lambda: self._stop(grace_ms))

    def kill(self) -> None:
        """End it at once, and remove it in the background; returns when nothing of it runs.

        :raises EngineError, EngineAway: that could not be done yet.
        """
        self._killed = True
        idle = self._turning.acquire(blocking=False)
        if idle:
            self._turning.release()
        try:
            self._tools.sweep.kill((self.uid, self.epoch))
            if not idle:
                # What was about to be started may run by now; nothing is after this.
                with self._turning:
                    pass
                self._tools.sweep.kill((self.uid, self.epoch))
        finally:
            self.wake()

    # Turns.

    def _post(self, happened: Callable[[], None]) -> None:
        with self._lock:
            self._inbox.append(happened)
            if self._queued:
                return
            self._queued = True
        self._tools.starts.submit(self._turn)

    def _turn(self) -> None:
        more = True
        while more:
            with self._lock:
                inbox, self._inbox = self._inbox, []
            with self._turning:
                moved = self._take_turn(inbox)
            self._set_alarm()
            with self._lock:
                more = self._queued = moved or bool(self._inbox)

    def _take_turn(self, inbox: list[Callable[[], None]]) -> bool:
        """Take in what happened, and go on; ``False`` once there is nothing more to do just now."""
        try:
            for happened in inbox:
                happened()
            moved = self._go_on()
            self._tell()
        except Exception:
            # A fault of ours: the copy is not to be stuck for it, nor anything else.
            _LOG.exception("pod=%s epoch=%d", self.uid, self.epoch)
            self._tools.alarms.call_at(now_ms() + _AGAIN_MS, self.wake)
            return False
        return moved

    def _set_alarm(self) -> None:
        next_ms = self._next_ms()
        if next_ms is not None and (self._alarm_ms is None or next_ms < self._alarm_ms):
            self._alarm_ms = next_ms
            self._tools.alarms.call_at(next_ms, lambda: self._post(self._rung))

    def _rung(self) -> None:
        self._alarm_ms = None

    def _next_ms(self) -> int | None:
        if self._is_gone:
            return None
        if self._farewell is not None:
            return self._farewell_due_ms
        times = [self._care.next_ms, *(each.due_ms for each in self._beginnings.values())]
        times += [*self._looks.values(), *(each.due_ms for each in self._endings.values())]
        return min((each for each in times if each is not None), default=None)

    def _go_on(self) -> bool:
        """Do one thing that is due, or some that take no time; ``False`` for nothing."""
        if self._is_gone:
            return False
        if self._killed and self._farewell is None:
            self._leave(lambda: None)
        if self._farewell is not None:
            return self._remove()
        at_ms = now_ms()
        for name in [name for name, due_ms in self._looks.items() if due_ms <= at_ms]:
            del self._looks[name]
            if name == SANDBOX:
                self._look_at_sandbox()
            self._look_at(name)
        actions = self._care.due(now_ms())
        for action in actions:
            self._begin(action, at_ms)
        for name, ending in list(self._endings.items()):
            if ending.due_ms <= at_ms:
                self._press(name, ending)
        if self._stopping and self._care.finished:
            self._leave(lambda: self._tools.news.stopped(self.uid, self.epoch))
            return True
        for name, beginning in self._beginnings.items():
            if beginning.due_ms is not None and beginning.due_ms <= at_ms:
                self._try_to_start(name, beginning)
                return True
        return bool(actions)

    def _begin(self, action: Start | Kill | Ask, at_ms: int) -> None:
        name = action.container
        if isinstance(action, Start):
            self._beginnings[name] = _Beginning(action.run, at_ms)
        elif isinstance(action, Kill):
            self._endings[name] = _Ending(at_ms, action.grace_ms)
        else:
            holder = self._sandbox or self._vessels[name]
            on_host = self._recipe is not None and self._recipe.on_host
            self._inquirer.ask(action, self._vessels[name], None if on_host else holder, self._answered)

    def _answered(self, ask: Ask, ok: bool, message: str) -> None:
        self._post(lambda: self._care.answered(ask, now_ms(), ok, message))

    # Starting.

    def _try_to_start(self, name: str, beginning: _Beginning) -> None:
        try:
            self._prepare()
            if not self._start_sandbox() or not self._start(name, beginning):
                # Whoever does not allow it any more will have the copy killed.
                self._again(beginning, self._trouble)
        except _Unfetched as exc:
            self._fetch(name, beginning, exc.image)
        except ImageMissing as exc:
            self._image_missing(name, beginning, str(exc))
        except ValueError as exc:
            self._fail(f"CreateContainerConfigError: {exc}")
        except EngineAway as exc:
            self._again(beginning, f"EngineUnreachable: {exc}")
        except EngineError as exc:
            self._refused(name, beginning, exc)

    def _prepare(self) -> None:
        if self._recipe is None:
            tools = self._tools
            recipe = pod_recipe(self._order, tools.site, tools.cpus(), tools.engine.api)
            self._vessels = {name: Vessel(tools.engine, each, tools.cpus()) for name, each in recipe.containers.items()}
            if recipe.sandbox is not None:
                self._sandbox = Vessel(tools.engine, recipe.sandbox, tools.cpus())
            self._recipe = recipe

    def _start_sandbox(self) -> bool:
        if self._sandbox is not None and not self._sandbox_runs:
            self._sandbox_runs = self._sandbox.start(self._may_start)
        return self._sandbox is None or self._sandbox_runs

    def _start(self, name: str, beginning: _Beginning) -> bool:
        vessel = self._vessels[name]
        sandbox_id = None if self._sandbox is None else self._sandbox.id
        if vessel.id is not None and self._joined.get(name) != sandbox_id:
            self._tools.sweep.remove_container(vessel.id)  # the network that it was made for is gone
            vessel.forget()
        if vessel.id is None:
            if vessel.recipe.pull_policy == "Always" and not beginning.fetched:
                raise _Unfetched(vessel.recipe.image)
            self._joined[name] = sandbox_id
        if not vessel.start(self._may_start):
            return False
        self._trouble, self._ran = "", True
        del self._beginnings[name]
        self._short_of_memory.discard(name)
        self._runs[name] = beginning.run
        if beginning.tries:
            self._looks[name] = now_ms()  # it may have been started by an attempt that was not heard of, and be over
        self._care.started(name, beginning.run, now_ms())
        return True

    def _may_start(self) -> bool:
        return not self._killed and self._tools.news.has(self.uid, self.epoch)

    def _again(self, beginning: _Beginning, why: str) -> None:
        self._trouble = why
        beginning.due_ms = now_ms() + min(_PAUSE_MS << min(beginning.tries, 10), _PAUSE_MS_MAX)
        beginning.tries += 1

    def _refused(self, name: str, beginning: _Beginning, exc: EngineError) -> None:
        """What the engine cannot do is no fault of the pod's, other than what it will not do."""
        self._sandbox_runs = False  # it may be that
        hopeless = exc.status < 500 and exc.status not in (404, 409)
        if hopeless or ("OCI runtime" in str(exc) and beginning.tries >= _REFUSALS_MAX):
            del self._beginnings[name]
            self._trouble = ""
            self._care.not_started(name, beginning.run, now_ms(), str(exc))
        else:
            self._again(beginning, f"EngineError: {exc}")

    # Images.

    def _image_missing(self, name: str, beginning: _Beginning, image: str) -> None:
        vessel = self._vessels[name]
        if vessel.recipe.image == image and vessel.recipe.pull_policy == "Never":
            why = f"ErrImageNeverPull: image {image} is not on this node, and its imagePullPolicy is Never"
            self._image_failed(name, beginning, why)
        elif beginning.fetched:
            beginning.fetched = False
            self._again(beginning, f"ErrImagePull: image {image} was fetched, and is not there")
        else:
            self._fetch(name, beginning, image)

    def _fetch(self, name: str, beginning: _Beginning, image: str) -> None:
        beginning.due_ms = None
        self._trouble = f"PullingImage: {image}"

        def told(percent: int, over: bool, error: Exception | None) -> None:
            self._post(lambda: self._fetched(name, beginning, image, percent, over, error))

        self._tools.images.pull(image, told)

    def _fetched(
        self, name: str, beginning: _Beginning, image: str, percent: int, over: bool, error: Exception | None
    ) -> None:
        if self._beginnings.get(name) is not beginning:
            return
        if not over:
            self._trouble = f"PullingImage: {image} {percent} %"
        elif error is None:
            beginning.due_ms, beginning.fetched = now_ms(), True
        elif isinstance(error, EngineAway):
            self._again(beginning, f"EngineUnreachable: {error}")
        else:
            self._image_failed(name, beginning, f"ErrImagePull: image {image}: {error}")

    def _image_failed(self, name: str, beginning: _Beginning, why: str) -> None:
        """Another node may have it, so one that never ran is given back."""
        if not self._ran:
            self._fail(why)
            return
        del self._beginnings[name]
        self._trouble = ""
        self._care.not_started(name, beginning.run, now_ms(), why)

    def _fail(self, error: str) -> None:
        self._leave(lambda: self._tools.news.not_started(self.uid, self.epoch, error))

    # Ending.

    def _press(self, name: str, ending: _Ending) -> None:
        at_ms = now_ms()
        vessel = self._vessels[name]
        try:
            if at_ms >= ending.force_ms:
                vessel.signal("SIGKILL")
                self._looks[name] = ending.due_ms = at_ms + _AGAIN_MS
            else:
                vessel.signal(vessel.stop_signal())
                ending.due_ms = ending.force_ms
        except (EngineError, EngineAway):
            ending.due_ms = at_ms + _AGAIN_MS

    def _stop(self, grace_ms: int) -> None:
        if self._ended or not grace_ms:
            self._leave(lambda: self._tools.news.stopped(self.uid, self.epoch))
            return
        at_ms = now_ms()
        for ending in self._endings.values():
            if at_ms + grace_ms < ending.force_ms:
                ending.due_ms = ending.force_ms = at_ms + grace_ms
        self._stopping = True
        self._care.stop(grace_ms)
        for name, beginning in self._beginnings.items():
            self._care.not_started(name, beginning.run, at_ms, "the pod is stopped")
        self._beginnings.clear()

    def _leave(self, farewell: Callable[[], None]) -> None:
        self._farewell, self._farewell_due_ms = farewell, 0
        self._beginnings.clear()

    def _remove(self) -> bool:
        """Remove all of it, if it is time to try; ``True`` once that is done."""
        if self._farewell is None or now_ms() < self._farewell_due_ms:
            return False
        try:
            self._tools.sweep.remove((self.uid, self.epoch))
        except (EngineError, EngineAway) as exc:
            _LOG.warning("pod=%s epoch=%d error=%s", self.uid, self.epoch, exc)
            self._farewell_due_ms = now_ms() + _AGAIN_MS
            return False
        self._is_gone = True
        self._tools.gone(self.uid, self.epoch)
        self._farewell()
        return True

    # Looking.

    def _take_in(self, what: str, container: str) -> None:
        if what == "oom":
            self._short_of_memory.add(container)
        elif container == SANDBOX and self._sandbox is not None:
            self._look_at_sandbox()
        else:
            self._look_at(container)

    def _look_at_all(self) -> None:
        at_ms = now_ms()
        for beginning in self._beginnings.values():
            if beginning.due_ms is not None:
                beginning.due_ms = min(beginning.due_ms, at_ms)
        if self._farewell is not None:
            self._farewell_due_ms = 0
        else:
            self._look_at_sandbox()
            for name in list(self._runs):
                self._look_at(name)

    def _look_at(self, name: str) -> None:
        run = self._runs.get(name)
        if run is None:
            return
        try:
            end = self._vessels[name].look()
        except (EngineError, EngineAway):
            self._looks[name] = now_ms() + _AGAIN_MS
            return
        if end is None:
            return
        short = end.exit_code != 0 and (end.out_of_memory or name in self._short_of_memory)
        if end.exit_code == _KILLED and not short and name not in self._endings and name not in self._looked_twice:
            self._looked_twice.add(name)
            self._looks[name] = now_ms() + _LATE_MS
            return
        for known in (self._runs, self._looks, self._endings):
            known.pop(name, None)
        self._looked_twice.discard(name)
        self._care.exited(name, run, now_ms(), end.exit_code, end.message, short)

    def _look_at_sandbox(self) -> None:
        """Without it nothing has a network: all ends, and is started again as far as that is wanted."""
        if self._sandbox is None or not self._sandbox_runs or self._ended:
            return
        try:
            if self._sandbox.look() is None:
                return
        except (EngineError, EngineAway):
            self._looks[SANDBOX] = now_ms() + _AGAIN_MS
            return
        self._sandbox_runs = False
        for name in self._runs:
            self._endings[name] = _Ending(now_ms(), 0)

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
        if self._care.finished and not self._stopping:
            self._ended = True
            news.exited(self.uid, self.epoch, state.exit_code or 0, state.reason)
            self._end_sandbox()

    def _end_sandbox(self) -> None:
        if self._sandbox is not None and self._sandbox_runs:
            try:
                self._sandbox.signal("SIGKILL")
            except (EngineError, EngineAway) as exc:
                _LOG.warning("pod=%s epoch=%d error=%s", self.uid, self.epoch, exc)  # it goes with the pod at last


class _Unfetched(Exception):
    """An image is to be fetched whether it is there or not."""

    def __init__(self, image: str) -> None:
        super().__init__(image)
        self.image = image


def _parts(order: StartOrder) -> PodParts:
    parts = read_parts(order.spec)
    if parts.containers or parts.init_containers:
        return parts
    return PodParts((Container(SANDBOX),), (), "Always", parts.grace_ms)
