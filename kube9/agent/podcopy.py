"""One copy of a pod on the engine, from its order until nothing of it is left.

Whatever happens to it is posted and taken in by one thread at a time, in turns: nothing in here needs a lock. No turn
waits for anything but the engine's answers; all else comes back as something that happened.
"""

from __future__ import annotations

import logging

from kube9.agent.alarms import now_ms
from kube9.agent.brain import StartOrder
from kube9.agent.care import Ask, Care
from kube9.agent.engine import EngineAway, EngineError
from kube9.agent.inquirer import Inquirer
from kube9.agent.parts import Container, PodParts, read_parts
from kube9.agent.recipe import SANDBOX, PodRecipe, pod_recipe
from kube9.agent.tools import Tools
from kube9.agent.upkeep import ALL, Beginning, Ending, Hands, Upkeep
from kube9.agent.vessel import ImageMissing, Vessel

__all__ = ["PodCopy"]

_LOG = logging.getLogger(__name__)
#: How often a container whose start the engine's own runtime refuses is tried anew before that counts as its end.
_REFUSALS_MAX = 3
#: A container that is told to end, and is not heard of, is looked at, and told again, this much later.
_AGAIN_MS = 2_000
#: The engine may say that memory was short a little after it said that the container ended.
_LATE_MS = 100
_KILLED = 137


