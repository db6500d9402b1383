"""What the engine itself needs: containers that docker-py creates and starts, on so many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

from bench.containers.work import COMMAND, Limits

__all__ = ["start_s"]


def start_s(engine: Any, mark: str, number: int, threads: int, limits: Limits, *, named: bool = False) -> float:
    """Seconds until so many containers have been created and started; they are gone afterwards.

    :param named: on a network of their own, each with a name there, as pods have it.
    """
    import docker

    api = docker.APIClient(base_url=engine.address, timeout=300, num_pools=threads, max_pool_size=threads)

    made_ids: list[str] = []
    if named:
        api.create_network(mark, driver="bridge", labels={"kube9.cluster": mark})

    def place(serial: int) -> Any:
        endpoint = api.create_endpoint_config(aliases=[f"pod-{serial}"])
        return api.create_networking_config({mark: endpoint}) if named else None

    def start(serial: int) -> None:
        made = api.create_container(
            engine.busybox,
            list(COMMAND),
            labels={"kube9.cluster": mark},
            host_config=api.create_host_config(
                nano_cpus=limits.nano_cpus, mem_limit=limits.memory_bytes, network_mode=mark if named else None
            ),
            networking_config=place(serial),
        )
        made_ids.append(made["Id"])
        api.start(made["Id"])

    try:
        with ThreadPoolExecutor(threads) as pool:
            begin_s = perf_counter()
            list(pool.map(start, range(number)))
            return perf_counter() - begin_s
    finally:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda made: api.remove_container(made, v=True, force=True), made_ids))
        # One whose making was interrupted.
        engine.remove(mark)
        api.close()
