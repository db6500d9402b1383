"""``agent.pyz look``: what the machine is, and what pods can have of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from kube9.agent import cgroups
from kube9.agent.podfolder import read_document
from kube9.agent.processid import is_alive
from kube9.agent.proctable import machine_boot
from kube9.agent.wardenplace import status_file

__all__ = ["look", "run"]

_DOCKER_S = 5.0


def run(folder: str, asked: Mapping[str, Any]) -> int:  # noqa: ARG001
    print(json.dumps(look(folder)))  # noqa: T201
    return 0


def look(folder: str) -> dict[str, Any]:
    """In words of JSON.

    :param folder: of the node; it need not be there yet.
    """
    docker, why_not = _docker()
    delegated = cgroups.delegated(cgroups.own_cgroup()) or cgroups.delegated(_group_of_user())
    warden = read_document(status_file(folder))
    if warden is not None and is_alive(warden):
        limits = {"cpu": warden["cpuLimit"], "memory": warden["memoryLimit"]}
    else:
        limits = {"cpu": "cgroup", "memory": "cgroup"} if delegated else {"cpu": "nice", "memory": "rlimit"}
    system = os.uname()
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "kernel": system.release,
        "machine": system.machine,
        "hostname": system.nodename,
        "user": os.getuid(),
        "home": os.path.expanduser("~"),
        "cores": _cores(),
        "memoryBytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "diskFreeBytes": _free_bytes(folder),
        "docker": docker,
        "dockerError": why_not,
        "cgroupV2": os.path.exists(f"{cgroups.MOUNT}/cgroup.controllers"),
        "cgroupDelegated": delegated,
        "systemdUser": os.path.exists(f"/run/user/{os.getuid()}/systemd/private"),
        #: What holds a process to its limits: all of a container, or each process alone.
        "limits": limits,
        "machineBoot": machine_boot(),
    }


def _cores() -> int:
    """Those that this user may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _free_bytes(folder: str) -> int:
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    there = os.statvfs(folder)
    return there.f_bavail * there.f_frsize


def _group_of_user() -> str:
    """Where systemd keeps what a user's own services are."""
    uid = os.getuid()
    return f"{cgroups.MOUNT}/user.slice/user-{uid}.slice/user@{uid}.service"


def _docker() -> tuple[dict[str, str] | None, str]:
    """The engine that can be reached, and why none can."""
    from kube9.agent.engine import Engine, EngineAway, EngineError

    given = os.environ.get("DOCKER_HOST", "")
    sockets = ["/var/run/docker.sock", f"/run/user/{os.getuid()}/docker.sock"]
    why_not = "there is no socket of an engine"
    for address in [given] if given else [f"unix://{path}" for path in sockets if os.path.exists(path)]:
        try:
            engine = Engine(address, timeout_s=_DOCKER_S)
            version = ".".join(str(part) for part in engine.api)
            engine.close()
        except (EngineAway, EngineError, ValueError) as exc:
            why_not = str(exc)
        else:
            return {"address": address, "apiVersion": version}, ""
    return None, why_not
