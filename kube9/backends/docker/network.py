"""The network of a cluster on an engine."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Mapping
from typing import Any

from kube9.agent import labels
from kube9.backends.docker.engine import Engine, EngineRefused
from kube9.backends.docker.marks import Marks
from kube9.core.errors import BackendError

__all__ = ["ClusterNetwork", "gateway_of"]


class ClusterNetwork:
    """A bridge that nodes and pods are on.

    :param name: of one that is there already and stays, or is made; empty for the cluster's own.
    :param subnet: its addresses, where it is made; empty for what the engine chooses.
    """

    def __init__(self, engine: Engine, marks: Marks, name: str = "", subnet: str = "") -> None:
        self._engine, self._marks, self._subnet = engine, marks, subnet
        self.name = name or marks.network_name
        # Names of networks are not unique to an engine: two that make one at once would get two.
        self._lock = threading.Lock()

    def ensure(self) -> str:
        """Make it if it is missing; the engine's own address on it.

        :raises BackendError: it cannot be made.
        """
        with self._lock:
            found = self._find() or self._make()
        gateway = gateway_of(found)
        if not gateway:
            raise BackendError(f"network {self.name!r} has no gateway; name another by --backend docker:network=NAME")
        return gateway

    def gateway(self) -> str:
        """The engine's own address on it; empty where there is no network."""
        found = self._find()
        return "" if found is None else gateway_of(found)

    def _find(self) -> dict[str, Any] | None:
        try:
            with self._engine.calls() as client:
                return dict(client.inspect_network(self.name))
        except EngineRefused as exc:
            if exc.status == 404:
                return None
            raise

    def _make(self) -> dict[str, Any]:
        from docker.types import IPAMConfig, IPAMPool

        ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=self._subnet)]) if self._subnet else None
        try:
            with self._engine.calls() as client:
                client.create_network(
                    self.name, driver="bridge", labels=self._marks.network_labels(), check_duplicate=True, ipam=ipam
                )
        except EngineRefused as exc:
            if exc.status != 409:
                raise BackendError(
                    f"network {self.name!r} could not be made: {exc}; give it addresses that nobody has by "
                    "--backend docker:subnet=10.90.0.0/16, or name one that is there by network=NAME"
                ) from exc
        found = self._find()
        if found is None:
            raise BackendError(f"network {self.name!r} was made, but is not there any more")
        return found

    def is_own(self, network: Mapping[str, Any]) -> bool:
        """Whether it was made for this cluster."""
        return (network.get("Labels") or {}).get(labels.CLUSTER) == self._marks.cluster


def gateway_of(network: Mapping[str, Any]) -> str:
    """The first IPv4 gateway of a network; empty where it has none."""
    for pool in (network.get("IPAM") or {}).get("Config") or ():
        if gateway := str(pool.get("Gateway") or "").partition("/")[0]:
            if ":" not in gateway:
                return gateway
        elif pool.get("Subnet") and ":" not in str(pool["Subnet"]):
            # Where none is named the engine takes the first address.
            return str(next(ipaddress.ip_network(str(pool["Subnet"]), strict=False).hosts()))
    return ""
