from __future__ import annotations

import pytest

from kube9.backends.ssh.failures import MachineAway
from kube9.backends.ssh.turns import Turns


def test_what_may_last_leaves_one_for_what_is_short():
    turns = Turns(2)
    turns.take(0, lasting=True)
    with pytest.raises(MachineAway, match="MaxSessions"):
        turns.take(0, lasting=True)
    assert turns.take(0) == 2
    turns.give_back(lasting=True)
    assert turns.take(0, lasting=True) == 2


def test_a_machine_that_refuses_is_asked_for_fewer():
    turns = Turns(8)
    for _ in range(3):
        turns.take(0)
    turns.give_back()
    turns.refused(3)
    assert turns.most == 2
    with pytest.raises(MachineAway, match="all 2 sessions"):
        turns.take(0)


def test_there_is_always_one():
    turns = Turns(8)
    turns.refused(1)
    assert turns.most == 1
    assert turns.take(0, lasting=True) == 1
