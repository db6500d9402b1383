from __future__ import annotations

from hypothesis import strategies as st

from kube9.testing.contracts.contract import Contract
from kube9.testing.counterexample import counterexample, mark_counterexample, tell_counterexample


class Tried(Contract):
    pass


def fault_of(holds, **options):
    try:
        Tried().for_all(st.integers(0, 1_000), holds, **options)
    except Exception as exc:
        return exc
    return None


def below_seven(number):
    assert number < 7, f"{number} is too many"


def test_the_error_of_the_smallest_example_carries_it():
    fault = fault_of(below_seven)
    assert str(fault).startswith("7 is too many")
    assert counterexample(fault) == "7"
    assert fault.__notes__[-1] == "for 7"
    assert not [note for note in fault.__notes__ if "check(" in note]


def test_what_is_tried_in_any_case_is_carried_too():
    fault = fault_of(lambda number: below_seven(number - 10_000), always=[3, 10_007])
    assert counterexample(fault) == "10007"


def test_nothing_is_told_of_an_error_that_no_example_led_to():
    fault = ValueError("no")
    tell_counterexample(fault)
    assert counterexample(fault) is None
    assert not hasattr(fault, "__notes__")


def test_of_several_errors_the_first_is_told():
    class Several(Exception):
        def __init__(self, *exceptions):
            self.exceptions = exceptions

    first, second = ValueError(), ValueError()
    mark_counterexample(first, (1,))
    mark_counterexample(second, (2,))
    assert counterexample(Several(first, second)) == "(1,)"
