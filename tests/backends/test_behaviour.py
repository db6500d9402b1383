from __future__ import annotations

import pytest

from kube9.backends.behaviour import NodeBehaviour, PodBehaviour, read_behaviours, read_fields
from kube9.core.errors import InvalidInput

READINGS = [
    ({}, PodBehaviour(), NodeBehaviour()),
    ({"start_delay_ms": "200", "exit_code": "3"}, PodBehaviour(start_delay_ms=200, exit_code=3), NodeBehaviour()),
    (
        {"start_error": "no image", "run_for_ms": "0"},
        PodBehaviour(start_error="no image", run_for_ms=0),
        NodeBehaviour(),
    ),
    ({"restart_error": "5"}, PodBehaviour(), NodeBehaviour(restart_error="5")),
    (
        {"lose_after_ms": "10", "lose_for_ms": "20", "stop_delay_ms": "30"},
        PodBehaviour(stop_delay_ms=30),
        NodeBehaviour(lose_after_ms=10, lose_for_ms=20),
    ),
]


@pytest.mark.parametrize("options,pods,nodes", READINGS)
def test_options_are_read_from_text(options, pods, nodes):
    assert read_behaviours(options) == (pods, nodes)


REFUSALS = [
    ({"start_delay": "200"}, "there is no option 'start_delay'; expected one of answer_delay_ms, crash_after_ms, "),
    ({"start_delay_ms": "200ms"}, "option 'start_delay_ms' must be a whole number of milliseconds from 0, got '200ms'"),
    ({"start_delay_ms": "-1"}, "must be a whole number of milliseconds from 0, got '-1'"),
    ({"start_delay_ms": ""}, "must be a whole number of milliseconds from 0, got ''"),
    ({"exit_code": "1.5"}, "option 'exit_code' must be a whole number from 0, got '1.5'"),
    ({"run_for_ms": "9" * 16}, "option 'run_for_ms' must be"),
]


@pytest.mark.parametrize("options,message", REFUSALS)
def test_options_that_cannot_be_used_are_named(options, message):
    with pytest.raises(InvalidInput) as refusal:
        read_behaviours(options)
    assert message in str(refusal.value)


@pytest.mark.parametrize("value", [-1, 1.5, True, "7"])
def test_behaviours_take_whole_numbers_only(value):
    with pytest.raises(InvalidInput, match="run_for_ms must be a whole number from 0"):
        PodBehaviour(run_for_ms=value)
    with pytest.raises(InvalidInput, match="create_delay_ms must be a whole number from 0"):
        NodeBehaviour(create_delay_ms=value)


ENDS = [
    (PodBehaviour(exit_code=3), None),
    (PodBehaviour(run_for_ms=5, exit_code=3), (5, 3, "")),
    (PodBehaviour(crash_after_ms=5), (5, 1, "crashed after 5 ms")),
    (PodBehaviour(crash_after_ms=5, run_for_ms=5), (5, 0, "")),
]


@pytest.mark.parametrize("behaviour,end", ENDS)
def test_the_earlier_end_counts(behaviour, end):
    assert behaviour.end() == end


def test_only_what_is_given_goes_on_top_of_others():
    assert read_fields({"exit_code": "3", "restart_delay_ms": "7"}) == ({"exit_code": 3}, {"restart_delay_ms": 7})
    assert read_fields({}) == ({}, {})