class PodCopy:
    """Begins when it is woken."""

    def __init__(self, order: StartOrder, tools: Tools) -> None:
        self.uid, self.epoch = order.uid, order.epoch
        self._order, self._tools = order, tools
        self._recipe: PodRecipe | None = None
        self._vessels: dict[str, Vessel] = {}
        self._sandbox: Vessel | None = None
        self._sandbox_runs = False
        #: The sandbox whose network each container was made for.
        self._joined: dict[str, str | None] = {}
        #: Starts for which the image was fetched already.
        self._fetched_for: set[Beginning] = set()
        self._short_of_memory: set[str] = set()
        self._looked_twice: set[str] = set()
        self._inquirer = Inquirer(tools.engine, tools.probes, tools.site)
        self._upkeep = Upkeep(
            (self.uid, self.epoch),
            Care(_parts(order), now_ms()),
            Hands(self._try_to_start, self._end, self._ask, self._look_at, self._settle, self._remove),
            starts=tools.starts,
            alarms=tools.alarms,
            news=tools.news,
            gone=tools.gone,
            again_ms=_AGAIN_MS,
        )

    # From any thread.

    def wake(self) -> None:
        """Go on with whatever is due."""
        self._upkeep.turns.wake()

    def look(self) -> None:
        """See how everything is: nobody knows what was missed. What waits for the engine is tried at once."""
        self._upkeep.look()

    def heard(self, what: str, container: str) -> None:
        """The engine told something of a container."""
        self._upkeep.turns.post(lambda: self._take_in(what, container))

    def stop(self, grace_ms: int) -> None:
        """Have it end, and remove it."""
        self._upkeep.stop(grace_ms)

    def kill(self) -> None:
        """End it at once, and remove it in the background; returns when nothing of it runs.

        :raises EngineError, EngineAway: that could not be done yet.
        """
        self._upkeep.killed = True
        turns = self._upkeep.turns
        busy = turns.busy
        try:
            self._tools.sweep.kill((self.uid, self.epoch))
            if busy:
                # What was about to be started may run by now; nothing is after this.
                turns.wait()
                self._tools.sweep.kill((self.uid, self.epoch))
        finally:
            turns.wake()

    def _ask(self, ask: Ask) -> None:
        vessel = self._vessels[ask.container]
        on_host = self._recipe is not None and self._recipe.on_host
        self._inquirer.ask(ask, vessel, None if on_host else self._sandbox or vessel, self._upkeep.answered)

    # Starting.

    def _try_to_start(self, name: str, beginning: Beginning) -> None:
        try:
            self._prepare()
            if not self._start_sandbox() or not self._start(name, beginning):
                # Whoever does not allow it any more will have the copy killed.
                self._upkeep.again(beginning, self._upkeep.trouble)
        except _Unfetched as exc:
            self._fetch(name, beginning, exc.image)
        except ImageMissing as exc:
            self._image_missing(name, beginning, str(exc))
        except ValueError as exc:
            self._upkeep.give_back(f"CreateContainerConfigError: {exc}")
        except EngineAway as exc:
            self._upkeep.again(beginning, f"EngineUnreachable: {exc}")
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

    def _start(self, name: str, beginning: Beginning) -> bool:
        vessel = self._vessels[name]
        sandbox_id = None if self._sandbox is None else self._sandbox.id
        if vessel.id is not None and self._joined.get(name) != sandbox_id:
            self._tools.sweep.remove_container(vessel.id)  # the network that it was made for is gone
            vessel.forget()
        if vessel.id is None:
            if vessel.recipe.pull_policy == "Always" and beginning not in self._fetched_for:
                raise _Unfetched(vessel.recipe.image)
            self._joined[name] = sandbox_id
        if not vessel.start(self._may_start):
            return False
        self._short_of_memory.discard(name)
        self._fetched_for.discard(beginning)
        if beginning.tries:
            # It may have been started by an attempt that was not heard of, and be over.
            self._upkeep.looks[name] = now_ms()
        self._upkeep.started(name, beginning.run)
        return True

    def _may_start(self) -> bool:
        return not self._upkeep.killed and self._tools.news.has(self.uid, self.epoch)

    def _refused(self, name: str, beginning: Beginning, exc: EngineError) -> None:
        """What the engine cannot do is no fault of the pod's, other than what it will not do."""
        self._sandbox_runs = False  # it may be that
        hopeless = exc.status < 500 and exc.status not in (404, 409)
        if hopeless or ("OCI runtime" in str(exc) and beginning.tries >= _REFUSALS_MAX):
            self._upkeep.not_started(name, beginning.run, str(exc))
        else:
            self._upkeep.again(beginning, f"EngineError: {exc}")

    # Images.

    def _image_missing(self, name: str, beginning: Beginning, image: str) -> None:
        vessel = self._vessels[name]
        if vessel.recipe.image == image and vessel.recipe.pull_policy == "Never":
            why = f"ErrImageNeverPull: image {image} is not on this node, and its imagePullPolicy is Never"
            self._image_failed(name, beginning, why)
        elif beginning in self._fetched_for:
            self._fetched_for.discard(beginning)
            self._upkeep.again(beginning, f"ErrImagePull: image {image} was fetched, and is not there")
        else:
            self._fetch(name, beginning, image)

    def _fetch(self, name: str, beginning: Beginning, image: str) -> None:
        beginning.due_ms = None
        self._upkeep.trouble = f"PullingImage: {image}"

        def told(percent: int, over: bool, error: Exception | None) -> None:
            self._upkeep.turns.post(lambda: self._fetched(name, beginning, image, percent, over, error))

        self._tools.images.pull(image, told)

    def _fetched(
        self, name: str, beginning: Beginning, image: str, percent: int, over: bool, error: Exception | None
    ) -> None:
        if self._upkeep.beginnings.get(name) is not beginning:
            return
        if not over:
            self._upkeep.trouble = f"PullingImage: {image} {percent} %"
        elif error is None:
            beginning.due_ms = now_ms()
            self._fetched_for.add(beginning)
        elif isinstance(error, EngineAway):
            self._upkeep.again(beginning, f"EngineUnreachable: {error}")
        else:
            self._image_failed(name, beginning, f"ErrImagePull: image {image}: {error}")

    def _image_failed(self, name: str, beginning: Beginning, why: str) -> None:
        """Another node may have it, so one that never ran is given back."""
        if self._upkeep.ran:
            self._upkeep.not_started(name, beginning.run, why)
        else:
            self._upkeep.give_back(why)

    # Ending.

    def _end(self, name: str, force: bool) -> bool:
        vessel = self._vessels[name]
        try:
            vessel.signal("SIGKILL" if force else vessel.stop_signal())
        except (EngineError, EngineAway):
            return False
        if force:
            self._upkeep.looks[name] = now_ms() + _AGAIN_MS
        return True

    def _remove(self) -> None:
        try:
            self._tools.sweep.remove((self.uid, self.epoch))
        except EngineError as exc:
            raise OSError(str(exc)) from exc

    # Looking.

    def _take_in(self, what: str, container: str) -> None:
        if what == "oom":
            self._short_of_memory.add(container)
        elif container == SANDBOX and self._sandbox is not None:
            self._look_at_sandbox()
        else:
            self._look_at(container)

    def _look_at(self, name: str) -> None:
        if name in (ALL, SANDBOX):
            self._look_at_sandbox()
        for each in list(self._upkeep.runs) if name == ALL else [name]:
            self._look_at_one(each)

    def _look_at_one(self, name: str) -> None:
        if name not in self._upkeep.runs:
            return
        try:
            end = self._vessels[name].look()
        except (EngineError, EngineAway):
            self._upkeep.looks[name] = now_ms() + _AGAIN_MS
            return
        if end is None:
            return
        short = end.exit_code != 0 and (end.out_of_memory or name in self._short_of_memory)
        if end.exit_code == _KILLED and not short and not self._is_expected(name):
            self._looked_twice.add(name)
            self._upkeep.looks[name] = now_ms() + _LATE_MS
            return
        self._looked_twice.discard(name)
        self._upkeep.exited(name, end.exit_code, end.message, short)

    def _is_expected(self, name: str) -> bool:
        """Whether nothing more will be heard of why it was killed."""
        return name in self._upkeep.endings or name in self._looked_twice

    def _look_at_sandbox(self) -> None:
        """Without it nothing has a network: all ends, and is started again as far as that is wanted."""
        if self._sandbox is None or not self._sandbox_runs or self._upkeep.is_over:
            return
        try:
            if self._sandbox.look() is None:
                return
        except (EngineError, EngineAway):
            self._upkeep.looks[SANDBOX] = now_ms() + _AGAIN_MS
            return
        self._sandbox_runs = False
        for name in self._upkeep.runs:
            self._upkeep.endings[name] = Ending(now_ms(), 0)

    def _settle(self, ended: bool) -> None:
        """What holds the network goes with the last container."""
        if ended and self._sandbox is not None and self._sandbox_runs:
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
