from __future__ import annotations

import pytest

from kube9.controlplane.backends import Backends
from kube9.core.errors import InvalidInput, UnknownName


class Backend:
    closed = False
    heartbeat_ms = 50

    def close(self):
        self.closed = True


class Stubborn:
    def close(self):
        raise ZeroDivisionError("of all things")


def test_each_is_made_once_and_on_demand():
    made = []

    def make(name, deliver):
        made.append((name, deliver))
        return Backend()

    backends = Backends(make, ["docker", "memory"], print)
    assert backends.heartbeat_ms("memory") == 0
    assert backends.get("memory") is backends.get("memory")
    assert made == [("memory", print)]
    assert (backends.heartbeat_ms("memory"), backends.heartbeat_ms("docker")) == (50, 0)


def test_an_unknown_one_lists_those_there_are():
    backends = Backends(lambda name, deliver: Backend(), ["docker", "memory"], print)
    with pytest.raises(UnknownName, match="there is no backend 'memery'; installed: docker, memory. Did you mean"):
        backends.get("memery")


def test_one_that_cannot_be_made_is_tried_again():
    outcomes = iter([InvalidInput("there is no option 'speed'"), Backend()])

    def make(name, deliver):
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    backends = Backends(make, ["memory"], print)
    with pytest.raises(InvalidInput):
        backends.get("memory")
    assert isinstance(backends.get("memory"), Backend)


def test_those_that_can_be_closed_are(caplog):
    kinds = {"a": Stubborn(), "b": object(), "c": Backend()}
    backends = Backends(lambda name, deliver: kinds[name], kinds, print)
    for name in kinds:
        backends.get(name)
    backends.close()
    assert kinds["c"].closed
    assert "backend a could not be closed" in caplog.text
