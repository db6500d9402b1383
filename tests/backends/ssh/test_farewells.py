from __future__ import annotations

import pytest

from kube9.backends.ssh.failures import MachineAway
from kube9.backends.ssh.farewells import Farewells
from kube9.clocks import VirtualClock
from kube9.core.errors import InvalidInput
from kube9.core.nodes import Node, NodePhase, NodeSpec

MINUTE_MS = 60_000


class AtOnce:
    """Lanes in which nobody waits."""

    def put(self, _key, job):
        job()


class Machine:
    """It can be reached or not, and notes what is said of it."""

    def __init__(self):
        self.clock, self.said, self.tried = VirtualClock(), [], 0
        self.error = MachineAway("it is away")
        self.farewells = Farewells(self.clock, AtOnce(), self.destroy, self.said.append)

    def destroy(self, _node):
        self.tried += 1
        if self.error is not None:
            raise self.error

    def begin(self, **state):
        state = {"incarnation": "boot", "phase": NodePhase.READY, **state}
        self.farewells.begin(Node(uid="u", spec=NodeSpec(name="n"), ordinal=1, **state))

    def after(self, ms):
        self.clock.run_until(self.clock.now_ms() + ms)
        return self.said


@pytest.fixture
def machine():
    return Machine()


def test_a_machine_that_answers_is_left_at_once(machine):
    machine.error = None
    machine.begin()
    assert machine.said == ["u"]


def test_of_a_machine_that_may_run_something_nothing_is_said_until_it_answers(machine):
    machine.begin()
    assert machine.after(30 * MINUTE_MS) == []
    machine.error = None
    assert machine.after(MINUTE_MS) == ["u"]


def test_it_is_tried_for_an_hour_and_again_when_that_is_asked_for(machine):
    machine.begin()
    machine.after(61 * MINUTE_MS)
    tried = machine.tried
    assert machine.after(60 * MINUTE_MS) == []
    assert machine.tried == tried
    machine.error = None
    machine.begin()
    assert machine.said == ["u"]


@pytest.mark.parametrize(
    "state",
    [
        {"incarnation": ""},
        {"phase": NodePhase.PROVISIONING},
        {"phase": NodePhase.LOST, "failed_at_ms": 0},
        {"phase": NodePhase.FAILED, "failed_at_ms": 0, "lease_left_ms": 5_000},
    ],
)
def test_what_surely_runs_nothing_is_soon_gone(machine, state):
    machine.begin(**state)
    assert machine.said == []
    assert machine.after(MINUTE_MS) == ["u"]


def test_a_lease_is_waited_for(machine):
    machine.begin(phase=NodePhase.FAILED, failed_at_ms=0, lease_left_ms=10 * MINUTE_MS)
    assert machine.after(9 * MINUTE_MS) == []
    assert machine.after(2 * MINUTE_MS) == ["u"]


def test_options_that_make_no_sense_name_no_machine(machine):
    machine.error = InvalidInput("no such option")
    machine.begin()
    assert machine.said == ["u"]


def test_one_that_is_to_be_there_after_all_is_left_alone(machine):
    machine.begin(incarnation="")
    machine.farewells.forget("u")
    assert machine.after(MINUTE_MS) == []
