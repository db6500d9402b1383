"""The container that a node is, and the files that its agent finds in it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from kube9.backends.docker.endpoint import DEFAULT_SOCKET
from kube9.backends.docker.engine import Engine
from kube9.backends.docker.marks import Marks
from kube9.backends.outage import OUTAGE_NAME
from kube9.backends.serverat import ServerAt, server_file_of
from kube9.core.nodes import Node

__all__ = ["CONFIG_FOLDER", "NodeBox", "packed_files"]

CONFIG_FOLDER = "/etc/kube9"
SERVER_FILE, TOKEN_FILE, OUTAGE_FILE = (f"{CONFIG_FOLDER}/{name}" for name in ("server.json", "token", OUTAGE_NAME))
#: With less an agent could not do its work, however small a machine it is to play.
_CPU_MILLI_MIN, _MEMORY_BYTES_MIN = 100, 64 * 2**20


@frozen(kw_only=True)
class NodeBox:
    """What is needed to make a node's container."""

    node: Node
    marks: Marks
    image: str
    network: str
    #: Of the engine, on the engine's own host.
    socket: str

    @property
    def name(self) -> str:
        return self.marks.container_name(self.node)

    def create(self, engine: Engine, info: Mapping[str, Any]) -> str:
        """Make it, and leave it stopped; its id."""
        from docker.types import LogConfig

        security = [str(option) for option in info.get("SecurityOptions") or ()]
        with engine.calls() as client:
            host_config = client.create_host_config(
                binds={self.socket: {"bind": DEFAULT_SOCKET, "mode": "rw"}},
                init=True,
                log_config=LogConfig(type="json-file", config={"max-size": "5m", "max-file": "2"}),
                # The engine's socket is of no use under another label, nor under mapped user ids.
                security_opt=["label=disable"] if any("name=selinux" in option for option in security) else None,
                userns_mode="host" if any("name=userns" in option for option in security) else None,
                **self._limits(info),
            )
            created = client.create_container(
                self.image,
                command=["--config", CONFIG_FOLDER],
                name=self.name,
                hostname=self.node.name[:63],
                user="0:0",
                labels=self.marks.node_labels(self.node),
                host_config=host_config,
                networking_config=client.create_networking_config({self.network: client.create_endpoint_config()}),
            )
        return str(created["Id"])

    def files(self, server: ServerAt, token: str) -> bytes:
        """What is put into it before it starts."""
        capacity = self.node.spec.capacity
        about = {
            "node": self.node.name,
            "nodeUid": self.node.uid,
            "cluster": self.marks.cluster,
            "runtime": "docker",
            "engine": f"unix://{DEFAULT_SOCKET}",
            "network": self.network,
            "hostNetwork": f"container:{self.name}",
            "sandboxImage": self.image,
            "capacity": {name: capacity[name] for name in ("cpu", "memory") if name in capacity},
        }
        return packed_files(
            {
                f"{CONFIG_FOLDER}/node.json": json.dumps(about).encode(),
                SERVER_FILE: json.dumps(server_file_of(server)).encode(),
                TOKEN_FILE: token.encode(),
            }
        )

    def _limits(self, info: Mapping[str, Any]) -> dict[str, int]:
        """The node's capacity, as far as the engine's host has it: the engine refuses more cores than there are."""
        limits = {}
        capacity = self.node.spec.capacity
        if cpu_milli := capacity.get("cpu", 0):
            most = int(info.get("NCPU") or 0) * 1000 or cpu_milli
            limits["nano_cpus"] = min(max(cpu_milli, _CPU_MILLI_MIN), most) * 1_000_000
        if memory_bytes := capacity.get("memory", 0):
            limits["mem_limit"] = max(memory_bytes, _MEMORY_BYTES_MIN)
        return limits


def packed_files(files: Mapping[str, bytes], folders: Sequence[str] = (CONFIG_FOLDER,)) -> bytes:
    """A tar archive of files that only root may read, to be unpacked at the root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder in folders:
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o700
            archive.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
