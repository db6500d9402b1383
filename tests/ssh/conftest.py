"""Whole clusters on machines by SSH: `kube9 serve` as a process, its command line, and sshd processes as machines."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest


def beside(name):
    """A module of the suite's own, which is no package."""
    spec = spec_from_file_location(f"kube9_tests_{name}", Path(__file__).parents[1] / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def serve(tmp_path):
    """Start a cluster; its nodes and it are gone afterwards.

    To be asked for after all that its nodes need.
    """
    served = beside("served").Served
    started = []
    with ExitStack() as stack:

        def serve(*words, env, host="127.0.0.1"):
            cluster = served(tmp_path, *words, env=env, host=host)
            stack.callback(cluster.close)
            cluster.start()
            started.append(cluster)
            return cluster

        yield serve
    for cluster in started:
        assert "Traceback" not in cluster.log.read_text(encoding="utf-8"), cluster.tail()


@pytest.fixture
def switch():
    """What machines with a network of their own are plugged into, and this one is too."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "iptables", "nsenter"))):
        pytest.skip("makes networks, and so needs root and: apt install iproute2 iptables util-linux")
    of_netns = beside("netns")
    with ExitStack() as stack:
        switch = of_netns.Switch(beside("dockerd").free_addresses(), here=True)
        stack.callback(switch.close)

        def place():
            apart = of_netns.Apart(switch)
            stack.callback(apart.close)
            return apart

        switch.place = place
        yield switch


@pytest.fixture
def machines(switch, ssh):
    """Three machines with a network and a home of their own each, and one disk."""
    found = {name: ssh.machine(name, apart=switch.place()) for name in ("m1", "m2", "m3")}
    yield found
    for machine in found.values():
        machine.apart.plug_in()
        machine.apart.restore()
