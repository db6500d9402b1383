from __future__ import annotations

from kube9.agent.brain import Brain
from kube9.agent.runtime import News


def test_a_brain_can_be_told_what_happens():
    told = [name for name in vars(News) if not name.startswith("_")]
    assert told
    assert [name for name in told if not callable(getattr(Brain, name, None))] == []
