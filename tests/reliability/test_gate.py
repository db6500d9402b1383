"""While the gate is shut, nobody is beyond it."""

from __future__ import annotations

import threading

import pytest

from reliability.gate import Gate

PATIENCE_S = 60


@pytest.fixture
def gate():
    gate = Gate()
    gate.join()
    return gate


def test_it_is_shut_at_first_and_lets_through_once_open(gate):
    passed = threading.Event()
    client = threading.Thread(target=lambda: (gate.pass_through(), passed.set()))
    client.start()
    assert gate.shut(PATIENCE_S)
    assert not passed.is_set()
    gate.open()
    assert passed.wait(PATIENCE_S)
    client.join()


def test_shutting_it_waits_for_who_is_beyond(gate):
    gate.open()
    gate.pass_through()
    assert not gate.shut(0.01)


def test_nobody_waits_for_who_has_left(gate):
    gate.leave()
    assert gate.shut(PATIENCE_S)
