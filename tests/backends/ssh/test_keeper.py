from __future__ import annotations

import threading
from contextlib import closing
from types import SimpleNamespace

import pytest

from kube9.backends.lanes import Lanes
from kube9.backends.ssh.failures import MachineAway
from kube9.backends.ssh.keeper import Keeper
from kube9.core.nodes import Node, NodeSpec

PATIENCE_S = 30.0
NODE = Node(uid="uid-n1", spec=NodeSpec(name="n1", backend="ssh"), ordinal=1)


class Machines:
    """One, whose tunnel is broken until it is refreshed so often."""

    def __init__(self, in_vain=0):
        self.machine = SimpleNamespace(node_uid=NODE.uid, tunnel=SimpleNamespace(alive=False), down=False)
        self.in_vain = in_vain
        self.mended = threading.Event()
        #: What else happens when somebody asks for all, after these were counted.
        self.meanwhile = []

    def all(self):
        if self.meanwhile:
            self.meanwhile.pop()()
            return []
        return [self.machine]

    def known(self, uid):
        return self.machine

    def refresh(self, node):
        self.in_vain -= 1
        if self.in_vain >= 0:
            raise MachineAway("not yet")
        self.machine.tunnel.alive = True
        self.mended.set()


@pytest.fixture
def keep():
    """Begin to keep up a machine."""
    closing_, lanes = threading.Event(), Lanes(2, "keep")
    begun = []

    def keep(machines):
        keeper = Keeper(machines, lanes, machines.refresh, closing_)
        begun.append(keeper)
        return keeper

    with closing(lanes):
        yield keep
        closing_.set()
        for keeper in begun:
            keeper.close()


def test_a_tunnel_that_is_broken_is_tried_until_it_is_there(keep):
    machines = Machines(in_vain=2)
    keeper = keep(machines)
    keeper.keep(NODE)
    keeper.start()
    assert machines.mended.wait(PATIENCE_S)
    assert machines.in_vain == -1


def test_a_node_that_comes_while_the_others_are_looked_at_is_kept_as_well(keep):
    machines = Machines()
    keeper = keep(machines)
    machines.meanwhile.append(lambda: keeper.keep(NODE))
    keeper.start()
    assert machines.mended.wait(PATIENCE_S)
