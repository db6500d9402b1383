"""Docker Swarm: on the one engine, and on three engines of which one is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

from bench.containers.waiting import until
from bench.containers.work import COMMAND, LIMITS
from bench.suite import of_the_suite

__all__ = ["loss_s", "replace_s", "replicas_s", "swarm", "swarm_of"]

#: What Swarm makes and leaves behind.
_GATEWAY = "docker_gwbridge"


@contextmanager
def swarm(engine: Any) -> Iterator[None]:
    """The engine as a swarm of its own meanwhile; it must not be in one."""
    client = engine.client
    had_gateway = bool(client.networks.list(names=[_GATEWAY]))
    client.swarm.init(advertise_addr="127.0.0.1", listen_addr="127.0.0.1")
    try:
        yield
    finally:
        client.swarm.leave(force=True)
        if not had_gateway:
            for network in client.networks.list(names=[_GATEWAY]):
                network.remove()


def replicas_s(engine: Any, mark: str, number: int) -> float:
    """Seconds until all replicas of a new service run."""
    with _service(engine, mark, number) as (begin_s, service):
        until(lambda: len(_running(service)) == number, f"{number} tasks of Swarm run")
        return perf_counter() - begin_s


def replace_s(engine: Any, mark: str, number: int) -> float:
    """Seconds from the death of the one engine's tasks until others run in their place."""
    with _service(engine, mark, number) as (_, service):
        until(lambda: len(_running(service)) == number, f"{number} tasks of Swarm run")
        begin_s, dead = perf_counter(), {task["ID"] for task in _running(service)}
        for container in engine.client.containers.list(filters={"label": f"kube9.cluster={mark}"}):
            container.kill()
        until(lambda: len([task for task in _running(service) if task["ID"] not in dead]) == number, "tasks run again")
        return perf_counter() - begin_s


@contextmanager
def swarm_of(images: Any, number: int) -> Iterator[list[Any]]:
    """A swarm of engines, each in a network namespace of its own; the first is its manager."""
    of_engine, of_dockerd, of_netns = map(of_the_suite, ("engine", "dockerd", "netns"))
    with ExitStack() as stack:
        switch = of_netns.Switch(of_dockerd.free_addresses())
        stack.callback(switch.close)
        engines: list[Any] = []
        for _ in range(number):
            engine = of_engine.OwnEngine(of_dockerd.Dockerd(of_netns.Apart(switch)), images)
            stack.callback(_close, engine)
            engines.append(engine)
            assert engine.busybox
        manager, *workers = engines
        first = manager.dockerd.network.address
        manager.client.swarm.init(advertise_addr=first, listen_addr=first)
        token = manager.client.swarm.attrs["JoinTokens"]["Worker"]
        for worker in workers:
            own = worker.dockerd.network.address
            worker.client.swarm.join([first], token, advertise_addr=own, listen_addr=own)
        yield engines


def loss_s(engines: list[Any], mark: str, number: int) -> float:
    """Seconds from the death of one engine until all replicas run on the others.

    As many replicas are on it as on each of the others.
    """
    manager, lost = engines[0], engines[-1]
    lost_id = lost.client.info()["Swarm"]["NodeID"]
    with _service(manager, mark, number) as (_, service):
        until(lambda: len(_running(service)) == number, f"{number} tasks of Swarm run")
        begin_s = perf_counter()
        lost.kill()
        until(lambda: _elsewhere(service, lost_id) == number, "the tasks of a lost engine run elsewhere")
        seconds = perf_counter() - begin_s
    lost.start()
    for engine in engines:
        _clear(engine)
    until(lambda: _ready(manager) == len(engines), "the lost engine is back")
    return seconds


@contextmanager
def _service(engine: Any, mark: str, number: int) -> Iterator[tuple[float, Any]]:
    """A service, and since when it is asked for; when it is removed, its containers are gone, too."""
    from docker import types

    labels = {"kube9.cluster": mark}
    begin_s = perf_counter()
    service = engine.client.services.create(
        engine.busybox,
        command=list(COMMAND),
        container_labels=labels,
        mode=types.ServiceMode("replicated", number),
        resources=types.Resources(cpu_limit=LIMITS.nano_cpus, mem_limit=LIMITS.memory_bytes),
        # At once, for it does not hear what it is asked.
        stop_grace_period=0,
    )
    try:
        yield begin_s, service
    finally:
        service.remove()
        until(lambda: not engine.left(mark), "the containers of a service are gone")


def _running(service: Any) -> list[dict[str, Any]]:
    tasks = service.tasks(filters={"desired-state": "running"})
    return [task for task in tasks if task["Status"]["State"] == "running"]


def _elsewhere(service: Any, node_id: str) -> int:
    return sum(task["NodeID"] != node_id for task in _running(service))


def _ready(manager: Any) -> int:
    return sum(node.attrs["Status"]["State"] == "ready" for node in manager.client.nodes.list())


def _clear(engine: Any) -> None:
    """Remove what a lost engine was left with."""
    for container in engine.client.containers.list(all=True):
        container.remove(force=True)


def _close(engine: Any) -> None:
    engine.dockerd.ensure_running()
    engine.client.swarm.leave(force=True)
    engine.close()
