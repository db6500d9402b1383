from __future__ import annotations

import pickle
from typing import get_args

import pytest
from attrs.exceptions import FrozenInstanceError

from kube9.core import outcome
from kube9.core import stimuli as s
from kube9.core.outcome import Change, Instruction, NodeStored, Outcome, PodStored, StartPod


def test_every_class_is_a_change_or_an_instruction():
    named = {each for name in outcome.__all__ if isinstance(each := getattr(outcome, name), type)}
    assert named == {*get_args(Change), *get_args(Instruction), Outcome}


def test_an_outcome_is_a_value_that_stays_as_it_was(drive):
    driven = drive()
    driven.node("n")
    first = driven.pod("p")
    twin = pickle.loads(pickle.dumps(first))
    driven.started("p")
    driven.tell(s.CordonNode, "n")
    assert first == twin
    assert hash(first) == hash(twin)
    assert first.changes[0].pod.phase.value == "Starting"
    with pytest.raises(FrozenInstanceError):
        first.changes = ()


def test_the_order_is_that_in_which_things_came_about(drive):
    driven = drive()
    driven.ask_for("n")
    driven.pod("a", priority=1)
    driven.pod("b", priority=2)
    told = driven.tell(s.NodeJoined, "n")
    assert [type(each) for each in told.changes] == [NodeStored, PodStored, PodStored]
    assert [each.pod.uid for each in told.changes[1:]] == ["b", "a"]
    assert [(type(each), each.pod.uid) for each in told.instructions] == [(StartPod, "b"), (StartPod, "a")]
    assert [type(each).__name__ for each in told.events] == ["NodeReady", "PodBound", "PodBound"]


def test_an_instruction_carries_all_that_is_needed_to_follow_it(drive):
    driven = drive()
    driven.node("n")
    instruction = driven.pod("p").instructions[0]
    assert (instruction.node.spec.name, instruction.pod.spec.name, instruction.pod.epoch) == ("n", "p", 1)
