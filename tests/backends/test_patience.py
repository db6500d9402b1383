from __future__ import annotations

from threading import Event

import pytest

from kube9.backends.docker.engine import EngineAway, EngineRefused
from kube9.backends.patience import patiently


class Engine:
    """Away for the first few tries."""

    def __init__(self, away):
        self.away, self.tries = away, 0

    def __call__(self):
        self.tries += 1
        if self.tries <= self.away:
            raise EngineAway("nobody there")
        return "there"


def test_an_engine_that_is_away_is_waited_for():
    engine = Engine(away=2)
    assert patiently(engine, 60_000, Event()) == "there"
    assert engine.tries == 3


def test_patience_has_an_end():
    engine = Engine(away=10_000)
    with pytest.raises(EngineAway):
        patiently(engine, 0, Event())
    assert engine.tries == 1


def test_nobody_is_kept_waiting_at_a_close():
    closing = Event()
    closing.set()
    with pytest.raises(EngineAway):
        patiently(Engine(away=10_000), 3_600_000, closing)


def test_a_refusal_is_not_waited_out():
    def refuse():
        raise EngineRefused("no", 403)

    with pytest.raises(EngineRefused):
        patiently(refuse, 60_000, Event())
