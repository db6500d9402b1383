"""Runs copies of pods as containers of a Docker engine."""

from __future__ import annotations

import logging
import threading
from typing import Callable, Tuple  # noqa: UP035  (Python 3.8)

from kube9.agent.alarms import Alarms, now_ms
from kube9.agent.brain import PodUse, StartOrder
from kube9.agent.configuration import NodeConfiguration
from kube9.agent.copies import Copies
from kube9.agent.engine import Engine, EngineAway, EngineError
from kube9.agent.gauge import Gauge
from kube9.agent.images import Images
from kube9.agent.podcopy import PodCopy
from kube9.agent.pool import Pool
from kube9.agent.runtime import News
from kube9.agent.site import Site
from kube9.agent.sweep import Sweep, copy_of
from kube9.agent.tools import Tools
from kube9.agent.watch import Watch

__all__ = ["DockerRuntime", "make_runtime", "make_sweep"]

_LOG = logging.getLogger(__name__)
#: At more starts at once an engine gets no faster.
_STARTS_MAX = 8
_PROBES_MAX = 32
#: Between two rounds, in which all is counted and measured.
_ROUND_MS = 10_000
#: Between two attempts at what the engine could not do.
_PAUSE_MS = 1_000


def make_runtime(node: NodeConfiguration, news: News) -> DockerRuntime:
    """What runs the pods of this node."""
    return DockerRuntime(Engine(node.engine), _site(node), news)


def make_sweep(node: NodeConfiguration) -> Callable[[], None]:
    """What ends all that this node runs, by force, from whichever process; raises ``OSError`` where it cannot."""

    def kill_all() -> None:
        engine = Engine(node.engine)
        try:
            Sweep(engine, node.node_uid).kill_all()
        except EngineError as exc:
            raise OSError(f"the engine at {node.engine} could not kill everything: {exc}") from exc
        finally:
            engine.close()

    return kill_all


def _site(node: NodeConfiguration) -> Site:
    return Site(
        cluster=node.cluster,
        node=node.node,
        node_uid=node.node_uid,
        network=node.network,
        host_network=node.host_network,
        sandbox_image=node.sandbox_image,
        cpu_milli=node.capacity.get("cpu", 0),
        memory_bytes=node.capacity.get("memory", 0),
    )


class DockerRuntime:
    """A :class:`~kube9.agent.runtime.Runtime`.

    :param news: what is told of copies; from any thread.
    """

    def __init__(self, engine: Engine, site: Site, news: News) -> None:
        self._engine, self._news = engine, news
        self._copies: Copies[PodCopy] = Copies()
        self._cpus, self._counting = 0, threading.Lock()
        self._gauge = Gauge(engine)
        self._sweep = Sweep(engine, site.node_uid)
        self._alarms = Alarms()
        self._starts, self._probes, self._rounds = (
            Pool("start", _STARTS_MAX),
            Pool("probe", _PROBES_MAX),
            Pool("round", 1),
        )
        self._images = Images(engine)
        self._tools = Tools(
            engine=engine,
            site=site,
            sweep=self._sweep,
            images=self._images,
            starts=self._starts,
            probes=self._probes,
            alarms=self._alarms,
            news=news,
            cpus=self._count_cpus,
            gone=self._copies.forget,
        )
        self._watch = Watch(engine, site.node_uid, self._heard, self._look)
        self._alarms.call_at(now_ms() + _ROUND_MS, self._begin_round)

    def start(self, order: StartOrder) -> None:
        copy = self._copies.add((order.uid, order.epoch), lambda: PodCopy(order, self._tools))
        if copy is not None:
            copy.wake()

    def stop(self, uid: str, epoch: int, grace_ms: int) -> None:
        copy = self._copies.get(uid, epoch)
        if copy is not None:
            copy.stop(grace_ms)
        else:
            self._starts.submit(lambda: self._sweep_up(uid, epoch, tell=True))

    def kill(self, uid: str, epoch: int) -> None:
        """As the port has it.

        :raises EngineError, EngineAway: something of it may run still; it is to be killed again.
        """
        copy = self._copies.get(uid, epoch)
        if copy is not None:
            copy.kill()
        else:
            self._sweep.kill((uid, epoch))
            self._starts.submit(lambda: self._sweep_up(uid, epoch, tell=False))

    def clean(self) -> None:
        try:
            self._sweep.clean()
        except EngineError as exc:
            raise OSError(f"the engine at {self._engine.address} could not remove everything: {exc}") from exc

    def use(self) -> Tuple[PodUse, ...]:  # noqa: UP006
        return tuple(each for each in self._gauge.use if self._copies.get(each.uid, each.epoch) is not None)

    def close(self) -> None:
        self._watch.close()
        self._alarms.close()
        for pool in (self._rounds, self._probes, self._starts):
            pool.close(_PAUSE_MS / 1000)
        self._images.close()
        self._engine.close()

    def _count_cpus(self) -> int:
        with self._counting:  # an engine that is busy takes long to tell all that it tells with it
            if not self._cpus:
                self._cpus = int(self._engine.ask("GET", "/info")["NCPU"])
            return self._cpus

    def _heard(self, what: str, key: tuple[str, int], container: str) -> None:
        copy = self._copies.get(*key)
        if copy is not None:
            copy.heard(what, container)

    def _look(self) -> None:
        for copy in self._copies.all():
            copy.look()

    def _sweep_up(self, uid: str, epoch: int, *, tell: bool) -> None:
        """Of a copy that was never heard of, or is known no more."""
        try:
            self._sweep.remove((uid, epoch))
        except (EngineAway, EngineError) as exc:
            _LOG.warning("pod=%s epoch=%d error=%s", uid, epoch, exc)
            again = now_ms() + _PAUSE_MS
            self._alarms.call_at(again, lambda: self._starts.submit(lambda: self._sweep_up(uid, epoch, tell=tell)))
            return
        if tell:
            self._news.stopped(uid, epoch)

    def _begin_round(self) -> None:
        self._rounds.submit(self._round)

    def _round(self) -> None:
        try:
            containers = self._sweep.containers()
            for key in {copy_of(each) for each in containers}:
                # It was asked to be made, and came late.
                if key is not None and self._copies.get(*key) is None:
                    self._sweep_up(*key, tell=False)
            self._gauge.measure(containers)
            for key in {copy_of(each) for each in containers if each.get("State") == "exited"}:
                copy = None if key is None else self._copies.get(*key)
                if copy is not None:
                    copy.look()  # its end may not have been heard of
        except (EngineAway, EngineError) as exc:
            _LOG.warning("engine=%s error=%s", self._engine.address, exc)
        self._alarms.call_at(now_ms() + _ROUND_MS, self._begin_round)
